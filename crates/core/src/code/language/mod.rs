//! The languages: how each is recognised, written and parsed.
//!
//! **To add a language**: a variant of [`Language`] and a row in `table.rs` (both in alphabetical order), a feature `lang-…` with its
//! grammar crate in `Cargo.toml`, and a table of symbols in `code/symbols/`. Nothing else names a language.

mod detect;
mod grammar;
mod table;

use std::{fmt, path::Path, str::FromStr};

use serde::{Deserialize, Serialize};

pub use self::detect::is_binary;
pub(crate) use self::{
    grammar::{Grammar, KIND_ERROR},
    table::{COUNT, Row, TABLE},
};
use crate::error::Error;

/// A language that is recognised. Whether it can be parsed depends on the features of the build: [`Language::is_parsed`].
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names of the languages say it")]
#[non_exhaustive]
pub enum Language {
    Bash,
    C,
    Cpp,
    CSharp,
    Css,
    Dockerfile,
    Go,
    Hcl,
    Html,
    Java,
    JavaScript,
    Json,
    Kotlin,
    /// Split into sections by [`markdown`](crate::code::markdown), not parsed.
    Markdown,
    Php,
    Python,
    Ruby,
    Rust,
    Scala,
    Swift,
    Tsx,
    TypeScript,
    Yaml,
}

/// How comments are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comments {
    /// What begins a comment that ends with the line.
    pub line: &'static [&'static str],
    /// What begins and ends a comment over several lines.
    pub block: &'static [(&'static str, &'static str)],
}

impl Language {
    /// Every language, in alphabetical order.
    pub const ALL: &'static [Self] = &table::ALL;

    /// The language of a file, from its name, else from the first bytes of its content (a `#!` line). Where an extension stands for
    /// several languages, the content decides. Binary content has none.
    pub fn of(path: &Path, head: &[u8]) -> Option<Self> {
        detect::detect(path, head)
    }

    /// The language called `name`, by name, alias or extension, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let by_name = |row: &&Row| row.name == name || row.aliases.contains(&name.as_str());
        let by_extension = |row: &&Row| row.extensions.contains(&name.as_str());
        TABLE.iter().find(by_name).or_else(|| TABLE.iter().find(by_extension)).map(|row| row.language)
    }

    /// Its name on every surface, in lower case.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Other names it goes by, as in Markdown's code fences.
    pub fn aliases(self) -> &'static [&'static str] {
        self.row().aliases
    }

    /// The extensions of its files, without the dot.
    pub fn extensions(self) -> &'static [&'static str] {
        self.row().extensions
    }

    /// How comments are written.
    pub fn comments(self) -> Comments {
        self.row().comments
    }

    /// The Cargo feature with which it can be parsed; `None` where no grammar exists.
    pub fn feature(self) -> Option<&'static str> {
        self.row().feature
    }

    /// Whether this build can parse it.
    pub fn is_parsed(self) -> bool {
        self.row().grammar.is_some()
    }

    pub(crate) fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The grammar, where the build has it.
    pub(crate) fn grammar(self) -> Option<&'static Grammar> {
        Grammar::of(self)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::named(name).ok_or_else(|| {
            let known: Vec<_> = TABLE.iter().map(|row| row.name).collect();
            Error::invalid(format!("`{name}` is not a language; known are {}", known.join(", ")))
        })
    }
}
