//! The certified provider: npm `oidc-provider`, started by node on loopback.

use std::{
    fs,
    io::{BufRead, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use heptad_testkit::{node_modules, not_run};
use serde_json::Value;

const PACKAGE: &str = "oidc-provider@9.13.3";
const SCRIPT: &str = include_str!("provider.mjs");

/// A provider that runs until it is dropped.
pub(super) struct RealProvider {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(super) issuer: String,
}

impl RealProvider {
    /// Starts one; `None`, with the reason told, where there is no node or the package cannot be installed.
    pub(super) fn start() -> Option<Self> {
        match try_start() {
            Ok(provider) => Some(provider),
            Err(why) => {
                not_run(format_args!("oidc-provider: {why}"));
                None
            }
        }
    }

    /// Has it do something, and waits until it is done.
    pub(super) fn order(&mut self, what: &str) {
        writeln!(self.orders, "{what}").expect("the provider listens");
        let mut line = String::new();
        // It says other things as well.
        while !(line.starts_with("{\"done\"") && line.contains(what)) {
            line.clear();
            assert_ne!(self.answers.read_line(&mut line).expect("the provider answers"), 0, "it ended");
        }
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Fails where node, npm or the package is missing; a provider that is here and does not start is a failure of the test.
fn try_start() -> Result<RealProvider, String> {
    let folder = node_modules(&[PACKAGE])?;
    let script = folder.join(format!("provider-{}.mjs", std::process::id()));
    fs::write(&script, SCRIPT).expect("the script is written");
    let mut command = Command::new("node");
    command.arg(&script).arg(&folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().map_err(|error| format!("`node` does not start: {error}"))?;
    let orders = process.stdin.take().expect("it was piped");
    let mut answers = BufReader::new(process.stdout.take().expect("it was piped"));
    let mut line = String::new();
    answers.read_line(&mut line).expect("the provider's words are read");
    let _ = fs::remove_file(&script);
    let Ok(ready) = serde_json::from_str::<Value>(&line) else {
        let _ = process.kill();
        let output = process.wait_with_output().expect("it ends");
        panic!("the provider does not start: {line}{}", String::from_utf8_lossy(&output.stderr));
    };
    let issuer = ready["issuer"].as_str().expect("the provider names its issuer").to_owned();
    Ok(RealProvider { process, orders, answers, issuer })
}
