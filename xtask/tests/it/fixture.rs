//! A tiny house with every layer, intact; tests break one thing in it. Foreign crates are empty packages in `vendor/`, so that
//! nothing is fetched.

use std::{fs, path::Path};

use tempfile::TempDir;
use xtask::{
    check::{self, Findings, House},
    workspace::Workspace,
};

/// Foreign crates that a test may plant: name and licence.
const VENDORED: &[(&str, &str)] = &[
    ("rusqlite", "MIT"),
    ("tokio", "MIT"),
    ("clap", "MIT OR Apache-2.0"),
    ("arrow", "Apache-2.0"),
    ("copyleft", "AGPL-3.0-only"),
];

const ROOT: &str = r###"
[workspace]
members = ["crates/*", "bindings/cli"]
exclude = ["vendor"]
resolver = "3"

[workspace.dependencies]
heptad = { path = "." }
heptad-core = { path = "crates/core" }
heptad-macros = { path = "crates/macros" }
heptad-review = { path = "crates/review" }
heptad-soc = { path = "crates/soc" }
heptad-testkit = { path = "crates/testkit" }
rusqlite = { path = "vendor/rusqlite" }
tokio = { path = "vendor/tokio" }
clap = { path = "vendor/clap" }
arrow = { path = "vendor/arrow" }
copyleft = { path = "vendor/copyleft" }

[workspace.lints.rust]
missing_docs = "warn"

[package]
name = "heptad"
version = "0.1.0"
edition = "2024"
license = "MIT OR Apache-2.0"

[features]
default = ["review"]
## Code review.
review = ["dep:heptad-review"]

[dependencies]
heptad-core = { workspace = true }
heptad-review = { workspace = true, optional = true }

[lints]
workspace = true
"###;

const DENY: &str = r#"
[licenses]
allow = ["MIT", "Apache-2.0"]

[bans]
deny = [{ crate = "rusqlite", wrappers = ["heptad-core"] }]
"#;

const MAP: &str = "# Architecture\n\n## Code map\n\n```\ncrates/core/    the base\ncrates/macros/  attributes\ncrates/review/  review\n\
    crates/soc/  soc\ncrates/testkit/  suites\nbindings/cli/  the command line\nstore.rs  records\n```\n\n## Invariants\n";

/// A house in a temporary folder.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    /// The intact house.
    pub(crate) fn new() -> Fixture {
        let house = Fixture { folder: TempDir::new().unwrap() };
        house.write("Cargo.toml", ROOT);
        house.write("src/lib.rs", "//! The facade.\n");
        house.write("deny.toml", DENY);
        house.write("ARCHITECTURE.md", MAP);
        for (name, licence) in VENDORED {
            house.package(&format!("vendor/{name}"), name, licence, "");
            house.write(&format!("vendor/{name}/src/lib.rs"), "");
        }
        house.member("crates/macros", "heptad-macros", "");
        house.member(
            "crates/core",
            "heptad-core",
            "heptad-macros = { workspace = true }\nrusqlite = { workspace = true }\n",
        );
        house.member("crates/testkit", "heptad-testkit", "heptad-core = { workspace = true }\n");
        house.member("crates/review", "heptad-review", "heptad-core = { workspace = true }\n");
        house.member("crates/soc", "heptad-soc", "heptad-core = { workspace = true }\n");
        house.member(
            "bindings/cli",
            "heptad-cli",
            "heptad = { workspace = true }\nclap = { workspace = true }\n",
        );
        house.write("crates/core/src/store.rs", "//! Records.\nuse rusqlite::Connection;\n");
        for system in ["review", "soc"] {
            house.write(&format!("crates/{system}/src/{system}.rs"), "//! The handle.\nuse std::fs;\n");
            house.write(&format!("crates/{system}/src/model/mod.rs"), "//! Types.\n");
            house.write(&format!("crates/{system}/src/engine/mod.rs"), "//! Pure functions.\n");
        }
        house
    }

    fn member(&self, folder: &str, name: &str, dependencies: &str) {
        let rest = format!("[dependencies]\n{dependencies}\n[lints]\nworkspace = true\n");
        self.package(folder, name, "MIT OR Apache-2.0", &rest);
        self.write(&format!("{folder}/src/lib.rs"), "//! A crate.\n");
    }

    fn package(&self, folder: &str, name: &str, licence: &str, rest: &str) {
        let head = format!(
            "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\nlicense = \"{licence}\"\n\n"
        );
        self.write(&format!("{folder}/Cargo.toml"), &(head + rest));
    }

    /// Where it stands.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces text that has to be there.
    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root().join(file)).unwrap();
        assert!(text.contains(from), "{file} has no `{from}`");
        self.write(file, &text.replacen(from, to, 1));
    }

    /// Adds to the end of a file.
    pub(crate) fn append(&self, file: &str, more: &str) {
        let text = fs::read_to_string(self.root().join(file)).unwrap_or_default();
        self.write(file, &(text + more));
    }

    /// What the rule says of the house as it stands now.
    pub(crate) fn look(&self, rule: &str) -> Findings {
        let house = House::load(Workspace::load(self.root()).unwrap()).unwrap();
        check::rule(rule).unwrap_or_else(|| panic!("no rule `{rule}`")).look(&house)
    }
}
