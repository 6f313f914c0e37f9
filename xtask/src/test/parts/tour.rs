//! The README's first command on real repositories: this one, and two that strangers wrote.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Context, Outcome, rust::fresh_folder};
use crate::{Result, shell::Run};

/// A Python package whose wheel holds its sources.
const PYTHON: &str = "flask==3.1.2";

/// A Node package that ships its TypeScript sources.
const TYPESCRIPT: &str = "zod@4.1.12";

pub(super) fn here(context: &Context) -> Result<Outcome> {
    tour(context, &context.workspace.root)
}

pub(super) fn python(context: &Context) -> Result<Outcome> {
    let folder = context.target.join("foreign/python");
    let download =
        ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", ".", PYTHON];
    foreign(context, &folder, "python3", &download, "whl", |wheel| {
        Run::new("python3", ["-m", "zipfile", "-e", wheel, "sources"], &folder)
    })
}

pub(super) fn typescript(context: &Context) -> Result<Outcome> {
    let folder = context.target.join("foreign/typescript");
    let unpack = |archive: &str| {
        Run::new("tar", ["--extract", "--gzip", "--one-top-level=sources", "--file", archive], &folder)
    };
    foreign(context, &folder, "npm", &["pack", "--silent", TYPESCRIPT], "tgz", unpack)
}

/// Fetches a package, unpacks it and tours it; a package that cannot be fetched is no failure of ours.
fn foreign(
    context: &Context,
    folder: &Path,
    program: &str,
    download: &[&str],
    ending: &str,
    unpack: impl Fn(&str) -> Run,
) -> Result<Outcome> {
    fresh_folder(folder)?;
    let fetched = Run::new(program, download, folder).quiet().wait()?;
    let Some(archive) = archive(folder, ending).filter(|_| fetched.ok()) else {
        return Ok(Outcome::not_run(format!("the package cannot be fetched: {}", fetched.tail(1))));
    };
    let unpacked = unpack(&archive).quiet().wait()?;
    if !unpacked.ok() {
        return Err(format!("{archive} cannot be unpacked: {}", unpacked.tail(1)));
    }
    tour(context, &folder.join("sources"))
}

fn archive(folder: &Path, ending: &str) -> Option<String> {
    let mut files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let archive: PathBuf = files.find(|file| file.extension().is_some_and(|e| e == ending))?;
    Some(archive.file_name()?.to_string_lossy().into_owned())
}

/// The tour ends well and has something to say.
fn tour(context: &Context, path: &Path) -> Result<Outcome> {
    let path = path.to_string_lossy();
    let arguments = ["run", "--quiet", "--package", "heptad-cli", "--", "tour", &path];
    let ended = Run::cargo(arguments, &context.workspace.root).limit(context.left()).wait()?;
    Ok(if !ended.ok() {
        Outcome::failed(format!("`heptad tour`: {}", ended.how()))
    } else if ended.output.trim().is_empty() {
        Outcome::failed("`heptad tour` printed nothing")
    } else {
        Outcome::passed()
    })
}
