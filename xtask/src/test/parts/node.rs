//! The package for Node: its tests against the addon as it is built with everything. They also pack it and use the package in an empty project.

use std::fs;

use super::{Context, Outcome, rust::native_module};
use crate::{Result, shell::Run};

/// The tests of `bindings/node/test`.
pub(super) fn tests(context: &Context) -> Result<Outcome> {
    let folder = context.workspace.root.join("bindings/node");
    let Some(addon) = native_module(context, "heptad_node")? else {
        return Ok(Outcome::failed("the addon does not build"));
    };
    fs::copy(&addon, folder.join("heptad.node")).map_err(|error| format!("{}: {error}", addon.display()))?;
    // The packages of other platforms are not there: this one is built here.
    let install = ["install", "--silent", "--omit=optional", "--no-package-lock", "--no-audit", "--no-fund"];
    let installed = Run::new("npm", install, &folder).quiet().limit(context.left()).wait()?;
    if !installed.ok() {
        return Ok(Outcome::not_run(format!(
            "what the tests need cannot be installed: {}",
            installed.tail(1)
        )));
    }
    let ended =
        Run::new("node", ["--test", "--test-reporter=tap", "test/"], &folder).limit(context.left()).wait()?;
    Ok(Outcome::of_tap(&ended.text, ended.ok(), &ended.how()))
}
