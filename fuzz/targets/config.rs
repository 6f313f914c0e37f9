//! Configuration files: whatever the text, it is read or refused with a message, the same way twice.

use heptad::core::config::Config;

/// Reads the bytes as a configuration file.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match (Config::parse(text), Config::parse(text)) {
        (Ok(once), Ok(again)) => assert_eq!(once.explain(), again.explain(), "one text, two configurations"),
        (Err(once), Err(again)) => {
            assert!(!once.message().is_empty(), "refused without a message");
            assert_eq!(once.message(), again.message(), "one text, two refusals");
        }
        (once, again) => panic!("one text is read and refused: {} {}", once.is_ok(), again.is_ok()),
    }
}
