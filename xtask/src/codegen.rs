//! `cargo xtask codegen`: what the command line says of itself and is committed.
//!
//! - `bindings/operations.json`: the registry (name, documentation, effect, permission, request and response schema of every operation), which the
//!   typed surfaces are generated from.
//! - `bindings/monitoring/`: the Grafana dashboard and the Prometheus alert rules of this version, for whoever has not installed it. They come from
//!   operations (`platform.dashboard`, `platform.alerts`), so that a build in use gives those that fit it.
//!
//! - `bindings/errors.json`: the kinds of errors.
//! - `bindings/python/python/heptad/`: the typed package for Python, made from these two.
//! - `bindings/node/index.*`: the typed package for Node, made from the same.
//!
//! The command line prints the first of them, so this crate needs none of the house's code.

use std::{fs, time::Duration};

use serde_json::Value;

use crate::{
    Result,
    shell::Run,
    surface::{node, python, surface},
    workspace::{Layer, Workspace},
};

/// A committed file and the command that prints it.
struct Artefact {
    /// Relative to the root.
    file: &'static str,
    /// What the command line is asked, before `--format json`.
    command: &'static [&'static str],
    /// From what it prints to what is committed.
    form: fn(&str) -> Result<String>,
}

const OPERATIONS: &str = "bindings/operations.json";
const ERRORS: &str = "bindings/errors.json";

const ARTEFACTS: &[Artefact] = &[
    Artefact { file: OPERATIONS, command: &["operations"], form: pretty },
    Artefact { file: ERRORS, command: &["platform", "errors"], form: indented },
    Artefact { file: "bindings/monitoring/dashboard.json", command: &["platform", "dashboard"], form: text },
    Artefact { file: "bindings/monitoring/alerts.yml", command: &["platform", "alerts"], form: text },
];

/// A committed file as it should be.
pub struct Generated {
    /// Relative to the root.
    pub file: String,
    /// Its text.
    pub text: String,
}

impl Generated {
    /// Whether the committed file says the same, byte for byte.
    pub fn is_current(&self, workspace: &Workspace) -> bool {
        workspace.read(&self.file).is_ok_and(|committed| committed == self.text)
    }
}

/// `cargo xtask codegen [--check]`: true when the committed files are what the command line says, or have just become so.
///
/// # Errors
/// When the command line does not build or prints something else.
pub fn main(arguments: &[String]) -> Result<bool> {
    let check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err("codegen takes `--check` or nothing".into()),
    };
    let workspace = Workspace::here()?;
    let mut fine = true;
    for fresh in generate(&workspace)? {
        if fresh.is_current(&workspace) {
            println!("{} is current", fresh.file);
        } else if check {
            eprintln!("{} is stale: run `cargo xtask codegen` and commit it", fresh.file);
            fine = false;
        } else {
            let file = workspace.root.join(&fresh.file);
            let written =
                file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, fresh.text));
            written.map_err(|e| format!("{}: {e}", file.display()))?;
            println!("{} written", fresh.file);
        }
    }
    Ok(fine)
}

/// The files as they should be.
///
/// # Errors
/// As [`main`].
pub fn generate(workspace: &Workspace) -> Result<Vec<Generated>> {
    let command_line = workspace.package("heptad-cli").filter(|package| package.layer == Layer::Binding);
    let command_line =
        command_line.ok_or("the workspace has no package `heptad-cli`, which prints what is generated")?;
    let print = |artefact: &Artefact| {
        let run = ["run", "--quiet", "--package", &command_line.name, "--"];
        let arguments = [&run, artefact.command, &["--format", "json"]].concat();
        let ended = Run::cargo(arguments, &workspace.root).quiet().limit(Duration::from_secs(1800)).wait()?;
        if !ended.ok() {
            return Err(format!(
                "`heptad {}`: {}\n{}",
                artefact.command.join(" "),
                ended.how(),
                ended.tail(20)
            ));
        }
        Ok(Generated { file: artefact.file.to_owned(), text: (artefact.form)(&ended.output)? })
    };
    let mut generated: Vec<Generated> = ARTEFACTS.iter().map(print).collect::<Result<_>>()?;
    let printed = |file: &str| {
        generated
            .iter()
            .find(|generated| generated.file == file)
            .map_or("", |generated| generated.text.as_str())
    };
    let api = surface(printed(OPERATIONS), printed(ERRORS))?;
    let typed = python::files(&api)?.into_iter().chain(node::files(&api)?);
    generated.extend(typed.map(|(file, text)| Generated { file, text }));
    Ok(generated)
}

/// JSON as committed: indented, one line break at the end.
fn indented(answer: &str) -> Result<String> {
    let answer: Value = serde_json::from_str(answer).map_err(|e| format!("the answer is not JSON: {e}"))?;
    serde_json::to_string_pretty(&answer).map(|text| text + "\n").map_err(|e| format!("the answer: {e}"))
}

/// The text of a file that an operation gives.
fn text(answer: &str) -> Result<String> {
    let answer: Value = serde_json::from_str(answer).map_err(|e| format!("the answer is not JSON: {e}"))?;
    let text = answer["text"].as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| "the answer is no file with a text".into())
}

/// The registry as committed: indented, one line break at the end.
///
/// # Errors
/// When the text is not a JSON array with one named entry per operation.
pub fn pretty(text: &str) -> Result<String> {
    let registry: Value = serde_json::from_str(text)
        .map_err(|e| format!("`heptad operations --format json` is not JSON: {e}"))?;
    let operations = registry.as_array().or_else(|| registry["operations"].as_array());
    let named = |operation: &Value| operation["name"].is_string();
    if !operations.is_some_and(|operations| !operations.is_empty() && operations.iter().all(named)) {
        return Err("`heptad operations --format json` is not a list of named operations".into());
    }
    serde_json::to_string_pretty(&registry).map(|text| text + "\n").map_err(|e| format!("the registry: {e}"))
}
