//! Parts that look at the code without running it.

use super::{Context, FEATURES, Outcome, cargo};
use crate::{
    Result,
    check::{House, RULES},
    codegen,
};

pub(super) fn fmt(context: &Context) -> Result<Outcome> {
    let mut sum = cargo(context, &["fmt", "--all", "--check"], &[])?;
    sum.and(cargo(context, &["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"], &[])?);
    Ok(sum)
}

pub(super) fn clippy(context: &Context) -> Result<Outcome> {
    let arguments =
        [&["clippy", "--workspace", "--all-targets"], FEATURES, &["--", "-D", "warnings"]].concat();
    cargo(context, &arguments, &[])
}

pub(super) fn doc(context: &Context) -> Result<Outcome> {
    cargo(
        context,
        &[&["doc", "--workspace", "--no-deps"], FEATURES].concat(),
        &[("RUSTDOCFLAGS", "-D warnings")],
    )
}

/// Each rule is one check.
pub(super) fn check(context: &Context) -> Result<Outcome> {
    let house = House::load(context.workspace.clone())?;
    let mut sum = Outcome::default();
    for rule in RULES {
        let findings = rule.look(&house);
        print!("{}", crate::check::Lines(rule, &findings));
        sum.and(match (&findings.not_run, findings.violations.len()) {
            (Some(reason), _) => Outcome::not_run(format!("{}: {reason}", rule.name)),
            (None, 0) => Outcome::passed(),
            (None, count) => Outcome::failed(format!("{}: {count} violations", rule.name)),
        });
    }
    Ok(sum)
}

pub(super) fn codegen(context: &Context) -> Result<Outcome> {
    let mut sum = Outcome::default();
    for fresh in codegen::generate(&context.workspace)? {
        let stale =
            || Outcome::failed(format!("{} is stale: run `cargo xtask codegen` and commit it", fresh.file));
        sum.and(if fresh.is_current(&context.workspace) { Outcome::passed() } else { stale() });
    }
    Ok(sum)
}

pub(super) fn deny(context: &Context) -> Result<Outcome> {
    cargo(context, &["deny", "--offline", "check", "licenses", "bans", "sources"], &[])
}
