//! From a path to outlines: find, read, look into the cache, parse the rest, keep it. The one place where `code` bridges to blocking threads.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use rayon::prelude::*;

use super::FileOutline;
use crate::{
    code::{
        Language, Outline,
        cache::FactCache,
        symbols,
        walk::{Cancel, ContentHash, FoundFile, Skipped, SourceFile, WalkOptions, Walked, find, read_all},
    },
    error::{Error, Result},
    operation::Context,
    progress::{Progress, SharedProgress},
};

/// Files read at once: bounds the memory that a large repository takes.
pub(super) const CHUNK: usize = 256;

/// Outlines kept.
const CAPACITY: usize = 50_000;

/// The outlines of the files at or below `path`, ordered by path.
pub(super) async fn below(
    context: &Context,
    path: String,
    options: WalkOptions,
) -> Result<Walked<FileOutline>> {
    let stop = StopOnDrop::default();
    let cache = cache(context);
    let (root, options, cancel) = (PathBuf::from(path), Arc::new(options), stop.0.clone());
    let found = blocking({
        let (options, cancel) = (options.clone(), cancel.clone());
        move || find(&root, &options, &cancel)
    })
    .await??;
    let total = found.files.len();
    let mut outlines = Walked { files: Vec::with_capacity(total), skipped: found.skipped };
    for (number, chunk) in found.files.chunks(CHUNK).enumerate() {
        let part = Part { all: context.progress.clone(), before: number * CHUNK, total };
        let (chunk, options, cancel) = (chunk.to_vec(), options.clone(), cancel.clone());
        let read = blocking(move || readable(&chunk, &options, &part, &cancel)).await??;
        outlines.skipped.extend(read.skipped);
        let made = outline(&cache, read.files).await?;
        outlines.files.extend(made.files);
        outlines.skipped.extend(made.skipped);
    }
    context.progress.finish();
    outlines.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(outlines)
}

/// The outlines that are kept.
fn cache(context: &Context) -> FactCache {
    FactCache::new(context.kernel.store.clone(), "outline", symbols::VERSION, CAPACITY)
}

/// The files of a chunk that can have an outline in this build.
fn readable(
    chunk: &[FoundFile],
    options: &WalkOptions,
    part: &Part,
    cancel: &Cancel,
) -> Result<Walked<SourceFile>> {
    let mut read = read_all(chunk, options, part, cancel, |file| file)?;
    read.files.retain(|file| file.language.is_parsed() || file.language == Language::Markdown);
    Ok(read)
}

/// The outlines of these files, from the cache or made and kept.
async fn outline(cache: &FactCache, files: Vec<SourceFile>) -> Result<Walked<FileOutline>> {
    let keys: Vec<(Language, ContentHash)> = files.iter().map(|file| (file.language, file.hash)).collect();
    let mut known: HashMap<(Language, ContentHash), Outline> = HashMap::new();
    for (key, outline) in keys.iter().zip(cache.get::<Outline>(&keys).await?) {
        // What is kept may be damaged: then it is made again.
        let whole = outline.filter(|outline| outline.language == key.0 && outline.is_whole());
        known.extend(whole.map(|outline| (*key, outline)));
    }
    let (old, new): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| known.contains_key(&(file.language, file.hash)));
    let made = blocking(move || new.into_par_iter().map(make).collect::<Vec<_>>()).await?;
    let facts: Vec<_> = made
        .iter()
        .filter_map(|(language, hash, outline)| Some((*language, *hash, &outline.as_ref().ok()?.outline)))
        .collect();
    cache.put(&facts).await?;
    let mut outlines = Walked { files: Vec::new(), skipped: Vec::new() };
    for file in old {
        if let Some(outline) = known.get(&(file.language, file.hash)) {
            outlines.files.push(FileOutline { path: file.path, outline: outline.clone() });
        }
    }
    for (_, _, outline) in made {
        match outline {
            Ok(outline) => outlines.files.push(outline),
            Err(skipped) => outlines.skipped.push(skipped),
        }
    }
    outlines.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(outlines)
}

fn make(file: SourceFile) -> (Language, ContentHash, Result<FileOutline, Skipped>) {
    let SourceFile { path, language, hash, source } = file;
    let outline = match Outline::of_text(language, source) {
        Ok(outline) => Ok(FileOutline { path, outline }),
        Err(error) => Err(Skipped { path, reason: error.to_string() }),
    };
    (language, hash, outline)
}

/// Runs work that computes or reads files on a thread for such work.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("reading source code did not end as it should").because(error))
}

/// Stops the walk when nobody waits for it any more.
#[derive(Default)]
pub(super) struct StopOnDrop(pub(super) Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Progress of a chunk, told as progress of the whole.
pub(super) struct Part {
    pub(super) all: SharedProgress,
    pub(super) before: usize,
    pub(super) total: usize,
}

impl Progress for Part {
    fn report(&self, done: u64, _total: u64, label: &str) {
        self.all.report(self.before as u64 + done, self.total as u64, label);
    }
}
