//! Exit codes: one table, which is also what `heptad help exit-codes` shows.

use heptad::core::{Error, ErrorKind, Retry};

/// It did what was asked.
pub(crate) const SUCCESS: u8 = 0;
/// It did what was asked, and the answer is no: the response says `failed`.
pub(crate) const GATE: u8 = 1;
/// The command was not understood, or its input is wrong.
pub(crate) const USAGE: u8 = 2;
/// Interrupted, as shells number it: 128 + SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;
/// A defect (`EX_SOFTWARE`); also of every kind that this table does not know.
const INTERNAL: u8 = 70;

/// Every exit code: the kinds of error behind it, and what it means.
pub(crate) const TABLE: &[(u8, &[ErrorKind], &str)] = &[
    (SUCCESS, &[], "it worked"),
    (GATE, &[], "it worked, and the answer is no: a gate such as `fail_on` was not passed"),
    (USAGE, &[ErrorKind::InvalidInput], "wrong usage, or the input is wrong; the message says where"),
    (3, &[ErrorKind::NotFound], "what was asked for does not exist"),
    (
        4,
        &[ErrorKind::PermissionDenied, ErrorKind::Unauthenticated],
        "the caller may not do this, or is not known",
    ),
    (
        5,
        &[ErrorKind::AlreadyExists, ErrorKind::Conflict],
        "it exists already, or the state changed underneath",
    ),
    (6, &[ErrorKind::Unsupported], "this build or this adapter cannot do it"),
    (7, &[ErrorKind::LimitExceeded], "a limit was reached"),
    (8, &[ErrorKind::Timeout], "it took longer than allowed"),
    (9, &[ErrorKind::Unavailable], "something needed is not there right now; trying again can help"),
    (10, &[ErrorKind::Corrupt], "stored data is damaged"),
    (INTERNAL, &[ErrorKind::Internal], "a defect in Heptad itself"),
    (INTERRUPTED, &[ErrorKind::Cancelled], "interrupted (Ctrl-C)"),
];

/// The exit code of an error of `kind`.
pub(crate) fn of(kind: ErrorKind) -> u8 {
    TABLE.iter().find(|(_, kinds, _)| kinds.contains(&kind)).map_or(INTERNAL, |(code, ..)| *code)
}

/// What one may do about `error`.
pub(crate) fn hint(error: &Error) -> Option<String> {
    match error.retryable() {
        Retry::Now => return Some("the same command may work now".to_owned()),
        Retry::After(delay) => {
            return Some(format!("the same command may work in {} s", delay.as_secs().max(1)));
        }
        Retry::Never => {}
    }
    let command = error.operation().map(|name| name.replace('_', "-").replace('.', " "));
    match (error.kind(), command) {
        (ErrorKind::InvalidInput, Some(command)) => {
            Some(format!("`heptad {command} --help` shows what it takes"))
        }
        (ErrorKind::Unsupported, _) => Some("`heptad --help` shows what is in this build".to_owned()),
        (ErrorKind::PermissionDenied, _) => {
            Some("`heptad operations` shows the permission each operation needs".to_owned())
        }
        (ErrorKind::Corrupt, _) => {
            Some("keep a copy of the database before anything else touches it".to_owned())
        }
        (ErrorKind::Internal, _) => {
            Some(concat!("please report this: ", env!("CARGO_PKG_REPOSITORY"), "/issues").to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use heptad::core::{Error, ErrorKind, Retry};

    use super::{TABLE, hint, of};

    #[test]
    fn every_kind_has_exactly_one_exit_code_and_every_code_one_row() {
        for kind in ErrorKind::ALL {
            let rows = TABLE.iter().filter(|(_, kinds, _)| kinds.contains(kind)).count();
            assert_eq!(rows, 1, "{kind}");
            assert!(of(*kind) > 1, "{kind} must look neither like success nor like a gate");
        }
        let codes: BTreeSet<_> = TABLE.iter().map(|(code, ..)| code).collect();
        assert_eq!(codes.len(), TABLE.len());
    }

    #[test]
    fn what_helps_depends_on_the_error() {
        let cases = [
            (
                Error::invalid("x").in_operation("review.check_rules"),
                Some("`heptad review check-rules --help` shows what it takes"),
            ),
            (Error::invalid("x"), None),
            (
                Error::new(ErrorKind::Unavailable, "x").retry(Retry::After(Duration::from_secs(5))),
                Some("the same command may work in 5 s"),
            ),
            (Error::new(ErrorKind::Conflict, "x").retry(Retry::Now), Some("the same command may work now")),
            (Error::not_found("x"), None),
        ];
        for (error, expected) in cases {
            assert_eq!(hint(&error).as_deref(), expected, "{error:?}");
        }
    }
}
