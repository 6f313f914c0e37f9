//! A short run of every fuzz target under libFuzzer.
//!
//! Coverage guidance needs only options that stable rustc has, so neither cargo-fuzz nor a nightly compiler is wanted here. The
//! address sanitizer does need nightly; CONTRIBUTING.md says how to run with it.

use std::{fs, time::Duration};

use super::{Context, Outcome};
use crate::{Result, graph::host, shell::Run};

/// What cargo-fuzz passes, the sanitizer aside.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Ccodegen-units=1 -Cdebug-assertions --cfg fuzzing";

/// Seconds that each target runs.
const SECONDS: u64 = 10;

pub(super) fn run(context: &Context) -> Result<Outcome> {
    let folder = context.workspace.root.join("fuzz");
    let (host, target) = (host()?, context.target.join("fuzz"));
    let manifest = folder.join("Cargo.toml");
    let build = Run::cargo(["build", "--quiet", "--bins", "--target", &host], &folder)
        .env("CARGO_TARGET_DIR", &target);
    let built = build.env("RUSTFLAGS", FLAGS).limit(context.left()).wait()?;
    if !built.ok() {
        return Ok(Outcome::failed(format!("`cargo build --bins` in fuzz/: {}", built.how())));
    }
    let mut sum = Outcome::default();
    for name in targets(&fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?)?
    {
        println!("fuzz {name}");
        let (corpus, crashes) = (target.join("corpus").join(&name), target.join("crashes").join(&name));
        for folder in [&corpus, &crashes] {
            fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let arguments = [
            format!("-max_total_time={SECONDS}"),
            "-timeout=10".into(),
            "-rss_limit_mb=2048".into(),
            "-print_final_stats=1".into(),
            format!("-artifact_prefix={}/", crashes.display()),
            corpus.display().to_string(),
            folder.join("seeds").join(&name).display().to_string(),
        ];
        let program = target.join(&host).join("debug").join(&name);
        let ended =
            Run::new(program, arguments, &folder).quiet().limit(Duration::from_secs(SECONDS + 60)).wait()?;
        let runs = ended.text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        println!("  {} inputs", runs.unwrap_or("?").trim());
        sum.and(match ended.ok() {
            true => Outcome::passed(),
            false => Outcome::failed(format!(
                "{name}: {}; the input is in {}\n{}",
                ended.how(),
                crashes.display(),
                ended.tail(12)
            )),
        });
    }
    Ok(sum)
}

/// The names of the fuzz targets, as their manifest has them.
fn targets(manifest: &str) -> Result<Vec<String>> {
    let table: toml::Table = manifest.parse().map_err(|e| format!("fuzz/Cargo.toml: {e}"))?;
    let bins = table.get("bin").and_then(|bins| bins.as_array()).ok_or("fuzz/Cargo.toml has no [[bin]]")?;
    Ok(bins.iter().filter_map(|bin| bin.get("name")?.as_str().map(str::to_owned)).collect())
}
