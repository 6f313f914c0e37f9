//! Who may name which foreign crate: backend drivers belong to core, a surface's framework to the bindings.

use super::{Findings, House, Violation};
use crate::workspace::Layer;

/// Crates that one layer keeps to itself. A name that ends in `*` stands for all that begin so.
struct Reserved {
    names: &'static [&'static str],
    layer: Layer,
    right: &'static str,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        names: &[
            "rusqlite",
            "libsqlite3-sys",
            "tokio-postgres",
            "deadpool-postgres",
            "redis",
            "async-nats",
            "rdkafka",
            "elasticsearch",
            "tantivy",
            "tree-sitter*",
            "object_store",
            "ring",
            "reqwest",
            "rustls*",
        ],
        layer: Layer::Core,
        right: "only heptad-core names a backend driver: use its port",
    },
    Reserved {
        names: &["candle-*", "gguf*", "llguidance", "tokenizers", "safetensors"],
        layer: Layer::Compute,
        right: "only heptad-infer computes with models: use `heptad_core::llm`",
    },
    Reserved {
        names: &["pyo3*", "napi*", "uniffi*", "axum*", "tonic*", "async-graphql*", "clap*", "indicatif"],
        layer: Layer::Binding,
        right: "only a binding names a surface's framework: make it an operation",
    },
];

/// Who may name a crate that is not theirs, and why.
const EXCEPTIONS: &[(Layer, &str)] = &[
    // The benches measure us against the driver used bare.
    (Layer::Bench, "rusqlite"),
    (Layer::Testkit, "rusqlite"),
    (Layer::Bench, "tantivy"),
    (Layer::Bench, "tree-sitter*"),
];

pub(super) fn look(house: &House) -> Findings {
    let manifests = house.workspace.packages.iter().flat_map(|package| {
        package.dependencies.iter().filter_map(move |dependency| {
            let reserved = trespass(package.layer, &dependency.name)?;
            let line = super::manifests::line_of(house, package, &dependency.name);
            let what = format!("`{}` depends on `{}`", package.name, dependency.name);
            Some(Violation::new(package.manifest(), line, what, reserved.right))
        })
    });
    let sources = house.sources.iter().filter_map(|source| Some((source, source.layer?))).flat_map(
        |(source, layer)| {
            source.facts.mentions.iter().filter_map(move |mention| {
                // A lone word is a variable or a module of our own; a driver is named to reach into it.
                let (first, _) = mention.path.split_once("::")?;
                let reserved = trespass(layer, &first.replace('_', "-"))?;
                Some(Violation::new(
                    &source.path,
                    mention.line,
                    format!("names `{}`", mention.path),
                    reserved.right,
                ))
            })
        },
    );
    manifests.chain(sources).collect()
}

/// The reservation that `layer` breaks by naming `name`.
fn trespass(layer: Layer, name: &str) -> Option<&'static Reserved> {
    let reserved =
        RESERVED.iter().find(|reserved| reserved.names.iter().any(|pattern| matches(pattern, name)))?;
    let allowed = reserved.layer == layer
        || EXCEPTIONS.iter().any(|(who, pattern)| *who == layer && matches(pattern, name));
    (!allowed).then_some(reserved)
}

/// `tree-sitter*` matches `tree-sitter` and `tree-sitter-go`.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.replace('_', "-"), name.replace('_', "-"));
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}
