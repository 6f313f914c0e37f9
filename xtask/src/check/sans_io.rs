//! Engines are functions from data to data. Where I/O may happen is said here, by path; everywhere else it is a violation.

use std::path::Path;

use super::{Findings, House, Violation};
use crate::{source::Source, workspace::Layer};

/// Paths that touch the world.
const WORLD: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::thread::sleep",
    "std::os",
    "reqwest",
    "hyper",
    "ureq",
    "ignore",
    "walkdir",
    "tempfile",
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "dbg!",
];

/// Ways to ask the machine for the time, by their last two segments.
const CLOCKS: &[&str] =
    &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "Utc::now", "Local::now"];

/// Methods of `Path` that look at the disk.
const DISK: &[&str] =
    &["read_dir", "canonicalize", "try_exists", "symlink_metadata", "is_symlink", "read_link"];

/// Files of a system, beside its handle, where I/O happens. `src/`-relative.
const OPEN_ROOMS: &[&str] = &["lib.rs", "store.rs", "llm.rs"];

/// Adapters of systems: files beside the handle that read or write the world for it, and what.
const SYSTEM_ADAPTERS: &[(&str, &str)] = &[("crates/review/src/files.rs", "the repository being scanned")];

/// Files and folders of core where the world is met: the adapters and the ports that stand for it. Each says what it touches.
const CORE_ADAPTERS: &[(&str, &str)] = &[
    ("auth/config/open.rs", "the file of an issuer's keys"),
    ("auth/oidc", "the OpenID provider"),
    ("backup", "the database file, the file restored, and the targets of backups"),
    ("clock.rs", "the system clock"),
    ("config/load.rs", "the configuration file and the environment"),
    ("crypto/keyring/file.rs", "the file of a key ring"),
    ("http", "the HTTP client and what it connects to"),
    ("llm/cassette", "the file of recorded exchanges"),
    ("llm/config/open.rs", "the price list"),
    ("llm/http", "the servers of hosted models"),
    ("llm/local/load.rs", "the file of a chat template"),
    ("store/sqlite", "the database file"),
    ("telemetry/otlp", "the collector, and the file of its authorities"),
    ("search/tantivy", "the index folder"),
    ("code/walk", "the repository being read"),
    ("code/walk.rs", "the repository being read"),
    ("code/operations", "the threads for work that blocks"),
];

/// Files of the computing crates that meet the world, and what they touch.
const COMPUTE_ADAPTERS: &[(&str, &str)] =
    &[("crates/infer/src/file.rs", "the model file, mapped into memory")];

/// Rooms of core that are engines altogether: no async runtime either.
const CORE_ENGINES: &[&str] = &[
    "code",
    "events/envelope",
    "llm/money.rs",
    "llm/schema",
    "llm/sse.rs",
    "search/hybrid",
    "search/parse",
    "search/tokenize",
    "search/query.rs",
    "stats",
    "crypto",
    "error.rs",
];

/// What a file may name although it is no adapter: file, path, why.
const DECLARED: &[(&str, &str, &str)] = &[(
    "crates/core/src/code/parse.rs",
    "std::time::Instant::now",
    "the time limit of a parser on hostile input",
)];

pub(super) fn look(house: &House) -> Findings {
    let mut violations = Vec::new();
    for source in house.sources.iter().filter(|source| !source.test) {
        let Some(zone) = Zone::of(house, source) else { continue };
        for mention in source.facts.mentions.iter().filter(|mention| !mention.test) {
            let world = WORLD.iter().any(|prefix| touches(&mention.path, prefix));
            let clock = CLOCKS.iter().any(|clock| mention.path.ends_with(clock));
            let runtime = zone == Zone::Engine && mention.is_under("tokio") && mention.path != "tokio";
            let declared = DECLARED
                .iter()
                .any(|(file, path, _)| source.path == Path::new(file) && mention.path == *path);
            if (world || clock || runtime) && !declared {
                let right = if clock {
                    "time comes from the `Clock` port"
                } else {
                    "I/O belongs in the handle, the store or an adapter"
                };
                violations.push(Violation::new(
                    &source.path,
                    mention.line,
                    format!("an engine names `{}`", mention.path),
                    right,
                ));
            }
        }
        for call in
            source.facts.calls.iter().filter(|call| !call.test && DISK.contains(&call.method.as_str()))
        {
            let what = format!("an engine calls `.{}()`, which looks at the disk", call.method);
            violations.push(Violation::new(
                &source.path,
                call.line,
                what,
                "I/O belongs in the handle, the store or an adapter",
            ));
        }
    }
    violations.into_iter().collect()
}

/// Whether the path is the prefix or below it. A lone word is a variable, unless it is a macro.
fn touches(path: &str, prefix: &str) -> bool {
    if prefix.ends_with('!') {
        return path.trim_start_matches("std::") == prefix;
    }
    path.contains("::")
        && path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Whether the file (relative to the root) is a declared adapter of a system.
pub(super) fn is_adapter(file: &Path) -> bool {
    SYSTEM_ADAPTERS.iter().any(|(place, _)| file == Path::new(place))
}

/// How much a file must keep from the world.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// No I/O, no clock; async plumbing is fine.
    Kernel,
    /// No async runtime either.
    Engine,
}

impl Zone {
    /// The zone of a file; `None` where I/O is at home.
    fn of(house: &House, source: &Source) -> Option<Zone> {
        let room = source.room(&house.workspace)?;
        let within = |list: &[&str]| list.iter().any(|place| room.starts_with(Path::new(place)));
        match source.layer? {
            Layer::System => {
                let system = source.package.strip_prefix("heptad-").unwrap_or(&source.package);
                let handle = room.starts_with(system) || room == Path::new(system).with_extension("rs");
                (!handle && !within(OPEN_ROOMS) && !is_adapter(&source.path)).then_some(Zone::Engine)
            }
            Layer::Compute if COMPUTE_ADAPTERS.iter().any(|(file, _)| source.path == Path::new(file)) => None,
            Layer::Compute => Some(Zone::Engine),
            Layer::Core if CORE_ADAPTERS.iter().any(|(place, _)| room.starts_with(place)) => None,
            Layer::Core if within(CORE_ENGINES) => Some(Zone::Engine),
            Layer::Core => Some(Zone::Kernel),
            _ => None,
        }
    }
}
