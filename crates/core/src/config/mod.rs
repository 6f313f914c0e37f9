//! Typed configuration: a file (TOML) below the environment (`HEPTAD_*`) below the builder.
//!
//! A key is declared once, with [`keys!`](crate::config::keys); its place in the file, its environment variable, its documentation and its
//! errors follow from that. `store.durability` is `durability` in the section `[store]` and the variable `HEPTAD_STORE_DURABILITY`. Nothing is
//! guessed: an unknown key, a wrong value and a wrong type are refused, with the key, the value and where it stands.
//!
//! ```
//! use heptad_core::config::{Config, LoadOptions, STORE_DURABILITY, STORE_PATH};
//!
//! let config = Config::load(
//!     LoadOptions::new()
//!         .text("heptad.toml", "[store]\npath = \"acme.db\"\ndurability = \"full\"")
//!         .environment([("HEPTAD_STORE_DURABILITY".to_owned(), "normal".to_owned())]),
//! )?;
//! assert_eq!(config.get(&STORE_DURABILITY), "normal");
//! assert_eq!(config.get(&STORE_PATH).as_deref(), Some("acme.db".as_ref()));
//!
//! let error = Config::parse("[store]\ndurabilty = \"full\"").unwrap_err();
//! assert_eq!(
//!     error.message(),
//!     "`store.durabilty` in heptad.toml:2 is not a key; did you mean `store.durability`?"
//! );
//! # Ok::<(), heptad_core::Error>(())
//! ```

mod file;
mod key;
mod load;
mod value;

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    key::{
        Declaration, ENCRYPTION_EXISTING, ENCRYPTION_KEY_FILE, ENCRYPTION_KEYS, ENCRYPTION_SEARCH, KEYS, Key,
        LOG_LEVEL, SEARCH_PATH, STORE_DURABILITY, STORE_PATH, keys,
    },
    load::LoadOptions,
    value::{Kind, Setting, Value},
};
use crate::error::Result;

/// Where a value comes from, in ascending order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// Nobody set it.
    Default,
    /// A line of a file.
    File {
        /// The file as it was named.
        path: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// The program, or an option of the command line.
    Builder,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Environment { variable } => f.write_str(variable),
            Self::Builder => f.write_str("builder"),
        }
    }
}

/// The configuration of one platform: checked, complete and immutable.
#[derive(Clone)]
pub struct Config {
    declarations: Vec<&'static Declaration>,
    set: BTreeMap<&'static str, (Value, Source)>,
}

/// One line of [`Config::explain`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explained {
    /// The key.
    pub key: String,
    /// The value as text; `***` for a secret, nothing where there is none.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: Source,
    /// The environment variable that sets it.
    pub variable: String,
    /// What it means.
    pub doc: String,
}

impl Config {
    /// The configuration that `options` amount to.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) with everything that is wrong, one problem a line;
    /// [`NotFound`](crate::ErrorKind::NotFound) where the file does not exist.
    pub fn load(options: LoadOptions) -> Result<Self> {
        options.resolve()
    }

    /// The configuration of a file with this text and nothing else.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn parse(text: &str) -> Result<Self> {
        Self::load(LoadOptions::new().text("heptad.toml", text))
    }

    /// The value of `key`.
    pub fn get<T: Setting>(&self, key: &Key<T>) -> T {
        let set = self.set.get(key.declaration().name).map(|(value, _)| value.clone());
        key.read(set.or_else(|| key.declaration().default_value()))
    }

    /// Where the value of `key` comes from.
    pub fn source<T>(&self, key: &Key<T>) -> &Source {
        self.source_of(key.declaration())
    }

    /// Every key with its value and where that comes from, by name. Secrets are not shown.
    pub fn explain(&self) -> Vec<Explained> {
        self.declarations
            .iter()
            .map(|declaration| Explained {
                key: declaration.name.to_owned(),
                value: self.shown(declaration),
                source: self.source_of(declaration).clone(),
                variable: declaration.variable(),
                doc: declaration.doc.to_owned(),
            })
            .collect()
    }

    fn source_of(&self, declaration: &Declaration) -> &Source {
        self.set.get(declaration.name).map_or(&Source::Default, |(_, source)| source)
    }

    fn shown(&self, declaration: &Declaration) -> Option<String> {
        let set = self.set.get(declaration.name).map(|(value, _)| value.clone());
        let value = set.or_else(|| declaration.default_value())?;
        Some(if declaration.secret { "***".to_owned() } else { value.to_string() })
    }
}

impl Default for Config {
    /// Every key of the kernel at its default.
    fn default() -> Self {
        Self { declarations: load::sorted(KEYS.to_vec()), set: BTreeMap::new() }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.declarations.iter().map(|key| (key.name, self.shown(key)));
        f.debug_map().entries(shown).finish()
    }
}
