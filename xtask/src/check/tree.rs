//! What a user pays for `heptad` as it comes: the number of packages, and none of the heavy ones.

use super::{Findings, House, Violation, drivers::matches};
use crate::{graph, workspace::Layer};

/// The most packages that the default tree may have (build scripts and procedural macros included).
const LIMIT: usize = 200;

/// Crates that a user asks for by a feature.
const HEAVY: &[&str] = &[
    "arrow*",
    "datafusion*",
    "ballista*",
    "parquet",
    "candle-*",
    "tokenizers",
    "reqwest",
    "hyper",
    "openssl*",
    "native-tls",
    "rustls*",
    "ring",
    "aws-*",
    "axum*",
    "tonic*",
    "async-graphql*",
    "async-nats",
    "rdkafka*",
    "tokio-postgres",
    "redis",
    "elasticsearch",
    "object_store",
    "polars*",
    "bindgen",
    "cmake",
];

pub(super) fn look(house: &House) -> Findings {
    let Some(facade) = house.workspace.layer(Layer::Facade).next() else {
        return Findings::not_run("the workspace has no facade package");
    };
    let tree = match graph::tree(&house.workspace.root, &facade.name, &[]) {
        Ok(tree) => tree,
        Err(reason) => return Findings::not_run(reason),
    };
    let name = |package: &str| package.split(' ').next().unwrap_or_default().to_owned();
    let mut violations: Vec<Violation> = tree
        .iter()
        .filter(|package| HEAVY.iter().any(|pattern| matches(pattern, &name(package))))
        .map(|package| {
            let right = format!(
                "put it behind a feature that is not on by default (`cargo tree -i {}` tells who brings it)",
                name(package)
            );
            Violation::new(facade.manifest(), 0, format!("the default tree has `{package}`"), right)
        })
        .collect();
    if tree.len() > LIMIT {
        let what = format!("the default tree has {} packages", tree.len());
        violations.push(Violation::new(
            facade.manifest(),
            0,
            what,
            format!("{LIMIT} at most; `cargo tree -p {}` shows them", facade.name),
        ));
    }
    Findings { note: Some(format!("{} packages", tree.len())), ..violations.into_iter().collect() }
}
