//! Telling that a test did not run.

use std::{
    fmt::Display,
    fs::OpenOptions,
    io::{self, Write as _},
    thread,
};

/// Names the file that counts the tests that did not run.
const FILE: &str = "HEPTAD_NOT_RUN";

/// Tells that what the caller tests cannot be tested here, and why: the caller then returns, and the test harness calls that passed.
///
/// `not run: <why>` is written to the standard error, past the test harness, which hides what a passing test prints. Where the environment
/// variable `HEPTAD_NOT_RUN` names a file, a line is appended to it: the name of the thread, which is the test's, a tabulator, and why.
///
/// # Panics
/// Where that file cannot be written: what is not counted would count as passed.
pub fn not_run(why: impl Display) {
    let why =
        why.to_string().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    // Nobody need be listening; the file is what counts.
    let _ = writeln!(io::stderr(), "not run: {why}");
    if let Some(path) = std::env::var_os(FILE).filter(|path| !path.is_empty()) {
        let line = format!("{}\t{why}\n", thread::current().name().unwrap_or("a thread without a name"));
        // One write to a file that is appended to: tests of many processes share it.
        let written = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        assert!(written.is_ok(), "{}: {written:?}", path.display());
    }
}
