//! What is left lying about: notes of unfinished work in comments, paths of somebody's machine anywhere.

use std::ops::Range;

use super::{Findings, House, Violation};
use crate::source;

/// Words of unfinished work. Written in two halves, so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// Beginnings of paths that exist on one machine only.
const MACHINES: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/tmp", "/wt"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];

/// Files beside Rust that people read.
const TEXTS: &[&str] = &["toml", "md", "yml", "yaml", "py", "pyi", "ts", "js", "swift", "sh", "json"];

pub(super) fn look(house: &House) -> Findings {
    let mut violations = Vec::new();
    for source in &house.sources {
        let name = source.path.to_string_lossy();
        // A rule that looks for such a word may name it in a string; a test may use any path as an example.
        violations.extend(unfinished(&name, &blanked(&source.text, &source.facts.literals)));
        if !source.test {
            violations.extend(machines(&name, &blanked(&source.text, &source.facts.tests)));
        }
    }
    for file in source::files(&house.workspace.root, TEXTS).unwrap_or_default() {
        let name = file.to_string_lossy();
        let text = house.workspace.read(&file).unwrap_or_default();
        violations.extend(unfinished(&name, &text));
        violations.extend(machines(&name, &text));
    }
    violations.into_iter().collect()
}

/// The text with these ranges of bytes blanked; lines stay where they are.
fn blanked(text: &str, ranges: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for range in ranges {
        bytes[range.clone()].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn unfinished(file: &str, text: &str) -> Vec<Violation> {
    let word = |line: &str| {
        UNFINISHED
            .iter()
            .copied()
            .find(|word| line.split(|c: char| !c.is_alphanumeric()).any(|part| part == *word))
    };
    let lines = text.lines().enumerate().filter_map(|(at, line)| Some((at + 1, word(line)?)));
    lines
        .map(|(line, word)| {
            Violation::new(file, line, format!("`{word}`"), "finish it, or file an issue and delete the note")
        })
        .collect()
}

fn machines(file: &str, text: &str) -> Vec<Violation> {
    let place = |line: &str| {
        MACHINES.iter().copied().find(|place| {
            // Only where a path begins: `target/work/` and `https://host/home/` are something else.
            line.match_indices(place)
                .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}/>".contains(c)))
        })
    };
    let lines = text.lines().enumerate().filter_map(|(at, line)| Some((at + 1, place(line)?)));
    lines
        .map(|(line, place)| {
            Violation::new(
                file,
                line,
                format!("a path below `{place}`"),
                "no path of one machine in the repository",
            )
        })
        .collect()
}
