//! One error for every surface: what went wrong, in which operation, where, and whether trying again can help.
//!
//! Inside a module errors are `thiserror` enums; a handle converts them once into [`Error`]. The command line prints it, the gateway
//! maps [`ErrorKind`] to a status, the bindings map it to an exception class.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure an [`Error`] is: the only part of it that a program should branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's input is wrong; the message says where and what would be right.
    InvalidInput,
    /// What was asked for does not exist.
    NotFound,
    /// What was to be created exists already.
    AlreadyExists,
    /// The state changed underneath: a version, an epoch or a sequence is not what the caller expected.
    Conflict,
    /// The principal may not do this.
    PermissionDenied,
    /// Nobody is known to be calling.
    Unauthenticated,
    /// This adapter or build cannot do this.
    Unsupported,
    /// A limit was reached: size, count, rate or queue length.
    LimitExceeded,
    /// It took longer than allowed.
    Timeout,
    /// The caller gave up.
    Cancelled,
    /// Something needed is not there right now: a lock, a server, a disk.
    Unavailable,
    /// Stored data is damaged: a checksum, a count or a format does not hold.
    Corrupt,
    /// A defect in Heptad itself.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of declaration. Bindings make one exception class of each.
    pub const ALL: &'static [Self] = &[
        Self::InvalidInput,
        Self::NotFound,
        Self::AlreadyExists,
        Self::Conflict,
        Self::PermissionDenied,
        Self::Unauthenticated,
        Self::Unsupported,
        Self::LimitExceeded,
        Self::Timeout,
        Self::Cancelled,
        Self::Unavailable,
        Self::Corrupt,
        Self::Internal,
    ];

    /// The name used on every surface, in `snake_case`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::PermissionDenied => "permission_denied",
            Self::Unauthenticated => "unauthenticated",
            Self::Unsupported => "unsupported",
            Self::LimitExceeded => "limit_exceeded",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same call may succeed if it is made again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retry {
    /// It will fail again: the input or the state has to change first.
    #[default]
    Never,
    /// It may succeed now.
    Now,
    /// It may succeed after this long.
    After(Duration),
}

/// What went wrong. Cheap to move (one pointer).
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    operation: Option<Cow<'static, str>>,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    retry: Retry,
}

impl Error {
    /// An error of `kind`; `message` says what was wrong, where, and what would have been right.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let inner = Inner {
            kind,
            message: message.into(),
            operation: None,
            context: Vec::new(),
            source: None,
            retry: Retry::Never,
        };
        Self(Box::new(inner))
    }

    /// Shorthand for [`ErrorKind::InvalidInput`].
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// Shorthand for [`ErrorKind::NotFound`].
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// Shorthand for [`ErrorKind::Internal`].
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Names the operation that failed, as `system.operation`. The innermost name stays.
    #[must_use]
    pub fn in_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation.get_or_insert_with(|| operation.into());
        self
    }

    /// Adds one fact: a file, a line, a key, an offset. Never a secret.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says whether trying again can help.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was wrong, for a person.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed, as `system.operation`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// The facts that were added, in order.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// Whether trying again can help.
    pub fn retryable(&self) -> Retry {
        self.0.retry
    }

    /// The error as it travels to other languages and over HTTP.
    pub fn to_json(&self) -> serde_json::Value {
        let context: serde_json::Map<_, _> =
            self.0.context.iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect();
        serde_json::json!({
            "kind": self.kind().as_str(),
            "message": self.message(),
            "operation": self.operation(),
            "context": context,
            "retry_after_ms": match self.retryable() {
                Retry::Never => serde_json::Value::Null,
                Retry::Now => 0.into(),
                Retry::After(delay) => u64::try_from(delay.as_millis()).unwrap_or(u64::MAX).into(),
            },
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(f, "{operation}: ")?;
        }
        f.write_str(self.message())?;
        for (index, (key, value)) in self.context().iter().enumerate() {
            write!(f, "{}{key}: {value}", if index == 0 { " (" } else { ", " })?;
        }
        if !self.context().is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.kind())?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, "\n  because: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> Error {
        let cause = std::io::Error::other("the disk is gone");
        Error::new(ErrorKind::Unavailable, "the store cannot be read")
            .with("path", "a.db")
            .with("page", 7)
            .because(cause)
            .in_operation("review.scan")
            .in_operation("platform.health")
            .retry(Retry::After(Duration::from_millis(250)))
    }

    #[test]
    fn it_tells_what_where_and_in_which_operation_first() {
        assert_eq!(lost().to_string(), "review.scan: the store cannot be read (path: a.db, page: 7)");
        let debug = "unavailable: review.scan: the store cannot be read (path: a.db, page: 7)\n  because: the disk is gone";
        assert_eq!(format!("{:?}", lost()), debug);
    }

    #[test]
    fn it_travels_as_json_without_its_cause() {
        let json = serde_json::json!({
            "kind": "unavailable",
            "message": "the store cannot be read",
            "operation": "review.scan",
            "context": {"path": "a.db", "page": "7"},
            "retry_after_ms": 250,
        });
        assert_eq!(lost().to_json(), json);
        assert_eq!(Error::invalid("no").to_json()["retry_after_ms"], serde_json::Value::Null);
        assert_eq!(Error::invalid("no").retry(Retry::Now).to_json()["retry_after_ms"], 0);
    }

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for kind in ErrorKind::ALL {
            let name = serde_json::to_value(kind).expect("a kind has a JSON form");
            assert_eq!(name, kind.as_str());
            assert_eq!(serde_json::from_value::<ErrorKind>(name).expect("and is read again"), *kind);
        }
    }
}
