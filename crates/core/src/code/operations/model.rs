//! Requests and responses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::{Language, Outline, SymbolKind, symbols::Definition, walk::Skipped};

/// Which files to outline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutlineRequest {
    /// A file or a folder. Of a folder, what ignore files exclude and what is hidden does not count.
    pub path: String,
    /// Only files in these languages; all where there are none.
    #[serde(default)]
    pub languages: Vec<Language>,
    /// Also what the files use.
    #[serde(default)]
    pub references: bool,
    /// Also what the files import.
    #[serde(default)]
    pub imports: bool,
}

impl OutlineRequest {
    /// The definitions of all files below `path`.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), languages: Vec::new(), references: false, imports: false }
    }
}

/// The outlines of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutlineReport {
    /// One outline a file, ordered by path.
    pub files: Vec<FileOutline>,
    /// Files that could not be read or parsed, ordered by path.
    pub skipped: Vec<Skipped>,
}

/// The outline of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileOutline {
    /// Its path below the one that was asked for, with `/` between the parts.
    pub path: String,
    /// What it defines, uses and imports.
    #[serde(flatten)]
    pub outline: Outline,
}

/// Which definitions to find.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SymbolsRequest {
    /// A file or a folder.
    #[schemars(extend("x-cli-positional" = true))]
    pub path: String,
    /// A part of the name, in any case; all names where it is not given.
    #[serde(default)]
    #[schemars(extend("x-cli-positional" = true))]
    pub query: Option<String>,
    /// Only definitions of these kinds; all where there are none.
    #[serde(default)]
    pub kinds: Vec<SymbolKind>,
    /// Only files in these languages; all where there are none.
    #[serde(default)]
    pub languages: Vec<Language>,
    /// The most results, at least 1.
    #[serde(default = "default_limit")]
    pub limit: usize,
}

fn default_limit() -> usize {
    100
}

impl SymbolsRequest {
    /// The first hundred definitions below `path` with `query` in their names.
    pub fn new(path: impl Into<String>, query: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            query: Some(query.into()),
            kinds: Vec::new(),
            languages: Vec::new(),
            limit: default_limit(),
        }
    }
}

/// Definitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SymbolList {
    /// The best matches first; equal ones by path and place.
    pub symbols: Vec<FoundSymbol>,
    /// How many there are beyond the limit and within.
    pub total: usize,
    /// Files that could not be read or parsed, ordered by path.
    pub skipped: Vec<Skipped>,
}

/// A definition and the file it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundSymbol {
    /// The path of the file below the one that was asked for.
    pub path: String,
    /// What is defined.
    #[serde(flatten)]
    pub definition: Definition,
}

/// What to index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexRequest {
    /// A file or folder.
    pub path: String,
    /// The collection that the documents go into.
    #[serde(default = "code")]
    pub collection: String,
    /// What the code below the path is called; the name of the folder where it is not given. Indexing it again replaces what was
    /// indexed under that name, and leaves other sources of the collection alone.
    #[serde(default)]
    pub source: Option<String>,
    /// Only these languages; all where none is named.
    #[serde(default)]
    pub languages: Vec<Language>,
}

impl IndexRequest {
    /// Everything below `path`, into the collection `code`.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), collection: code(), source: None, languages: Vec::new() }
    }
}

fn code() -> String {
    "code".to_owned()
}

/// What was indexed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IndexReport {
    /// The collection.
    pub collection: String,
    /// What the code is called there.
    pub source: String,
    /// How many files there are.
    pub files: usize,
    /// How many of them had not changed.
    pub unchanged: usize,
    /// How many files are gone since the last time.
    pub removed: usize,
    /// How many documents the files that changed became.
    pub documents: usize,
    /// How many definitions those files have.
    pub definitions: usize,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Files that could not be read, ordered by path.
    pub skipped: Vec<Skipped>,
}

/// The data of the event `heptad.code.indexed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IndexSummary {
    /// The collection.
    pub collection: String,
    /// How many files there are.
    pub files: usize,
    /// How many of them had not changed.
    pub unchanged: usize,
    /// How many files are gone since the last time.
    pub removed: usize,
    /// How many documents the files that changed became.
    pub documents: usize,
}

impl IndexReport {
    pub(super) fn summary(&self) -> IndexSummary {
        IndexSummary {
            collection: self.collection.clone(),
            files: self.files,
            unchanged: self.unchanged,
            removed: self.removed,
            documents: self.documents,
        }
    }
}

/// The languages, ordered by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LanguageList {
    /// The languages.
    pub languages: Vec<LanguageSupport>,
}

/// What is known of a language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LanguageSupport {
    /// Its name, as in requests.
    pub name: Language,
    /// Other names it goes by.
    pub aliases: Vec<String>,
    /// The extensions of its files, without the dot.
    pub extensions: Vec<String>,
    /// Whether this build parses it.
    pub parsed: bool,
    /// The feature with which a build parses it; nothing where no grammar exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
}

impl LanguageSupport {
    pub(super) fn of(language: Language) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            name: language,
            aliases: owned(language.aliases()),
            extensions: owned(language.extensions()),
            parsed: language.is_parsed(),
            feature: language.feature().map(str::to_owned),
        }
    }
}
