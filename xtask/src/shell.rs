//! Children: every one is bounded in time, its output streams to the terminal while it is kept, and only children started here
//! are ever ended.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, IsTerminal, Read, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::Result;

/// How a child ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The exit code; `None` when a signal or the time limit ended it.
    pub code: Option<i32>,
    /// It ran into its time limit and was ended.
    pub late: bool,
    /// What it wrote on both streams, colours removed.
    pub text: String,
    /// What it wrote on standard output alone, colours removed.
    pub output: String,
}

impl Ended {
    /// Whether it exited with zero.
    pub fn ok(&self) -> bool {
        self.code == Some(0)
    }

    /// What happened, for a report: `exit code 2`, `ended after its time limit`.
    pub fn how(&self) -> String {
        match self.code {
            _ if self.late => "ended at its time limit".into(),
            Some(code) => format!("exit code {code}"),
            None => "ended by a signal".into(),
        }
    }

    /// The last `count` lines that say something.
    pub fn tail(&self, count: usize) -> String {
        let lines: Vec<&str> = self.text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }
}

/// A child to be.
pub struct Run {
    command: Command,
    limit: Duration,
    quiet: bool,
}

impl Run {
    /// A program with its arguments, to run in `folder` for ten minutes at most.
    pub fn new<S: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
        folder: &Path,
    ) -> Run {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Cargo gives its children variables about the package being run; they make other cargo calls rebuild.
        for (name, _) in std::env::vars()
            .filter(|(name, _)| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
        if std::io::stdout().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        Run { command, limit: Duration::from_secs(600), quiet: false }
    }

    /// `cargo` with its arguments.
    pub fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>, folder: &Path) -> Run {
        Run::new(crate::workspace::cargo(), arguments, folder)
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.command.env(name, value);
        self
    }

    /// Sets the time limit.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Run {
        self.limit = limit;
        self
    }

    /// Keeps the output off the terminal.
    #[must_use]
    pub fn quiet(mut self) -> Run {
        self.quiet = true;
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn wait(mut self) -> Result<Ended> {
        let name = self.command.get_program().to_string_lossy().into_owned();
        // At a terminal the child stays in our group, so that Ctrl-C reaches it; elsewhere it leads a group of its own, so that the
        // time limit ends its children too.
        let own_group = !std::io::stdin().is_terminal();
        if own_group {
            self.command.process_group(0);
        }
        let mut child = self.command.spawn().map_err(|e| format!("{name}: {e}"))?;
        let text = Arc::new(Mutex::new(String::new()));
        let output =
            child.stdout.take().map(|stream| copy(stream, std::io::stdout(), text.clone(), self.quiet));
        let errors =
            child.stderr.take().map(|stream| copy(stream, std::io::stderr(), text.clone(), self.quiet));
        let (code, late) = watch(&mut child, self.limit, own_group).map_err(|e| format!("{name}: {e}"))?;
        // A reader ends with its stream; one that panicked has nothing to give.
        let output = output.and_then(|reader| reader.join().ok()).unwrap_or_default();
        errors.map(thread::JoinHandle::join);
        let text = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Ended { code, late, text, output })
    }
}

fn watch(child: &mut Child, limit: Duration, own_group: bool) -> std::io::Result<(Option<i32>, bool)> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status.code(), false));
        }
        if start.elapsed() > limit {
            if own_group {
                Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status()?;
            }
            child.kill()?;
            child.wait()?;
            return Ok((None, true));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn copy(
    stream: impl Read + Send + 'static,
    mut terminal: impl Write + Send + 'static,
    text: Arc<Mutex<String>>,
    quiet: bool,
) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let (mut reader, mut line, mut own) = (BufReader::new(stream), Vec::new(), String::new());
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if !quiet {
                // A closed terminal must not stop the child.
                let _ = terminal.write_all(&line);
            }
            let said = plain(&String::from_utf8_lossy(&line));
            text.lock().unwrap_or_else(PoisonError::into_inner).push_str(&said);
            own.push_str(&said);
            line.clear();
        }
        own
    })
}

/// The text without terminal colours (`ESC [ … letter`).
pub fn plain(text: &str) -> String {
    let (mut result, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("\u{1b}[") {
        result.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        rest = after.find(|c: char| c.is_ascii_alphabetic()).map_or("", |end| &after[end + 1..]);
    }
    result.push_str(rest);
    result
}
