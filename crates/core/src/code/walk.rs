//! Finding and reading the source files of a repository: the only room of `code` that touches a disk.
//!
//! What `.gitignore`, `.ignore` and `.heptadignore` exclude is left out, as are hidden files and symbolic links (so that no loop is
//! walked). Settings of the user outside the repository do not count: the same repository gives the same files everywhere, in the same
//! order. A file that cannot be read is told of, and the others are read all the same.

use std::{
    fmt, fs, io,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use ignore::{
    WalkBuilder, WalkState,
    overrides::{Override, OverrideBuilder},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Language, Source, SourceError};
use crate::{
    error::{Error, ErrorKind, Result},
    progress::Progress,
};

/// Which files of a folder count.
#[derive(Clone, Debug)]
pub struct WalkOptions {
    /// Larger files are skipped, in bytes.
    pub max_bytes: u64,
    /// Also hidden files and folders. `.git` never counts.
    pub hidden: bool,
    /// Also files that ignore files exclude.
    pub ignored: bool,
    /// Only these languages; all where there are none.
    pub languages: Vec<Language>,
    /// Only files that one of these globs matches, in the manner of `.gitignore`; all where there are none.
    pub include: Vec<String>,
    /// No files that one of these globs matches, and nothing in folders that do.
    pub exclude: Vec<String>,
}

impl Default for WalkOptions {
    /// What a person would call the source: files up to 2 MiB, neither hidden nor ignored, of any language.
    fn default() -> Self {
        Self {
            max_bytes: 2 << 20,
            hidden: false,
            ignored: false,
            languages: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
        }
    }
}

/// The hash of a file's bytes: BLAKE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash(blake3::Hash);

impl ContentHash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes))
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for ContentHash {
    /// In hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex())
    }
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path below the root, with `/` between the parts.
    pub path: String,
    /// What it is written in.
    pub language: Language,
    /// The hash of its bytes.
    pub hash: ContentHash,
    /// Its text.
    pub source: Source,
}

/// A file that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Skipped {
    /// Its path below the root, with `/` between the parts.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// A file that was found and may be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundFile {
    /// Its path below the root, with `/` between the parts.
    pub path: String,
    /// Where it is.
    pub location: PathBuf,
}

/// Tells a walk to stop. Clones are one switch.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stops the work that was given this or a clone of it.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            Err(Error::new(ErrorKind::Cancelled, "the walk was stopped"))
        } else {
            Ok(())
        }
    }
}

/// What a walk gave: one result a file, by path, and the files that were not read.
#[derive(Clone, Debug)]
pub struct Walked<T> {
    /// What was made of each file, ordered by path.
    pub files: Vec<T>,
    /// Files that could not be read, ordered by path.
    pub skipped: Vec<Skipped>,
}

/// Finds the files below `root` (or `root` itself, where it is a file), ordered by path, and what could not be looked into. A file whose
/// name is not Unicode is among the latter: it could not be named in what is made of it.
///
/// # Errors
/// [`NotFound`](ErrorKind::NotFound) where `root` does not exist; [`InvalidInput`](ErrorKind::InvalidInput) where a glob is malformed;
/// [`Cancelled`](ErrorKind::Cancelled).
pub fn find(root: &Path, options: &WalkOptions, cancel: &Cancel) -> Result<Walked<FoundFile>> {
    let metadata = fs::metadata(root).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::not_found(format!("`{}` does not exist", root.display())),
        _ => {
            Error::new(ErrorKind::Unavailable, format!("`{}` cannot be read", root.display())).because(error)
        }
    })?;
    if !metadata.is_dir() {
        let file = FoundFile {
            path: below(root.parent().unwrap_or(Path::new("")), root),
            location: root.to_owned(),
        };
        return Ok(Walked { files: vec![file], skipped: Vec::new() });
    }
    let included = globs(root, &options.include, "")?;
    let mut builder = WalkBuilder::new(root);
    builder
        .overrides(globs(root, &options.exclude, "!")?)
        .standard_filters(!options.ignored)
        .hidden(!options.hidden)
        .git_global(false)
        .require_git(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_name() != ".git");
    if !options.ignored {
        builder.add_custom_ignore_filename(".heptadignore");
    }
    let (sender, found) = std::sync::mpsc::channel();
    builder.build_parallel().run(|| {
        let (sender, included) = (sender.clone(), included.clone());
        Box::new(move |entry| {
            let wanted = |path: &Path| included.is_empty() || included.matched(path, false).is_whitelist();
            let result = match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) && wanted(entry.path()) => {
                    named(below(root, entry.path()), entry.into_path())
                }
                Ok(_) => return if cancel.is_cancelled() { WalkState::Quit } else { WalkState::Continue },
                Err(error) => Err(Skipped { path: String::new(), reason: error.to_string() }),
            };
            // The receiver lives until every sender is gone.
            if sender.send(result).is_err() || cancel.is_cancelled() {
                WalkState::Quit
            } else {
                WalkState::Continue
            }
        })
    });
    drop(sender);
    cancel.check()?;
    let mut walked = Walked { files: Vec::new(), skipped: Vec::new() };
    for result in found {
        match result {
            Ok(file) => walked.files.push(file),
            Err(skipped) => walked.skipped.push(skipped),
        }
    }
    walked.files.sort();
    walked.skipped.sort_by(|a, b| (&a.path, &a.reason).cmp(&(&b.path, &b.reason)));
    Ok(walked)
}

fn globs(root: &Path, globs: &[String], mark: &str) -> Result<Override> {
    let malformed =
        |glob: &str, error: ignore::Error| Error::invalid(format!("`{glob}` is not a glob: {error}"));
    let mut builder = OverrideBuilder::new(root);
    for glob in globs {
        builder.add(&format!("{mark}{glob}")).map_err(|error| malformed(glob, error))?;
    }
    builder.build().map_err(|error| malformed(&globs.join("`, `"), error))
}

fn named(path: String, location: PathBuf) -> Result<FoundFile, Skipped> {
    match location.to_str() {
        Some(_) => Ok(FoundFile { path, location }),
        None => Err(Skipped { path, reason: "its name is not Unicode".to_owned() }),
    }
}

/// Reads a file. `None`: it is in no language that is known or wanted, binary files included.
///
/// # Errors
/// [`Skipped`] where it is too large, no UTF-8, or cannot be read.
pub fn read(file: &FoundFile, options: &WalkOptions) -> Result<Option<SourceFile>, Skipped> {
    let skipped = |reason: String| Skipped { path: file.path.clone(), reason };
    let mut bytes = Vec::new();
    let limit = options.max_bytes;
    let reading =
        fs::File::open(&file.location).and_then(|open| open.take(limit + 1).read_to_end(&mut bytes));
    reading.map_err(|error| skipped(error.to_string()))?;
    let wanted = |language: &Language| options.languages.is_empty() || options.languages.contains(language);
    let Some(language) = Language::of(Path::new(&file.path), &bytes).filter(wanted) else { return Ok(None) };
    if bytes.len() as u64 > limit {
        return Err(skipped(format!("the file has more than {limit} bytes")));
    }
    let hash = ContentHash::of(&bytes);
    match Source::from_bytes(bytes) {
        Ok(source) => Ok(Some(SourceFile { path: file.path.clone(), language, hash, source })),
        Err(SourceError::Binary) => Ok(None),
        Err(error) => Err(skipped(error.to_string())),
    }
}

/// Finds and reads the files below `root` and gives each to `each`, on all cores. What is read is held no longer than `each` holds it.
///
/// # Errors
/// As [`find`].
pub fn walk<T: Send>(
    root: &Path,
    options: &WalkOptions,
    progress: &dyn Progress,
    cancel: &Cancel,
    each: impl Fn(SourceFile) -> T + Sync,
) -> Result<Walked<T>> {
    let found = find(root, options, cancel)?;
    let walked = read_all(&found.files, options, progress, cancel, each);
    progress.finish();
    let Walked { files, mut skipped } = walked?;
    skipped.extend(found.skipped);
    skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Walked { files, skipped })
}

/// Reads `files` and gives each to `each`, on all cores; results are in the order of `files`.
///
/// # Errors
/// [`Cancelled`](ErrorKind::Cancelled).
pub fn read_all<T: Send>(
    files: &[FoundFile],
    options: &WalkOptions,
    progress: &dyn Progress,
    cancel: &Cancel,
    each: impl Fn(SourceFile) -> T + Sync,
) -> Result<Walked<T>> {
    let (total, done) = (files.len() as u64, AtomicU64::new(0));
    let one = |file: &FoundFile| {
        cancel.check()?;
        let result = read(file, options).map(|file| file.map(&each));
        progress.report(done.fetch_add(1, Ordering::Relaxed) + 1, total, &file.path);
        Ok(result)
    };
    let results: Vec<_> = files.par_iter().map(one).collect::<Result<_>>()?;
    let mut walked = Walked { files: Vec::new(), skipped: Vec::new() };
    for result in results {
        match result {
            Ok(file) => walked.files.extend(file),
            Err(skipped) => walked.skipped.push(skipped),
        }
    }
    Ok(walked)
}

/// The path of `file` below `root`, with `/` between its parts.
fn below(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).unwrap_or(file);
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
