//! Help: on everything, on topics, on commands.

use crate::harness::{Place, heptad};

#[test]
fn without_arguments_a_newcomer_is_told_what_there_is() {
    let text = heptad(&[]).ok();
    assert_eq!(text, heptad(&["--help"]).ok());
    assert_eq!(text, heptad(&["help"]).ok());
    for part in [
        "devops",
        "docs",
        "cost",
        "review",
        "pipeline",
        "cx",
        "soc",
        "Try:",
        "heptad operations",
        "--db <PATH>",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
}

#[test]
fn every_topic_and_every_command_has_help() {
    insta::assert_snapshot!("exit_codes", heptad(&["help", "exit-codes"]).ok());
    for topic in ["requests", "formats", "database"] {
        let text = heptad(&["help", topic]).ok();
        assert!(text.lines().count() > 5, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    }
    for command in ["operations", "completion", "help"] {
        assert_eq!(heptad(&["help", command]).ok(), heptad(&[command, "--help"]).ok());
    }
    assert!(heptad(&["help", "opperations"]).failed(2).contains("operations"));
}

#[test]
fn help_and_version_open_nothing_and_leave_nothing() {
    let place = Place::new();
    assert_eq!(place.run(&["--version"]).ok(), concat!("heptad ", env!("CARGO_PKG_VERSION"), "\n"));
    place.run(&["--db", "x.db", "--help"]).ok();
    place.run(&["--db", "x.db", "operations"]).ok();
    assert!(place.names().is_empty(), "{:?}", place.names());
}
