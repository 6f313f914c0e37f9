//! The files of a folder: which there are, and what is in them.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use heptad_core::{
    Error, ErrorKind, Result,
    code::{Language, ParseLimits},
};
use ignore::{
    WalkBuilder,
    overrides::{Override, OverrideBuilder},
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
    /// The files at `path`, a folder or a file. Hidden files and those that ignore files name are left out, and links are not followed.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is nothing at `path`; [`InvalidInput`](ErrorKind::InvalidInput) where a glob is
    /// malformed.
    pub(crate) fn list(path: &str, include: &[String], exclude: &[String]) -> Result<Self> {
        let absolute = absolute(path)?;
        if absolute.is_file() {
            let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned());
            let root = absolute.parent().unwrap_or(&absolute).to_owned();
            return Ok(Self { path: absolute, root, names: name.into_iter().collect(), skipped: Vec::new() });
        }
        let included = globs(&absolute, include.iter().cloned())?;
        let excluded = globs(&absolute, exclude.iter().map(|glob| format!("!{glob}")))?;
        let (path, root) = (absolute.clone(), absolute.clone());
        let mut files = Self { path, root, names: Vec::new(), skipped: Vec::new() };
        for entry in WalkBuilder::new(&absolute).require_git(false).overrides(excluded).build() {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    let wanted = included.is_empty() || included.matched(entry.path(), false).is_whitelist();
                    if wanted {
                        files.add(entry.path());
                    }
                }
                Ok(_) => {}
                Err(error) => files.skipped.push(Skipped { file: ".".to_owned(), reason: error.to_string() }),
            }
        }
        files.names.sort_unstable();
        Ok(files)
    }

    fn add(&mut self, path: &Path) {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        let name = parts.join("/");
        if relative.to_str().is_some() {
            self.names.push(name);
        } else {
            self.skipped.push(Skipped { file: name, reason: "its name is not Unicode".to_owned() });
        }
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

fn globs(root: &Path, globs: impl Iterator<Item = String>) -> Result<Override> {
    let malformed =
        |glob: &str, error: ignore::Error| Error::invalid(format!("`{glob}` is not a glob: {error}"));
    let mut builder = OverrideBuilder::new(root);
    for glob in globs {
        builder.add(&glob).map_err(|error| malformed(glob.trim_start_matches('!'), error))?;
    }
    builder.build().map_err(|error| malformed("", error))
}
