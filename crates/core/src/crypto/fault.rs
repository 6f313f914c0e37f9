//! What can be wrong with what is opened.

use crate::error::{Error, ErrorKind};

/// Why sealed bytes, or a wrapped key, could not be opened. An [`Error`] carries it as its source and, for every surface, as the fact
/// `fault`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The key that was used is not there.
    #[error("the key is missing")]
    MissingKey,
    /// There is a key of that name, but it is another one.
    #[error("the key is a wrong one")]
    WrongKey,
    /// The bytes are not what was written, or not where they were written.
    #[error("the bytes were changed or moved")]
    Tampered,
    /// The end is missing.
    #[error("the end was cut off")]
    Truncated,
    /// These are no sealed bytes at all.
    #[error("the bytes are not encrypted")]
    NotEncrypted,
    /// A newer Heptad wrote them.
    #[error("the format is a newer one")]
    NewerFormat,
}

impl Fault {
    /// The fault that `error` tells of, if it tells of one.
    pub fn of(error: &Error) -> Option<Self> {
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            if let Some(fault) = error.downcast_ref() {
                return Some(*fault);
            }
            cause = error.source();
        }
        None
    }

    /// The name used on every surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingKey => "missing_key",
            Self::WrongKey => "wrong_key",
            Self::Tampered => "tampered",
            Self::Truncated => "truncated",
            Self::NotEncrypted => "not_encrypted",
            Self::NewerFormat => "newer_format",
        }
    }

    /// The error that tells of this fault.
    pub(crate) fn error(self, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        let kind = match self {
            Self::MissingKey => ErrorKind::Unavailable,
            Self::WrongKey => ErrorKind::PermissionDenied,
            Self::Tampered | Self::Truncated | Self::NotEncrypted => ErrorKind::Corrupt,
            Self::NewerFormat => ErrorKind::Unsupported,
        };
        Error::new(kind, message).with("fault", self.as_str()).because(self)
    }
}
