//! The command line of `cargo xtask test`.

use xtask::test::{Choice, parts::PARTS};

fn read(arguments: &[&str]) -> Result<Choice, String> {
    Choice::read(&arguments.iter().map(|argument| argument.to_string()).collect::<Vec<_>>())
}

fn chosen(arguments: &[&str]) -> Vec<&'static str> {
    let choice = read(arguments).unwrap();
    PARTS.iter().filter(|part| choice.wants(part)).map(|part| part.name).collect()
}

#[test]
fn without_a_filter_every_part_runs() {
    assert_eq!(chosen(&[]).len(), PARTS.len());
}

#[test]
fn a_filter_takes_parts_by_a_piece_of_their_name() {
    assert_eq!(chosen(&["--filter", "tour"]), ["tour-here", "tour-pypi", "tour-npm"]);
    assert_eq!(chosen(&["--filter=fmt,fuzz"]), ["fmt", "fuzz"]);
    assert_eq!(chosen(&["--filter", "fmt", "--filter", "clippy"]), ["fmt", "clippy"]);
}

#[test]
fn what_matches_nothing_is_refused() {
    for arguments in [&["--filter", "nothing"][..], &["--filter"], &["--frob"], &["tests"]] {
        assert!(read(arguments).is_err(), "{arguments:?}");
    }
}

#[test]
fn names_of_parts_are_unique() {
    let mut names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), PARTS.len());
}
