//! `cargo xtask codegen`: what is made from the operation registry and committed.
//!
//! Today that is `bindings/operations.json`, the registry itself (name, documentation, effect, permission, request and response
//! schema of every operation), which the typed surfaces are generated from. The command line prints it, so this crate needs none
//! of the house's code.

use std::{fs, time::Duration};

use serde_json::Value;

use crate::{
    Result,
    shell::Run,
    workspace::{Layer, Workspace},
};

/// The committed registry, relative to the root.
pub const OPERATIONS: &str = "bindings/operations.json";

/// `cargo xtask codegen [--check]`: true when the committed file is what the registry says, or has just become so.
///
/// # Errors
/// When the command line does not build or prints something else than the registry.
pub fn main(arguments: &[String]) -> Result<bool> {
    let check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err("codegen takes `--check` or nothing".into()),
    };
    let workspace = Workspace::here()?;
    let fresh = generate(&workspace)?;
    if is_current(&workspace, &fresh) {
        println!("{OPERATIONS} is current");
        return Ok(true);
    }
    if check {
        eprintln!("{OPERATIONS} is stale: run `cargo xtask codegen` and commit it");
        return Ok(false);
    }
    let file = workspace.root.join(OPERATIONS);
    fs::write(&file, fresh).map_err(|e| format!("{}: {e}", file.display()))?;
    println!("{OPERATIONS} written");
    Ok(true)
}

/// Whether the committed file says the same, byte for byte.
pub fn is_current(workspace: &Workspace, fresh: &str) -> bool {
    workspace.read(OPERATIONS).is_ok_and(|committed| committed == fresh)
}

/// The file as it should be.
///
/// # Errors
/// As [`main`].
pub fn generate(workspace: &Workspace) -> Result<String> {
    let command_line = workspace.package("heptad-cli").filter(|package| package.layer == Layer::Binding);
    let command_line =
        command_line.ok_or("the workspace has no package `heptad-cli`, which prints the registry")?;
    let arguments =
        ["run", "--quiet", "--package", &command_line.name, "--", "operations", "--format", "json"];
    let ended = Run::cargo(arguments, &workspace.root).quiet().limit(Duration::from_secs(1800)).wait()?;
    if !ended.ok() {
        return Err(format!("`heptad operations --format json`: {}\n{}", ended.how(), ended.tail(20)));
    }
    pretty(&ended.output)
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
