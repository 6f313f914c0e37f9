//! Runs `heptad` in an empty folder with an environment that says nothing.

use std::{
    ffi::OsString,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A folder to run in.
pub(crate) struct Place(TempDir);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `heptad` once, in a folder of its own.
pub(crate) fn heptad(args: &[&str]) -> Run {
    Place::new().run(args)
}

/// The command, not yet run.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heptad"));
    for name in telling() {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// The variables of this process that would tell `heptad` something.
pub(crate) fn telling() -> Vec<OsString> {
    let tells = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("HEPTAD_")
            || name.starts_with("CLICOLOR")
            || ["NO_COLOR", "COLUMNS", "CI"].contains(&&*name)
    };
    std::env::vars_os().map(|(name, _)| name).filter(tells).collect()
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Puts a file there.
    pub(crate) fn with(self, name: &str, text: &str) -> Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// What is there, by name.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, |_| {})
    }

    /// The same after a change to the command: its environment, say.
    pub(crate) fn run_with(&self, args: &[&str], change: impl FnOnce(&mut Command)) -> Run {
        let mut command = command();
        command.current_dir(self.path()).args(args);
        change(&mut command);
        Run::from(command.output().unwrap())
    }

    /// The same with `input` on the standard input.
    pub(crate) fn feed(&self, args: &[&str], input: &str) -> Run {
        let mut command = command();
        command.current_dir(self.path()).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Run::from(child.wait_with_output().unwrap())
    }
}

impl Run {
    /// It worked, and said nothing on the side. What it printed.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:?}");
        self.stdout
    }

    /// It worked, and printed this JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// It failed with this exit code and printed no result. What it said.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        self.stderr
    }

    /// It failed with this exit code and said so in JSON. What `error` is.
    #[track_caller]
    pub(crate) fn failed_json(self, code: i32) -> Value {
        let mut value: Value = serde_json::from_str(&self.failed(code)).unwrap();
        value["error"].take()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
