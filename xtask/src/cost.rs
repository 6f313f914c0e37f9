//! `cargo xtask cost [FEATURE]…`: what each feature of the facade costs to build, as the table of CONTRIBUTING.md.
//!
//! Every row is a cold debug build in a folder of its own, alone on top of nothing. CPU-seconds are user plus system time of cargo and
//! all its children, as the kernel counts them; wall time would tell more about the machine than about the feature. Packages are fetched
//! beforehand, and a compiler cache is left out. A feature that is only reserved is not built: it costs what nothing costs.
//!
//! All rows together take at most `TOTAL`, one at most `EACH`; a row that there is no time for is not run, and says so.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    Result,
    graph::tree,
    shell::Run,
    workspace::{Layer, Package, Workspace},
};

/// The longest that one build may take.
const EACH: Duration = Duration::from_secs(30 * 60);

/// The longest that all of them may take.
const TOTAL: Duration = Duration::from_secs(3 * 60 * 60);

/// Prints the table for the features named, or for all of them, `(none)` and `default` first.
///
/// # Errors
/// When a feature does not exist, a build fails, or the system does not tell CPU times.
pub fn main(arguments: &[String]) -> Result<bool> {
    let workspace = Workspace::here()?;
    let facade = workspace.layer(Layer::Facade).next().ok_or("the workspace has no facade package")?;
    if let Some(unknown) = arguments.iter().find(|name| !facade.features.contains_key(*name)) {
        return Err(format!("`{unknown}` is not a feature of `{}`", facade.name));
    }
    let rest = facade.features.keys().map(String::as_str).filter(|name| *name != "default");
    let features: Vec<&str> = if arguments.is_empty() {
        ["", "default"].into_iter().chain(rest).collect()
    } else {
        arguments.iter().map(String::as_str).collect()
    };
    let fetched = Run::cargo(["fetch", "--quiet"], &workspace.root).limit(EACH).wait()?;
    if !fetched.ok() {
        return Err(format!("the packages cannot be fetched: {}", fetched.how()));
    }
    let end = Instant::now() + TOTAL;
    println!("| feature | packages | CPU-seconds, cold debug build |\n|---|---|---|");
    for feature in features {
        let chosen = ["--no-default-features", "--features", feature];
        let packages = tree(&workspace.root, &facade.name, &chosen)?.len();
        let left = end.saturating_duration_since(Instant::now()).min(EACH);
        let seconds = if is_reserved(facade, feature) {
            "as (none)".into()
        } else if left.is_zero() {
            "not run: the time is up".into()
        } else {
            format!("{:.0}", cold_build(&workspace, &facade.name, &chosen, left)?)
        };
        let name = if feature.is_empty() { "(none)".into() } else { format!("`{feature}`") };
        println!("| {name} | {packages} | {seconds} |");
    }
    Ok(true)
}

/// Whether the feature turns nothing on.
pub fn is_reserved(package: &Package, feature: &str) -> bool {
    package.features.get(feature).is_some_and(Vec::is_empty)
}

/// CPU-seconds of building the package from nothing.
fn cold_build(workspace: &Workspace, package: &str, chosen: &[&str], limit: Duration) -> Result<f64> {
    let target = std::env::temp_dir().join(format!("heptad-cost-{}", std::process::id()));
    let arguments = ["build", "--quiet", "--package", package].into_iter().chain(chosen.iter().copied());
    let before = children_seconds()?;
    let build = Run::cargo(arguments, &workspace.root)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTC_WRAPPER", "");
    let ended = build.quiet().limit(limit).wait();
    let after = children_seconds()?;
    // A folder left behind is a nuisance, not a wrong measurement.
    let _ = fs::remove_dir_all(&target);
    let ended = ended?;
    if ended.ok() {
        Ok(after - before)
    } else {
        Err(format!("{chosen:?}: {}\n{}", ended.how(), ended.tail(20)))
    }
}

/// User and system time of all children waited for so far, in seconds.
fn children_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")
        .map_err(|e| format!("CPU times are read from /proc, which is not here: {e}"))?;
    let ticks = children_ticks(&stat).ok_or("/proc/self/stat has another form here")?;
    let output = Command::new("getconf").arg("CLK_TCK").output().map_err(|e| format!("getconf: {e}"))?;
    let rate = String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse::<f64>()
        .map_err(|e| format!("getconf CLK_TCK: {e}"))?;
    Ok(ticks / rate)
}

/// Fields 16 and 17 of `/proc/<pid>/stat` (`cutime`, `cstime`; see proc(5)), summed.
pub fn children_ticks(stat: &str) -> Option<f64> {
    // The second field is the program's name in brackets and may hold blanks and brackets: count from behind the last one.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(13).map(|field| field.parse::<f64>().ok());
    Some(times.next()?? + times.next()??)
}
