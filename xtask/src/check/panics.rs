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
    house
        .sources
        .iter()
        .filter(|source| !source.test && source.layer != Some(Layer::Testkit))
        .flat_map(look_at)
        .collect()
}

fn look_at(source: &Source) -> Vec<Violation> {
    let calls = source.facts.calls.iter().filter(|call| !call.test).filter_map(|call| {
        let (what, right) = wrong_call(call)?;
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

fn wrong_call(call: &Call) -> Option<(String, &'static str)> {
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
            // A parser's own `expect(token)` takes no text; `Option::expect` takes nothing else.
            match reason {
                Some(reason) if reason.len() < REASON => Some((
                    format!("`.{}(\"{reason}\")`", call.method),
                    "the text states the invariant: why it cannot fail",
                )),
                Some(_) => None,
                None if call.arguments.contains("format !") || call.arguments.starts_with('&') => Some((
                    format!("`.{}(…)` without a literal", call.method),
                    "a literal that states the invariant",
                )),
                None => None,
            }
        }
        _ => None,
    }
}
