//! Nothing outside tests panics by choice: no `unwrap`, `panic!`, `todo!`; an `expect` says why it cannot fail.

use super::{Findings, House, Violation};
use crate::{
    source::{Call, Source},
    workspace::Layer,
};

/// Macros that end the thread.
const ENDS: &[&str] = &["panic!", "todo!", "unimplemented!"];

/// The shortest text that can state an invariant.
const REASON: usize = 15;

pub(super) fn look(house: &House) -> Findings {
    let product = house.sources.iter().filter(|source| !source.test && source.layer != Some(Layer::Testkit));
    product.flat_map(|source| look_at(house, source)).collect()
}

fn look_at(house: &House, source: &Source) -> Vec<Violation> {
    // A parser has an `expect(token)` of its own; where a crate has none, the word is `Option`'s or `Result`'s.
    let own_expect = house
        .sources
        .iter()
        .any(|other| other.package == source.package && other.facts.functions.contains("expect"));
    let calls = source.facts.calls.iter().filter(|call| !call.test).filter_map(|call| {
        let (what, right) = wrong_call(call, own_expect)?;
        Some(Violation::new(&source.path, call.line, what, right))
    });
    let macros = source
        .facts
        .mentions
        .iter()
        .filter(|mention| !mention.test && ENDS.iter().any(|end| ends(&mention.path, end)));
    let macros = macros.map(|mention| {
        let right = "return an `Error` that says what was wrong and what would be right";
        Violation::new(&source.path, mention.line, format!("`{}(…)`", mention.path), right)
    });
    calls.chain(macros).collect()
}

/// `std::panic!` and `panic!` are the same.
fn ends(path: &str, end: &str) -> bool {
    path == end || path.ends_with(&format!("::{end}"))
}

fn wrong_call(call: &Call, own_expect: bool) -> Option<(String, &'static str)> {
    match call.method.as_str() {
        "unwrap" | "unwrap_err" if call.arguments.is_empty() => Some((
            format!("`.{}()`", call.method),
            "return the error, or `expect(\"…the invariant…\")` where it cannot fail",
        )),
        "expect" | "expect_err" => {
            let reason = call
                .arguments
                .trim_end_matches(',')
                .trim()
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            match reason {
                Some(reason) if reason.len() >= REASON => None,
                Some(reason) => Some((
                    format!("`.{}(\"{reason}\")`", call.method),
                    "the text states the invariant: why it cannot fail",
                )),
                // A constant has a name and a text of its own.
                None if own_expect || is_constant(&call.arguments) => None,
                None => Some((
                    format!("`.{}(…)` without a literal", call.method),
                    "a literal that states the invariant",
                )),
            }
        }
        _ => None,
    }
}

fn is_constant(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}
