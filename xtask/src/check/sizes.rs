//! Files stay near 150 lines and under 500: a folder is opened when a file wants to be three.

use super::{Findings, House, Violation};

/// The first length that is too long.
const LIMIT: usize = 500;

pub(super) fn look(house: &House) -> Findings {
    let lines = |text: &str| text.lines().count();
    let mut lengths: Vec<usize> =
        house.sources.iter().filter(|source| !source.test).map(|source| lines(&source.text)).collect();
    lengths.sort_unstable();
    let at = |share: usize| lengths.get(lengths.len().saturating_sub(1) * share / 100).copied().unwrap_or(0);
    let violations = house.sources.iter().filter(|source| lines(&source.text) >= LIMIT).map(|source| {
        let what = format!("{} lines", lines(&source.text));
        Violation::new(
            &source.path,
            LIMIT,
            what,
            format!("a file stays under {LIMIT}; open a folder and give each part a name"),
        )
    });
    let note = format!("{} files without tests, median {} lines, p90 {}", lengths.len(), at(50), at(90));
    Findings { note: Some(note), ..violations.collect() }
}
