//! What values keys have, and how text becomes one.

use std::{ffi::OsStr, fmt, path::PathBuf, time::Duration};

use jiff::SignedDuration;

use crate::suggest::did_you_mean;

/// What values a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Text that is not empty.
    Text,
    /// A path. In a file a relative path starts from the file's folder.
    Path,
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second, both included.
    Integer(u64, u64),
    /// A length of time, such as `250ms`, `30s`, `5m` or `1h30m`.
    Duration,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Texts that are not empty: an array in a file; elsewhere a JSON array, or texts separated by commas.
    List,
}

/// The most texts of a list.
const MAX_TEXTS: usize = 64;

/// A value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// Text.
    Text(String),
    /// A path.
    Path(PathBuf),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(u64),
    /// A length of time.
    Duration(Duration),
    /// One of the words of the key.
    Choice(&'static str),
    /// Texts.
    List(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Path(path) => path.display().fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Duration(duration) => match SignedDuration::try_from(*duration) {
                Ok(duration) => write!(f, "{duration:#}"),
                Err(_) => write!(f, "{}s", duration.as_secs()),
            },
            Self::Choice(word) => f.write_str(word),
            Self::List(texts) => serde_json::Value::from(texts.as_slice()).fmt(f),
        }
    }
}

impl Kind {
    /// The value that `text` says.
    ///
    /// # Errors
    /// What it should have been, for the end of a message.
    pub(super) fn parse(&self, text: &str) -> Result<Value, String> {
        if text.contains('\0') {
            return Err("a value has no NUL".into());
        }
        let value = match self {
            Self::Text if !text.is_empty() => Some(Value::Text(text.to_owned())),
            Self::Path if !text.is_empty() => Some(Value::Path(text.into())),
            Self::Flag => text.parse().ok().map(Value::Flag),
            Self::Integer(from, to) => {
                text.parse().ok().filter(|number| (from..=to).contains(&number)).map(Value::Integer)
            }
            Self::Duration => text
                .parse::<SignedDuration>()
                .ok()
                .and_then(|duration| Duration::try_from(duration).ok())
                .map(Value::Duration),
            Self::Choice(words) => words.iter().find(|word| **word == text).copied().map(Value::Choice),
            Self::List => texts(text).map(Value::List),
            Self::Text | Self::Path => None,
        };
        value.ok_or_else(|| match self {
            Self::Choice(words) => format!("{self}{}", did_you_mean(text, words.iter().copied())),
            _ => self.to_string(),
        })
    }
}

impl Kind {
    /// The value that an environment variable or a caller says: only a path need not be UTF-8.
    pub(super) fn parse_os(&self, value: &OsStr) -> Result<Value, String> {
        match (self, value.to_str()) {
            (_, Some(text)) => self.parse(text),
            (Self::Path, None) => Ok(Value::Path(value.into())),
            (_, None) => Err(format!("{self}, in UTF-8")),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("it is text that is not empty"),
            Self::Path => f.write_str("it is a path"),
            Self::Flag => f.write_str("it is `true` or `false`"),
            Self::Integer(0, u64::MAX) => f.write_str("it is a whole number"),
            Self::Integer(from, u64::MAX) => write!(f, "it is a whole number from {from}"),
            Self::Integer(from, to) => write!(f, "it is a whole number from {from} to {to}"),
            Self::Duration => f.write_str("it is a length of time, such as `250ms`, `30s` or `1h30m`"),
            Self::Choice(words) => {
                f.write_str("it is one of ")?;
                for (index, word) in words.iter().enumerate() {
                    write!(f, "{}`{word}`", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::List => write!(f, "it is a list of up to {MAX_TEXTS} texts that are not empty"),
        }
    }
}

/// The texts of `["a", "b"]`, or of `a, b`.
fn texts(text: &str) -> Option<Vec<String>> {
    let texts: Vec<String> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).ok()?
    } else {
        text.split(',').map(|part| part.trim().to_owned()).collect()
    };
    let fine = texts.len() <= MAX_TEXTS && texts.iter().all(|text| !text.trim().is_empty());
    fine.then_some(texts)
}

/// A Rust type that values of keys have.
pub trait Setting: Sized + 'static {
    /// The kind of its keys, where a key does not choose another.
    const KIND: Kind;
    /// Whether there may be no value.
    const OPTIONAL: bool = false;

    /// The value, if it is of this type.
    fn read(value: Option<Value>) -> Option<Self>;
}

macro_rules! settings {
    ($($type:ty: $kind:expr, $pattern:pat => $value:expr;)+) => {$(
        impl Setting for $type {
            const KIND: Kind = $kind;

            fn read(value: Option<Value>) -> Option<Self> {
                match value {
                    Some($pattern) => $value,
                    _ => None,
                }
            }
        }

        impl Setting for Option<$type> {
            const KIND: Kind = $kind;
            const OPTIONAL: bool = true;

            fn read(value: Option<Value>) -> Option<Self> {
                match value {
                    None => Some(None),
                    some => <$type>::read(some).map(Some),
                }
            }
        }
    )+};
}

settings! {
    String: Kind::Text, Value::Text(text) => Some(text);
    PathBuf: Kind::Path, Value::Path(path) => Some(path);
    bool: Kind::Flag, Value::Flag(flag) => Some(flag);
    u64: Kind::Integer(0, u64::MAX), Value::Integer(number) => Some(number);
    usize: Kind::Integer(0, usize::MAX as u64), Value::Integer(number) => number.try_into().ok();
    u32: Kind::Integer(0, u32::MAX as u64), Value::Integer(number) => number.try_into().ok();
    Duration: Kind::Duration, Value::Duration(duration) => Some(duration);
    Vec<String>: Kind::List, Value::List(texts) => Some(texts);
    &'static str: Kind::Choice(&[]), Value::Choice(word) => Some(word);
}
