//! The fuzz targets as plain tests: random edits of the seeds in `fuzz/seeds/`, and random bytes, bounded in number.
//!
//! The same functions run under libFuzzer (`cargo xtask test --filter fuzz`); here they guard every build.

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};

#[path = "../../fuzz/targets/config.rs"]
mod config;
#[path = "../../fuzz/targets/events.rs"]
mod events;
#[path = "../../fuzz/targets/grammars.rs"]
mod grammars;
#[cfg(feature = "jwt")]
#[path = "../../fuzz/targets/jwt.rs"]
mod jwt;
#[path = "../../fuzz/targets/parser.rs"]
mod parser;
#[path = "../../fuzz/targets/sarif.rs"]
mod sarif;
#[path = "../../fuzz/targets/search.rs"]
mod search;

/// Inputs that each target is given.
const CASES: u32 = 400;

/// Pieces that parsers stumble over.
const STUMBLING_BLOCKS: &[&[u8]] = &[
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\r",
    b"\"",
    b"'",
    b"\\u0000",
    b"[[",
    b"{{{{{{{{",
    b"1e999",
    b"-0",
    b"\xf0\x9f\x98\x80",
    b"${",
    b"`",
    b"\xc3",
];

/// Gives the target the seeds as they are, then edited at random.
fn attack(target: &str, run: fn(&[u8])) {
    let seeds = seeds(target);
    seeds.iter().for_each(|seed| run(seed));
    let block =
        prop_oneof![prop::sample::select(STUMBLING_BLOCKS).prop_map(<[u8]>::to_vec), vec(any::<u8>(), 0..4)];
    let edit = (any::<Index>(), 0..8usize, block);
    let input = (prop::sample::select(seeds), vec(edit, 0..6)).prop_map(|(mut bytes, edits)| {
        for (at, removed, inserted) in edits {
            let at = at.index(bytes.len() + 1);
            let end = bytes.len().min(at + removed);
            bytes.splice(at..end, inserted);
        }
        bytes
    });
    let input = prop_oneof![9 => input, 1 => vec(any::<u8>(), 0..64)];
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&input, |bytes| {
        run(&bytes);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{target}: {failure}"));
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no seeds", folder.display());
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[cfg(feature = "jwt")]
#[test]
fn tokens_and_keys_are_read_or_refused() {
    attack("jwt", jwt::run);
}

#[test]
fn configuration_is_read_or_refused() {
    attack("config", config::run);
}

#[test]
fn accepted_events_survive_a_round_trip() {
    attack("events", events::run);
}

#[test]
fn no_grammar_ends_the_process() {
    attack("grammars", grammars::run);
}

#[test]
fn trees_fit_their_text() {
    attack("parser", parser::run);
}

#[test]
fn queries_are_read_or_refused_and_tokens_fit_their_text() {
    attack("search", search::run);
}

#[test]
fn sarif_is_valid_whatever_is_scanned() {
    attack("sarif", sarif::run);
}
