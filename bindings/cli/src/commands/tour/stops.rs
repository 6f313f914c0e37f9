//! Walks the stops of the tour and notes what was seen at each.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use heptad::{
    Heptad, Result,
    core::{
        code::operations::{IndexReport, IndexRequest},
        events::{Event, ReadRequest},
        search::{Highlight, Snippet, operations::QueryRequest},
        store::Offset,
    },
    review::{
        ScanRequest,
        model::{Finding, Severity},
    },
};
use serde::Serialize;

/// What is asked where nobody asks: every code base has an answer to it.
pub(super) const QUESTION: &str = "how are errors handled";

/// How many findings, hits and events of a topic are shown.
const SHOWN: usize = 3;

/// What was seen.
#[derive(Debug, Serialize)]
pub(crate) struct Tour {
    pub(super) path: PathBuf,
    pub(super) opened: Opened,
    pub(super) reviewed: Reviewed,
    pub(super) indexed: IndexReport,
    pub(super) found: Found,
    pub(super) models: super::models::Models,
    pub(super) events: Vec<Happened>,
    pub(super) kept: Kept,
}

/// The platform was opened.
#[derive(Debug, Serialize)]
pub(super) struct Opened {
    pub(super) operations: usize,
    pub(super) took_ms: u64,
}

/// The code was reviewed.
#[derive(Debug, Serialize)]
pub(super) struct Reviewed {
    pub(super) files: usize,
    pub(super) skipped: usize,
    pub(super) problems: usize,
    pub(super) rules: usize,
    /// How many findings there are of each severity.
    pub(super) counts: BTreeMap<Severity, usize>,
    /// The most serious ones.
    pub(super) worst: Vec<Finding>,
    pub(super) took_ms: u64,
}

/// A question was answered.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    pub(super) question: String,
    pub(super) total: u64,
    pub(super) hits: Vec<Hit>,
    pub(super) took_ms: u64,
}

/// A place that answers the question.
#[derive(Debug, Serialize)]
pub(super) struct Hit {
    pub(super) path: String,
    pub(super) line: u64,
    pub(super) kind: String,
    pub(super) name: String,
    /// Text around the words, which stand between U+0002 and U+0003.
    pub(super) snippet: String,
}

/// An event.
#[derive(Debug, Serialize)]
pub(super) struct Happened {
    pub(super) topic: String,
    pub(super) offset: u64,
    pub(super) event: Event,
}

/// Where things are kept.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    pub(super) store: PathBuf,
    pub(super) store_bytes: u64,
    pub(super) index: PathBuf,
    pub(super) index_bytes: u64,
}

/// Marks around the words of a snippet; nothing else in it is a control character that a terminal would act on.
pub(super) const MARKS: (char, char) = ('\u{2}', '\u{3}');

/// Walks all stops. `store` is the file that `heptad` was opened with, which took `opening`.
pub(super) async fn walk(
    heptad: &Heptad,
    path: &Path,
    question: &str,
    store: &Path,
    opening: Duration,
) -> Result<Tour> {
    let shown = path.display().to_string();
    let opened = Opened { operations: heptad.kernel().operations.iter().count(), took_ms: millis(opening) };
    let reviewed = review(heptad, &shown).await?;
    let indexed = heptad.code().index(IndexRequest::new(&shown)).await?;
    let found = ask(heptad, question, &indexed.collection).await?;
    let models = super::models::visit(heptad).await;
    let events = happened(heptad).await?;
    let index = beside(store, ".index");
    let kept = Kept {
        store_bytes: size(store) + size(&beside(store, "-wal")),
        store: store.to_owned(),
        index_bytes: size(&index),
        index,
    };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(Tour { path, opened, reviewed, indexed, found, models, events, kept })
}

async fn review(heptad: &Heptad, path: &str) -> Result<Reviewed> {
    let report = heptad.review().scan(ScanRequest::new(path)).await?;
    let counts =
        Severity::ALL.iter().map(|severity| (*severity, report.count(*severity))).collect::<BTreeMap<_, _>>();
    let mut worst: Vec<&Finding> = report.findings.iter().collect();
    // Findings are ordered by place; a stable sort keeps that order among equals.
    worst.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
    Ok(Reviewed {
        files: report.files_scanned,
        skipped: report.files_skipped.len(),
        problems: report.problems.len(),
        rules: report.rules.len(),
        counts,
        worst: worst.into_iter().take(SHOWN).cloned().collect(),
        took_ms: report.timings.total_ms(),
    })
}

async fn ask(heptad: &Heptad, question: &str, collection: &str) -> Result<Found> {
    let clock = &heptad.kernel().clock;
    let started = clock.monotonic();
    let request = QueryRequest {
        limit: SHOWN,
        highlight: Some(Highlight { max_chars: 110, ..Highlight::default() }),
        ..QueryRequest::new(collection, question)
    };
    let page = heptad.search().query(request).await?;
    let took = clock.monotonic().saturating_sub(started);
    let hits = page.hits.iter().map(|hit| {
        let text = |field: &str| {
            hit.fields.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
        };
        let marks = (MARKS.0.to_string(), MARKS.1.to_string());
        Hit {
            path: text("path"),
            line: hit.fields.get("line").and_then(serde_json::Value::as_u64).unwrap_or(1),
            kind: text("kind"),
            name: text("name"),
            snippet: telling(&hit.snippets)
                .map(|snippet| snippet.marked(&marks.0, &marks.1))
                .unwrap_or_default(),
        }
    });
    Ok(Found {
        question: question.to_owned(),
        total: page.total,
        hits: hits.collect(),
        took_ms: millis(took),
    })
}

/// The snippet that says most: names and paths are shown anyway.
fn telling(snippets: &[Snippet]) -> Option<&Snippet> {
    snippets
        .iter()
        .filter(|snippet| !["name", "path"].contains(&&*snippet.field))
        .max_by_key(|snippet| snippet.text.len())
}

/// The last events of every topic.
async fn happened(heptad: &Heptad) -> Result<Vec<Happened>> {
    let mut events = Vec::new();
    for topic in heptad.events().topics().await?.topics {
        let after = Offset(topic.last.0.saturating_sub(SHOWN as u64));
        let page = heptad
            .events()
            .read(ReadRequest { topic: topic.topic.clone(), after, limit: SHOWN as u32 })
            .await?;
        events.extend(page.events.into_iter().map(|placed| Happened {
            topic: topic.topic.as_str().to_owned(),
            offset: placed.offset.0,
            event: placed.event,
        }));
    }
    events.sort_by(|a, b| (a.event.time, &a.event.id).cmp(&(b.event.time, &b.event.id)));
    Ok(events)
}

/// `path` with `ending` behind its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// The bytes of a file, or of all files below a folder; what cannot be read counts for nothing.
fn size(path: &Path) -> u64 {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => std::fs::read_dir(path)
            .map(|entries| entries.flatten().map(|entry| size(&entry.path())).sum())
            .unwrap_or_default(),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
