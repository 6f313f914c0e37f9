//! The table of parts. A new language, server or tool is a line here and a function in a file beside this one.

mod fuzz;
mod node;
mod python;
mod rust;
mod style;
mod tour;

use std::time::Duration;

use super::{Context, Outcome, Part, Tool, tools};
use crate::{Result, shell::Run};

/// The features that the whole workspace is built with.
const FEATURES: &[&str] = &[
    "--features",
    "heptad/full,heptad/openai,heptad/anthropic,heptad/object-store,heptad/otlp,heptad/oidc,heptad-cli/candle",
];

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// Every part, quick ones first.
pub const PARTS: &[Part] = &[
    part("fmt", "the code is formatted", &[&tools::RUSTFMT], 2, style::fmt),
    part("check", "the invariants of the architecture hold", &[], 5, style::check),
    part("clippy", "the linter has nothing to say", &[&tools::CLIPPY, &tools::CC], 25, style::clippy),
    part("tests", "the Rust tests pass", &[&tools::CC], 30, rust::tests),
    part("doctests", "the examples in the documentation run", &[&tools::CC], 15, rust::doc_tests),
    part("doc", "the documentation builds without a warning", &[&tools::CC], 15, style::doc),
    part("metrics", "promtool accepts the metrics", &[&tools::CC, &tools::PROMTOOL], 10, rust::metrics),
    part("codegen", "what is generated is current", &[&tools::CC], 15, style::codegen),
    part("examples", "every example runs", &[&tools::CC], 15, rust::examples),
    part("python", "the tests of the Python package pass", &[&tools::CC, &tools::VENV], 20, python::tests),
    part(
        "python-wheel",
        "the wheel is installed and used in an empty folder",
        &[&tools::CC, &tools::VENV],
        20,
        python::wheel,
    ),
    part("node", "the tests of the Node package pass", &[&tools::CC, &tools::NPM], 20, node::tests),
    part("features", "every feature compiles alone, and all together", &[&tools::CC], 25, rust::features),
    part("tour-here", "the tour runs on this repository", &[&tools::CC], 15, tour::here),
    part("tour-pypi", "the tour runs on a Python package", &[&tools::CC, &tools::PIP], 15, tour::python),
    part(
        "tour-npm",
        "the tour runs on a TypeScript package",
        &[&tools::CC, &tools::NPM],
        15,
        tour::typescript,
    ),
    part("fuzz", "the fuzzer finds no crash in a short run", &[&tools::CC, &tools::CXX], 20, fuzz::run),
    part("deny", "cargo-deny agrees with deny.toml", &[&tools::DENY], 5, style::deny),
];

const fn part(
    name: &'static str,
    says: &'static str,
    needs: &'static [&'static Tool],
    limit: u64,
    run: fn(&Context) -> Result<Outcome>,
) -> Part {
    Part { name, says, needs, limit: minutes(limit), run }
}

/// One cargo command as one check.
fn cargo(context: &Context, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Outcome> {
    let run = Run::cargo(arguments, &context.workspace.root).limit(context.left());
    let ended = environment.iter().fold(run, |run, (name, value)| run.env(name, value)).wait()?;
    let failed = || Outcome::failed(format!("`cargo {}`: {}", arguments.join(" "), ended.how()));
    Ok(if ended.ok() { Outcome::passed() } else { failed() })
}
