//! The child's side: where it works, and how it acknowledges.

use std::{
    fmt::Display,
    io::Write,
    path::{Path, PathBuf},
};

const NAME: &str = "HEPTAD_CRASH_CHILD";
const FOLDER: &str = "HEPTAD_CRASH_FOLDER";
const LIFE: &str = "HEPTAD_CRASH_LIFE";
/// Tells acknowledgements from what the test runner prints.
pub(super) const PREFIX: &str = "acknowledged:";
/// A line without it was cut off by death.
pub(super) const END: &str = ".";

/// One life of a child.
#[derive(Clone, Debug)]
pub struct Life {
    /// Where it works.
    pub folder: PathBuf,
    /// How many lives were lived here before.
    pub life: u64,
}

impl Life {
    /// Tells the parent that something is done. Ends the process where the parent is gone.
    ///
    /// # Panics
    /// Where the text has more than one line.
    pub fn acknowledge(&self, what: impl Display) {
        let line = format!("{PREFIX}{what}{END}\n");
        assert_eq!(line.matches('\n').count(), 1, "an acknowledgement is one line");
        // One write of less than a pipe takes at once: it is heard wholly or not at all.
        let mut out = std::io::stdout().lock();
        if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
            std::process::exit(1);
        }
    }

    pub(super) fn of_this_process(name: &str) -> Option<Self> {
        if std::env::var(NAME).ok()? != name {
            return None;
        }
        let folder = PathBuf::from(std::env::var_os(FOLDER)?);
        let life = Self { folder, life: std::env::var(LIFE).ok()?.parse().ok()? };
        // Also the first line of the test runner may share a line with it.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(b"\n").and_then(|()| out.flush());
        drop(out);
        life.acknowledge("");
        Some(life)
    }

    pub(super) fn environment(
        name: &str,
        folder: &Path,
        life: u64,
    ) -> [(&'static str, std::ffi::OsString); 3] {
        [(NAME, name.into()), (FOLDER, folder.into()), (LIFE, life.to_string().into())]
    }
}
