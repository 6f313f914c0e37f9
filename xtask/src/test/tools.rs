//! The programs that parts need, and how they come to a fresh machine.

use std::{path::Path, time::Duration};

use crate::{Result, shell::Run};

/// A program.
pub struct Tool {
    /// Its name, for `--skip-install`.
    pub name: &'static str,
    /// A command that succeeds when it is here.
    pub proof: &'static [&'static str],
    /// Commands that install it, in order; empty when it cannot be installed here.
    pub install: &'static [&'static [&'static str]],
}

impl Tool {
    /// Sees that the program is here, installing it when that is allowed.
    ///
    /// # Errors
    /// A sentence that says what is missing and why it could not be had.
    pub fn ensure(&self, may_install: bool) -> Result<()> {
        if self.is_here() {
            return Ok(());
        }
        if !may_install || self.install.is_empty() {
            return Err(format!("{} is not on this machine", self.name));
        }
        println!("installing {}", self.name);
        for command in self.install {
            let ended =
                run(command).map_err(|reason| format!("{} is not on this machine: {reason}", self.name))?;
            if !ended.ok() {
                return Err(format!(
                    "{} is not on this machine: `{}`: {}",
                    self.name,
                    command.join(" "),
                    ended.how()
                ));
            }
        }
        if self.is_here() { Ok(()) } else { Err(format!("{} was installed but does not run", self.name)) }
    }

    fn is_here(&self) -> bool {
        run(self.proof).is_ok_and(|ended| ended.ok())
    }
}

fn run(command: &[&str]) -> Result<crate::shell::Ended> {
    let (program, arguments) = command.split_first().ok_or("an empty command")?;
    Run::new(program, arguments, Path::new("."))
        .env("DEBIAN_FRONTEND", "noninteractive")
        .quiet()
        .limit(Duration::from_secs(600))
        .wait()
}

const APT_UPDATE: &[&str] = &["apt-get", "update", "-qq"];

/// The compiler of the bundled C libraries (SQLite, the grammars).
pub(super) const CC: Tool = Tool {
    name: "cc",
    proof: &["cc", "--version"],
    install: &[APT_UPDATE, &["apt-get", "install", "-y", "-qq", "gcc", "libc6-dev"]],
};

/// The compiler of libFuzzer.
pub(super) const CXX: Tool = Tool {
    name: "c++",
    proof: &["c++", "--version"],
    install: &[APT_UPDATE, &["apt-get", "install", "-y", "-qq", "g++"]],
};

/// The formatter.
pub(super) const RUSTFMT: Tool = Tool {
    name: "rustfmt",
    proof: &["cargo", "fmt", "--version"],
    install: &[&["rustup", "component", "add", "rustfmt"]],
};

/// The linter.
pub(super) const CLIPPY: Tool = Tool {
    name: "clippy",
    proof: &["cargo", "clippy", "--version"],
    install: &[&["rustup", "component", "add", "clippy"]],
};

/// The licence and ban checker. A large build, so it is used where it is and not installed; `cargo xtask check` reads the same file.
pub(super) const DENY: Tool =
    Tool { name: "cargo-deny", proof: &["cargo", "deny", "--version"], install: &[] };

/// Prometheus' linter of metrics. Its Debian package is a server that would be started; so it is unpacked beside the build instead.
pub(super) const PROMTOOL: Tool = Tool {
    name: "promtool",
    proof: &["sh", "-c", "promtool --version || target/tools/usr/bin/promtool --version"],
    install: &[
        APT_UPDATE,
        &["mkdir", "-p", "target/tools"],
        &["sh", "-c", "cd target/tools && apt-get download -qq prometheus && dpkg -x prometheus_*.deb ."],
    ],
};

/// The fetcher of Python packages.
pub(super) const PIP: Tool = Tool {
    name: "pip",
    proof: &["python3", "-m", "pip", "--version"],
    install: &[APT_UPDATE, &["apt-get", "install", "-y", "-qq", "python3-pip"]],
};

/// Python's virtual environments.
pub(super) const VENV: Tool = Tool {
    name: "venv",
    proof: &["python3", "-c", "import venv, ensurepip"],
    install: &[APT_UPDATE, &["apt-get", "install", "-y", "-qq", "python3-venv"]],
};

/// The fetcher of Node packages.
pub(super) const NPM: Tool = Tool {
    name: "npm",
    proof: &["npm", "--version"],
    install: &[APT_UPDATE, &["apt-get", "install", "-y", "-qq", "npm"]],
};
