//! The files of a folder: which there are, and what is in them.

use std::{fs::File, io::Read as _, path::PathBuf};

use heptad_core::{
    Error, ErrorKind, Result,
    code::{
        Language, ParseLimits,
        walk::{Cancel, WalkOptions, find},
    },
};

use crate::{model::Skipped, rules::RuleSet};

/// How much of a file decides about its language.
const HEAD: u64 = 8 << 10;

/// The files below a path.
#[derive(Debug)]
pub(crate) struct Files {
    /// What was listed: a folder or a file, absolute.
    pub(crate) path: PathBuf,
    /// The folder that names are relative to, absolute.
    pub(crate) root: PathBuf,
    /// The names, in order, with `/` between their parts.
    pub(crate) names: Vec<String>,
    /// What could not be listed.
    pub(crate) skipped: Vec<Skipped>,
}

impl Files {
    /// The files at `path`, a folder or a file, as [`find`] finds them: hidden files and those that ignore files name are left out, and
    /// links are not followed. A file that is named itself is wanted whatever the globs say.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is nothing at `path`; [`InvalidInput`](ErrorKind::InvalidInput) where a glob is
    /// malformed.
    pub(crate) fn list(path: &str, include: &[String], exclude: &[String]) -> Result<Self> {
        let path = absolute(path)?;
        let root = if path.is_dir() { path.clone() } else { path.parent().unwrap_or(&path).to_owned() };
        let options =
            WalkOptions { include: include.to_vec(), exclude: exclude.to_vec(), ..WalkOptions::default() };
        let found = find(&path, &options, &Cancel::default())?;
        let named = |path: String| if path.is_empty() { ".".to_owned() } else { path };
        Ok(Self {
            path,
            root,
            names: found.files.into_iter().map(|file| file.path).collect(),
            skipped: found
                .skipped
                .into_iter()
                .map(|skipped| Skipped { file: named(skipped.path), reason: skipped.reason })
                .collect(),
        })
    }

    /// The content of a file; nothing where no rule reads its language.
    pub(crate) fn read(&self, name: &str, rules: &RuleSet) -> Result<Option<Vec<u8>>, String> {
        let path = self.root.join(name);
        let mut file = File::open(&path).map_err(|error| error.to_string())?;
        let mut content = Vec::new();
        file.by_ref().take(HEAD).read_to_end(&mut content).map_err(|error| error.to_string())?;
        // A binary file that is called `x.py` has no language; that it was not scanned is worth a word.
        let language = Language::of(&path, &content).or_else(|| Language::of(&path, b""));
        if !language.is_some_and(|language| rules.reads(language)) {
            return Ok(None);
        }
        let limit = ParseLimits::default().bytes as u64;
        file.take(limit + 1 - HEAD).read_to_end(&mut content).map_err(|error| error.to_string())?;
        if content.len() as u64 > limit {
            return Err(format!("it is larger than {} MiB", limit >> 20));
        }
        Ok(Some(content))
    }
}

/// The path from the root of the file system, without links.
pub(crate) fn absolute(path: &str) -> Result<PathBuf> {
    std::fs::canonicalize(path).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            _ => ErrorKind::InvalidInput,
        };
        Error::new(kind, format!("`{path}` cannot be read: {error}"))
    })
}
