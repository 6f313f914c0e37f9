//! `cargo xtask bench [NAME]…`: the criterion benches of `benches/`, then the peers beside them.
//!
//! A peer is an executable in `benches/peers/`: it runs the other tool on the same input, asserts equal results, and prints the
//! ratio. It exits with 0 when it ran, with [`NOT_RUN`] when its tool is not here (its last line says why), with anything else when
//! it failed.

use std::{
    fmt, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Result,
    shell::Run,
    workspace::{Layer, Workspace},
};

/// The exit code of a peer whose tool is missing, as automake has it.
pub const NOT_RUN: i32 = 77;

/// The longest that one bench may take.
const LIMIT: Duration = Duration::from_secs(1800);

/// What became of one bench or peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It ran to its end.
    Ran,
    /// It could not run, and why.
    NotRun(String),
    /// It failed, and how.
    Failed(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Ran => write!(f, "ran"),
            Verdict::NotRun(reason) => write!(f, "not run: {reason}"),
            Verdict::Failed(how) => write!(f, "FAILED: {how}"),
        }
    }
}

/// Runs the benches and peers whose names contain one of the arguments; true when none failed.
///
/// # Errors
/// When nothing has such a name.
pub fn main(arguments: &[String]) -> Result<bool> {
    let workspace = Workspace::here()?;
    let wanted =
        |name: &str| arguments.is_empty() || arguments.iter().any(|part| name.contains(part.as_str()));
    let mut verdicts = Vec::new();
    for package in workspace.layer(Layer::Bench) {
        for (_, name) in package.targets.iter().filter(|(kind, name)| kind == "bench" && wanted(name)) {
            println!("\nbench {name}");
            let ended = Run::cargo(["bench", "--package", &package.name, "--bench", name], &workspace.root)
                .limit(LIMIT)
                .wait()?;
            verdicts
                .push((name.clone(), if ended.ok() { Verdict::Ran } else { Verdict::Failed(ended.how()) }));
        }
    }
    for peer in peers(&workspace.root)? {
        let name = format!("peer {}", peer.file_stem().unwrap_or_default().to_string_lossy());
        if wanted(&name) {
            println!("\n{name}");
            verdicts.push((name, run_peer(&peer, &workspace.root)));
        }
    }
    if verdicts.is_empty() {
        return Err("no bench and no peer has such a name".into());
    }
    println!();
    verdicts.iter().for_each(|(name, verdict)| println!("{name}: {verdict}"));
    Ok(!verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Failed(_))))
}

/// The executables of `benches/peers/`, in order.
///
/// # Errors
/// When the folder is there but cannot be read.
pub fn peers(root: &Path) -> Result<Vec<PathBuf>> {
    let folder = root.join("benches/peers");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let executable = |path: &PathBuf| {
        path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    let mut peers: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(executable).collect();
    peers.sort();
    Ok(peers)
}

/// Runs one peer.
pub fn run_peer(peer: &Path, root: &Path) -> Verdict {
    match Run::new(peer, [] as [&str; 0], root).limit(LIMIT).wait() {
        Ok(ended) if ended.ok() => Verdict::Ran,
        Ok(ended) if ended.code == Some(NOT_RUN) => Verdict::NotRun(ended.tail(1)),
        Ok(ended) => Verdict::Failed(ended.how()),
        Err(reason) => Verdict::Failed(reason),
    }
}
