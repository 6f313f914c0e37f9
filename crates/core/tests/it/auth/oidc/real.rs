//! The certified provider: npm `oidc-provider`, started by node on loopback.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

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
                // Past the test harness, which hides what a passing test prints.
                writeln!(std::io::stderr(), "oidc-provider: not run: {why}")
                    .expect("the terminal takes a line");
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

fn try_start() -> Result<RealProvider, String> {
    let folder = installed()?;
    let script = folder.join(format!("provider-{}.mjs", std::process::id()));
    fs::write(&script, SCRIPT).map_err(|error| error.to_string())?;
    let mut command = Command::new("node");
    command.arg(&script).arg(&folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().map_err(|error| format!("`node` does not start: {error}"))?;
    let orders = process.stdin.take().ok_or("no standard input")?;
    let mut answers = BufReader::new(process.stdout.take().ok_or("no standard output")?);
    let mut line = String::new();
    answers.read_line(&mut line).map_err(|error| error.to_string())?;
    let _ = fs::remove_file(&script);
    let Ok(ready) = serde_json::from_str::<Value>(&line) else {
        let output = process.wait_with_output().map_err(|error| error.to_string())?;
        return Err(format!("the provider does not start: {}", String::from_utf8_lossy(&output.stderr)));
    };
    let issuer = ready["issuer"].as_str().ok_or("the provider names no issuer")?.to_owned();
    Ok(RealProvider { process, orders, answers, issuer })
}

/// The folder the package is installed in, below the target folder: once, whoever asks first.
fn installed() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let built = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    let target = program.ancestors().skip(1).find(built).ok_or("this program is in no target folder")?;
    let (folder, told) = (target.join("foreign").join(PACKAGE), |error: std::io::Error| error.to_string());
    let ready = folder.join("installed");
    if ready.exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&folder).map_err(told)?;
    let lock = File::create(folder.join("lock")).map_err(told)?;
    lock.lock().map_err(told)?;
    if ready.exists() {
        return Ok(folder);
    }
    let mut command = Command::new("npm");
    command
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(&folder)
        .arg(PACKAGE);
    let output = command.output().map_err(|error| format!("`npm` does not start: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`npm install {PACKAGE}`: {}", said.trim().lines().last().unwrap_or("failed")));
    }
    File::create(&ready).map_err(told)?;
    Ok(folder)
}
