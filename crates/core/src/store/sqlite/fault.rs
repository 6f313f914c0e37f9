//! What can go wrong inside, and what it is called outside.

use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::error::{Error, ErrorKind, Retry};

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// This one request is refused; its neighbours are not touched.
    Refused(Error),
    /// The database would not: nothing of the transaction happened.
    Broken(rusqlite::Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(error) => error,
            Fault::Broken(error) => Breakage::from(error).into(),
        }
    }
}

/// What the database said: may be told to many.
#[derive(Clone, Debug)]
pub(super) struct Breakage(Arc<rusqlite::Error>);

impl From<rusqlite::Error> for Breakage {
    fn from(error: rusqlite::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<Breakage> for Error {
    fn from(Breakage(error): Breakage) -> Self {
        let (kind, message) = describe(&error);
        let retry = if is_busy(&error) { Retry::Now } else { Retry::Never };
        Self::new(kind, message).because(error).retry(retry)
    }
}

/// Whether another connection holds a lock.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// A row that cannot be: damaged, or written by something else.
pub(super) fn damaged(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message.into())
}

fn describe(error: &rusqlite::Error) -> (ErrorKind, &'static str) {
    use rusqlite::Error as E;
    match error {
        E::FromSqlConversionFailure(..) | E::IntegralValueOutOfRange(..) | E::InvalidColumnType(..) => {
            return (ErrorKind::Corrupt, "a stored row is not what this store writes");
        }
        E::SqliteFailure(failure, _) if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_CHECK => {
            return (ErrorKind::LimitExceeded, "the store has as many streams as it can have");
        }
        E::Utf8Error(..) => return (ErrorKind::Corrupt, "a stored text is not UTF-8"),
        _ => {}
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::Unavailable, "another process keeps the store locked")
        }
        Some(ErrorCode::DiskFull) => (ErrorKind::Unavailable, "the disk is full; nothing was written"),
        Some(ErrorCode::SystemIoFailure) => {
            (ErrorKind::Unavailable, "the disk failed to read or write; nothing was acknowledged")
        }
        Some(ErrorCode::CannotOpen) => (ErrorKind::Unavailable, "the store's file cannot be opened"),
        Some(
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied,
        ) => (ErrorKind::PermissionDenied, "the store's file cannot be written"),
        Some(ErrorCode::DatabaseCorrupt) => (ErrorKind::Corrupt, "the store's file is damaged"),
        Some(ErrorCode::NotADatabase) => (ErrorKind::Corrupt, "the file is not a SQLite database"),
        Some(ErrorCode::TooBig) => (ErrorKind::LimitExceeded, "a value is larger than SQLite allows"),
        Some(ErrorCode::OutOfMemory) => (ErrorKind::Unavailable, "SQLite ran out of memory"),
        Some(ErrorCode::FileLockingProtocolFailed) => {
            (ErrorKind::Unavailable, "the file system's locks do not work")
        }
        _ => (ErrorKind::Internal, "SQLite refused a statement"),
    }
}

/// What SQLite said to whoever else uses the file.
pub(crate) fn storage_error(error: rusqlite::Error) -> Error {
    Breakage::from(error).into()
}
