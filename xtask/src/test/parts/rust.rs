//! Parts that run Rust code.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Context, FEATURES, Outcome, cargo};
use crate::{
    Result,
    shell::Run,
    workspace::{Layer, Package},
};

/// The tests of every member, with nextest where it is installed.
pub(super) fn tests(context: &Context) -> Result<Outcome> {
    let nextest = Run::cargo(["nextest", "--version"], &context.workspace.root)
        .quiet()
        .wait()
        .is_ok_and(|ended| ended.ok());
    let runner: &[&str] = if nextest { &["nextest", "run"] } else { &["test", "--all-targets"] };
    counted(context, &[runner, &["--workspace", "--no-fail-fast"], FEATURES].concat())
}

/// The examples in doc comments; nextest does not run those.
pub(super) fn doc_tests(context: &Context) -> Result<Outcome> {
    counted(context, &[&["test", "--doc", "--workspace", "--no-fail-fast"], FEATURES].concat())
}

/// The tests that have promtool read the metrics, the dashboard's queries and the alerts, and try the alerts; among the other tests they pass that
/// over where there is no promtool.
pub(super) fn metrics(context: &Context) -> Result<Outcome> {
    let root = &context.workspace.root;
    let on_path = Run::new("promtool", ["--version"], root).quiet().wait().is_ok_and(|ended| ended.ok());
    let unpacked = root.join("target/tools/usr/bin/promtool");
    let program = if on_path { Path::new("promtool") } else { &unpacked };
    let arguments = [
        &["test", "--workspace"],
        FEATURES,
        &["--test", "it", "--", "telemetry::promtool", "telemetry::dashboards"],
    ]
    .concat();
    counted_with(context, &arguments, |run| run.env("PROMTOOL", program))
}

fn counted(context: &Context, arguments: &[&str]) -> Result<Outcome> {
    counted_with(context, arguments, |run| run)
}

fn counted_with(context: &Context, arguments: &[&str], change: impl FnOnce(Run) -> Run) -> Result<Outcome> {
    let told = context.target.join("tmp/not-run");
    fresh_folder(&told)?;
    let told = told.join("tests.txt");
    let run =
        Run::cargo(arguments, &context.workspace.root).limit(context.left()).env("HEPTAD_NOT_RUN", &told);
    let ended = change(run).wait()?;
    let outcome = Outcome::of_tests(&ended.text, ended.ok(), &ended.how());
    Ok(outcome.without_not_run(&fs::read_to_string(&told).unwrap_or_default()))
}

/// Every example of the facade runs to a good end.
pub(super) fn examples(context: &Context) -> Result<Outcome> {
    let Some(facade) = context.workspace.layer(Layer::Facade).next() else {
        return Err("no facade package".into());
    };
    let examples: Vec<&str> =
        facade.targets.iter().filter(|(kind, _)| kind == "example").map(|(_, name)| name.as_str()).collect();
    if examples.is_empty() {
        return Ok(Outcome::not_run("there is no example"));
    }
    let mut sum = Outcome::default();
    for example in examples {
        println!("example {example}");
        sum.and(cargo(
            context,
            &["run", "--quiet", "--package", &facade.name, "--features", "full", "--example", example],
            &[],
        )?);
    }
    Ok(sum)
}

/// The kernel and the facade compile without a warning: with no feature, with each alone, and with all.
pub(super) fn features(context: &Context) -> Result<Outcome> {
    let mut sum = Outcome::default();
    for package in context
        .workspace
        .packages
        .iter()
        .filter(|package| matches!(package.layer, Layer::Core | Layer::Facade))
    {
        let all = "--all-features".to_owned();
        let alone = single_features(package).into_iter().map(|feature| format!("--features={feature}"));
        for choice in alone.chain([String::new(), all]) {
            let mut arguments =
                vec!["clippy", "--quiet", "--package", &package.name, "--no-default-features"];
            arguments.extend((!choice.is_empty()).then_some(choice.as_str()));
            arguments.extend(["--", "-D", "warnings"]);
            println!("{} {}", package.name, if choice.is_empty() { "(no feature)" } else { &choice });
            let ended = Run::cargo(&arguments, &context.workspace.root).limit(context.left()).wait()?;
            // Quiet, cargo prints what the compiler warns of and nothing else.
            let clean = ended.ok() && !ended.text.lines().any(|line| line.starts_with("warning"));
            let how = if ended.ok() { "the compiler warns".to_owned() } else { ended.how() };
            let failed = || Outcome::failed(format!("`cargo {}`: {how}", arguments.join(" ")));
            sum.and(if clean { Outcome::passed() } else { failed() });
        }
    }
    Ok(sum)
}

fn single_features(package: &Package) -> Vec<&str> {
    package.features.keys().map(String::as_str).filter(|name| *name != "default").collect()
}

/// The native module of a binding, built with the features of the whole workspace; `None` where it does not build.
pub(super) fn native_module(context: &Context, library: &str) -> Result<Option<PathBuf>> {
    let build = [&["build", "--quiet", "--workspace", "--lib"], FEATURES].concat();
    let built = Run::cargo(&build, &context.workspace.root).limit(context.left()).wait()?;
    let (before, after) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    Ok(built.ok().then(|| context.target.join(format!("debug/{before}{library}{after}"))))
}

/// Makes an empty folder, whatever was there before.
pub(super) fn fresh_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}
