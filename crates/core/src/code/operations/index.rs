//! `code.index`: what has changed below a path goes into the search index, and nothing else is read twice.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    model::{IndexReport, IndexRequest},
    outlines::{CHUNK, Part, StopOnDrop, blocking},
};
use crate::{
    code::{
        Outline,
        index::{documents, schema},
        walk::{Skipped, SourceFile, WalkOptions, find, read_all},
    },
    error::{Error, Result},
    events::{Event, Topic},
    operation::Context,
    search::Document,
    store::{Batch, Key, KeyRange, Page, Value},
};

/// The collection that remembers which documents each file became.
const FILES: &str = "code.files";

/// The topic of the events.
const TOPIC: &str = "code";

/// The type of the event that tells of an indexing.
const INDEXED: &str = "heptad.code.indexed";

/// What a file became when it was last indexed.
#[derive(Serialize, Deserialize)]
struct Indexed {
    path: String,
    hash: String,
    documents: Vec<String>,
}

/// What a file becomes.
struct Prepared {
    indexed: Indexed,
    documents: Vec<Document>,
    definitions: usize,
    /// Why it is indexed as a whole and not by its definitions.
    problem: Option<Skipped>,
}

impl Prepared {
    fn of(source: &str, file: SourceFile) -> Self {
        let (mut outline, mut problem) = (None, None);
        if file.language.is_parsed() {
            match Outline::of_text(file.language, file.source.clone()) {
                Ok(made) => outline = Some(made),
                Err(error) => problem = Some(Skipped { path: file.path.clone(), reason: error.to_string() }),
            }
        }
        let documents = documents(source, &file, outline.as_ref());
        let indexed = Indexed {
            hash: file.hash.to_string(),
            documents: documents.iter().map(|document| document.id.clone()).collect(),
            path: file.path,
        };
        Self {
            indexed,
            documents,
            definitions: outline.map_or(0, |outline| outline.definitions.len()),
            problem,
        }
    }
}

/// Changes that become one commit.
#[derive(Default)]
struct Changes {
    put: Vec<Document>,
    delete: Vec<String>,
    batch: Batch,
}

pub(super) async fn run(context: Context, request: IndexRequest) -> Result<IndexReport> {
    let started = context.kernel.clock.monotonic();
    let root = PathBuf::from(&request.path);
    let source = match request.source {
        Some(name) => name,
        None => name_of(&root)?,
    };
    let home = Home { context: context.clone(), collection: request.collection, source };
    let schema = schema()?;
    context.kernel.search()?.define(&home.collection, &schema).await?;
    let known = home.known().await?;
    let report = IndexReport {
        collection: home.collection.clone(),
        source: home.source.clone(),
        ..IndexReport::default()
    };
    let mut run = Run { home, known, started, report };

    let stop = StopOnDrop::default();
    let options = Arc::new(WalkOptions { languages: request.languages, ..WalkOptions::default() });
    let found = blocking({
        let (options, cancel) = (Arc::clone(&options), stop.0.clone());
        move || find(&root, &options, &cancel)
    })
    .await??;
    run.report.skipped = found.skipped;
    let total = found.files.len();
    for (number, chunk) in found.files.chunks(CHUNK).enumerate() {
        let part = Part { all: context.progress.clone(), before: number * CHUNK, total };
        let (chunk, options, cancel) = (chunk.to_vec(), Arc::clone(&options), stop.0.clone());
        let read = blocking(move || read_all(&chunk, &options, &part, &cancel, |file| file)).await??;
        run.report.skipped.extend(read.skipped);
        run.take(read.files).await?;
    }
    context.progress.finish();
    run.finish().await
}

/// One indexing under way.
struct Run {
    home: Home,
    /// What was indexed before and was not seen again yet, by path.
    known: BTreeMap<String, Indexed>,
    /// When it began, by the monotonic clock.
    started: Duration,
    report: IndexReport,
}

impl Run {
    /// Indexes those of `files` that have changed, in one commit.
    async fn take(&mut self, files: Vec<SourceFile>) -> Result<()> {
        let (mut changes, mut changed) = (Changes::default(), Vec::new());
        self.report.files += files.len();
        for file in files {
            match self.known.remove(&file.path) {
                Some(before) if before.hash == file.hash.to_string() => self.report.unchanged += 1,
                before => {
                    changes.delete.extend(before.into_iter().flat_map(|before| before.documents));
                    changed.push(file);
                }
            }
        }
        let source = self.home.source.clone();
        let prepare = move |file| Prepared::of(&source, file);
        let prepared = blocking(move || changed.into_par_iter().map(prepare).collect::<Vec<_>>()).await?;
        for file in prepared {
            self.report.definitions += file.definitions;
            self.report.documents += file.documents.len();
            self.report.skipped.extend(file.problem);
            changes.batch.put(self.home.key(&file.indexed.path)?, Value::json(&file.indexed)?);
            changes.put.extend(file.documents);
        }
        self.home.commit(changes).await
    }

    /// Forgets the files that are gone and tells of it all.
    async fn finish(mut self) -> Result<IndexReport> {
        let mut changes = Changes::default();
        self.report.removed = self.known.len();
        for gone in std::mem::take(&mut self.known).into_values() {
            changes.batch.delete(self.home.key(&gone.path)?);
            changes.delete.extend(gone.documents);
        }
        let kernel = &self.home.context.kernel;
        self.report.skipped.sort_by(|a, b| (&a.path, &a.reason).cmp(&(&b.path, &b.reason)));
        let event = Event::new("/code", INDEXED).subject(&*self.home.source).time(kernel.clock.now());
        let event = event.data(&self.report.summary())?;
        kernel.bus.publish_in(&mut changes.batch, &Topic::new(TOPIC)?, vec![event]).await?;
        self.home.commit(changes).await?;
        kernel.search()?.catch_up(&self.home.collection).await?;
        let took = kernel.clock.monotonic().saturating_sub(self.started);
        self.report.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Ok(self.report)
    }
}

/// The name of a source that was given none: that of its folder.
fn name_of(root: &Path) -> Result<String> {
    let absolute = std::path::absolute(root)
        .map_err(|error| Error::invalid(format!("`{}` is no path", root.display())).because(error))?;
    let parts = absolute.components().rev().find_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    Ok(parts.unwrap_or_else(|| "root".to_owned()))
}

/// Where the documents of one source go.
struct Home {
    context: Context,
    collection: String,
    source: String,
}

impl Home {
    /// Hashes keep the ids of two sources apart whatever characters their names have.
    fn prefix(&self) -> String {
        format!("{}/{}/", self.collection, blake3::hash(self.source.as_bytes()).to_hex())
    }

    fn key(&self, path: &str) -> Result<Key> {
        Key::new(FILES, format!("{}{}", self.prefix(), blake3::hash(path.as_bytes()).to_hex()))
    }

    /// What is indexed, by path.
    async fn known(&self) -> Result<BTreeMap<String, Indexed>> {
        let mut known = BTreeMap::new();
        let mut range = KeyRange::prefix(FILES, self.prefix());
        loop {
            let records = self.context.kernel.store.scan(range.clone(), Page::first(1000)).await?;
            let Some(last) = records.last() else { return Ok(known) };
            range = range.after(last.key.id());
            for record in &records {
                let file: Indexed = record.value.decode()?;
                known.insert(file.path.clone(), file);
            }
        }
    }

    /// Documents, the memory of them and the event: one commit.
    async fn commit(&self, changes: Changes) -> Result<()> {
        let (kernel, mut batch) = (&self.context.kernel, changes.batch);
        kernel.search()?.stage(&mut batch, &self.collection, changes.put, changes.delete).await?;
        if !batch.is_empty() {
            kernel.store.commit(batch).await?;
        }
        Ok(())
    }
}
