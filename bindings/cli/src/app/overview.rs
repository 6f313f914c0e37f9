//! What a newcomer sees first: what there is, what of it this build has, and two things to try.

use std::collections::BTreeSet;

use heptad::core::operation::Registry;

use crate::{
    commands::BUILTINS,
    output::style::{FAINT, HEADING, STRONG, paint},
    systems,
};

/// Things to try, best first; what this build cannot do is not shown.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("review.scan", "heptad review scan src", "what our rules find in a folder"),
    ("search.query", "heptad --db my.db search query code 'retry backoff'", "search what was indexed"),
    ("events.read", "heptad --db my.db events read --format jsonl", "what has happened"),
    ("platform.operations", "heptad platform operations", "what this platform can do"),
];

/// The help of the root command, as clap's template: it takes the text as it is and puts the options where it says so.
pub(super) fn template(registry: &Registry) -> String {
    let present: BTreeSet<&str> = registry.iter().map(|operation| operation.spec.system).collect();
    let mut out = "{about}\n\n".to_owned();
    out += &heading("Usage");
    out += "  heptad [OPTIONS] <SYSTEM> <OPERATION> …\n  heptad [OPTIONS] <COMMAND> …\n\n";
    out += &heading("The seven systems");
    for (name, text) in systems::SEVEN {
        out += &match present.contains(name) {
            true => entry(name, text),
            false => paint(FAINT, &format!("  {name:<12}{text} (not in this build)")) + "\n",
        };
    }
    let beside: Vec<_> = super::systems_in(registry)
        .into_iter()
        .filter(|system| systems::SEVEN.iter().all(|(name, _)| name != system))
        .collect();
    if !beside.is_empty() {
        out += "\n";
        out += &heading("The kernel they stand on");
        out.extend(beside.into_iter().map(|system| entry(system, &systems::describe(system))));
    }
    out += "\n";
    out += &heading("Commands");
    for command in BUILTINS.iter().map(|builtin| (builtin.command)()) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        out += &entry(command.get_name(), &about);
    }
    out += "\n";
    out += &heading("Try");
    let known = EXAMPLES.iter().filter(|(name, ..)| registry.get(name).is_some()).take(2);
    let mut examples: Vec<_> = known.map(|(_, line, text)| (*line, *text)).collect();
    examples.push(("heptad operations", "everything that can be called"));
    let widest = examples.iter().map(|(line, _)| line.len()).max().unwrap_or(0) + 2;
    out.extend(examples.iter().map(|(line, text)| format!("  {line:<widest$}{}\n", paint(FAINT, text))));
    out += "\n";
    out += &heading("Options");
    out += "{options}";
    out
}

fn heading(text: &str) -> String {
    paint(HEADING, &format!("{text}:")) + "\n"
}

fn entry(name: &str, text: &str) -> String {
    format!("  {}{}{text}\n", paint(STRONG, name), " ".repeat(12_usize.saturating_sub(name.len()).max(1)))
}
