//! The naive model: what a store does, written so plainly that it can be seen to be right. It shares no code with any adapter.

use std::{collections::BTreeMap, sync::Arc};

use heptad_core::{
    ErrorKind,
    store::{Change, Expect, KeyRange, Offset, Page, Producer, Store, Value, Version},
};
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::{
    Place,
    history::{Step, history},
};
use crate::VirtualClock;

/// Compares random histories on the stores of new places with the model: 48 of them, or `PROPTEST_CASES`.
///
/// # Panics
/// With the shortest history found where the two disagree.
pub fn agrees<P: Place>(place: impl Fn() -> P) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime can be started");
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config)
        .run(&history(), |steps| runtime.block_on(compare(&place(), &steps)).map_err(TestCaseError::fail));
    if let Err(difference) = outcome {
        panic!("the store and the model disagree: {difference}");
    }
}

async fn compare(place: &dyn Place, steps: &[Step]) -> Result<(), String> {
    let open = || place.open(Arc::new(VirtualClock::new()));
    let mut store = open().await;
    let mut model = Model::default();
    for (n, step) in steps.iter().enumerate() {
        if let Step::Reopen = step {
            if store.capabilities().persistent {
                drop(store);
                store = open().await;
            }
        } else {
            take(&*store, &mut model, step).await.map_err(|why| format!("step {n} ({step:?}): {why}"))?;
        }
    }
    for collection in ["a", "b"] {
        same(&*store, &model, KeyRange::all(collection), Page::first(usize::MAX)).await?;
    }
    for stream in ["s", "t"] {
        same_entries(&*store, &model, stream, 0, usize::MAX).await?;
    }
    Ok(())
}

async fn take(store: &dyn Store, model: &mut Model, step: &Step) -> Result<(), String> {
    match step {
        Step::Commit(plans) => {
            let batch = model.batch(plans);
            let expected = model.commit(batch.changes());
            match (store.commit(batch).await, expected) {
                (Ok(receipt), Ok(places)) => model.learn(receipt, &places),
                (Err(error), Err(kind)) if error.kind() == kind => Ok(()),
                (outcome, expected) => Err(format!("the store says {outcome:?}, the model {expected:?}")),
            }
        }
        Step::Scan(range, page) => same(store, model, range.clone(), *page).await,
        Step::Read(stream, after, limit) => same_entries(store, model, stream, *after, *limit).await,
        Step::Reopen => Ok(()),
    }
}

async fn same(store: &dyn Store, model: &Model, range: KeyRange, page: Page) -> Result<(), String> {
    let found = store.scan(range.clone(), page).await.map_err(|error| error.to_string())?;
    let found: Vec<_> = found.into_iter().map(|r| (r.key.to_string(), r.value, r.version)).collect();
    let mut expected: Vec<_> = Vec::new();
    for (key, (value, commit)) in &model.records {
        let (collection, id) = key.split_once('/').expect("keys are written collection/id");
        let inside = id >= range.start.as_str() && range.end.as_ref().is_none_or(|end| id < end.as_str());
        if collection == &*range.collection && inside {
            expected.push((key.clone(), value.clone(), model.versions[commit]));
        }
    }
    if page.reverse {
        expected.reverse();
    }
    expected.truncate(page.limit);
    if found == expected {
        Ok(())
    } else {
        Err(format!("{range:?} {page:?}: {found:?}, expected {expected:?}"))
    }
}

async fn same_entries(
    store: &dyn Store,
    model: &Model,
    stream: &str,
    after: u64,
    limit: usize,
) -> Result<(), String> {
    let found = store.read(&super::stream(stream), Offset(after), limit).await;
    let found: Vec<_> = found
        .map_err(|error| error.to_string())?
        .into_iter()
        .map(|entry| (entry.offset.0, entry.value))
        .collect();
    let log = model.streams.get(stream);
    let expected: Vec<_> = log
        .into_iter()
        .flat_map(|log| log.entries.iter().filter(|(offset, _)| *offset > after.max(log.trimmed)))
        .take(limit)
        .cloned()
        .collect();
    if found == expected { Ok(()) } else { Err(format!("{stream}: {found:?}, expected {expected:?}")) }
}

/// Where each append went: first offset, count, repetition.
type Places = Vec<(u64, u64, bool)>;

#[derive(Default)]
pub(super) struct Model {
    /// By `collection/id`: the value and the number of the commit in the model.
    records: BTreeMap<String, (Value, u64)>,
    streams: BTreeMap<String, Log>,
    commits: u64,
    /// The version that the store gave each commit of the model.
    versions: BTreeMap<u64, Version>,
}

#[derive(Default, Clone)]
struct Log {
    entries: Vec<(u64, Value)>,
    trimmed: u64,
    /// Every append of a producer that was ever accepted: (producer, epoch, sequence, first, count).
    accepted: Vec<(String, u64, u64, u64, u64)>,
}

impl Model {
    /// The version the store gave the record at `key`, and one it never has.
    pub(super) fn version(&self, key: &str) -> Option<Version> {
        self.records.get(key).map(|(_, commit)| self.versions[commit])
    }

    fn commit(&mut self, changes: &[Change]) -> Result<Places, ErrorKind> {
        if let Some(places) = self.repetition(changes)? {
            return Ok(places);
        }
        for change in changes {
            let (Change::Put(key, _, expect) | Change::Delete(key, expect) | Change::Require(key, expect)) =
                change
            else {
                continue;
            };
            let found = self.version(&key.to_string());
            let holds = match expect {
                Expect::Any => true,
                Expect::Absent => found.is_none(),
                Expect::Present => found.is_some(),
                Expect::Exactly(version) => found == Some(*version),
            };
            if !holds {
                return Err(ErrorKind::Conflict);
            }
        }
        if changes.iter().any(|change| !matches!(change, Change::Require(..))) {
            self.commits += 1;
        }
        let mut places = Vec::new();
        for change in changes {
            match change {
                Change::Put(key, value, _) => {
                    self.records.insert(key.to_string(), (value.clone(), self.commits));
                }
                Change::Delete(key, _) => {
                    self.records.remove(&key.to_string());
                }
                Change::Require(..) => {}
                Change::Append(append) => {
                    let log = self.streams.entry(append.stream.to_string()).or_default();
                    let first = log.entries.len() as u64 + 1;
                    log.entries.extend((first..).zip(append.values.iter().cloned()));
                    let count = append.values.len() as u64;
                    if let Some(Producer { id, epoch, sequence }) = &append.producer {
                        log.accepted.push((id.to_string(), *epoch, *sequence, first, count));
                    }
                    places.push((first, count, false));
                }
                Change::Trim(stream, upto) => {
                    if let Some(log) = self.streams.get_mut(stream.as_str()) {
                        log.trimmed = log.trimmed.max(upto.0.min(log.entries.len() as u64));
                    }
                }
            }
        }
        Ok(places)
    }

    /// Whether the producers of the batch say that it was applied before.
    fn repetition(&self, changes: &[Change]) -> Result<Option<Places>, ErrorKind> {
        let mut streams = self.streams.clone();
        let (mut places, mut new, mut old) = (Vec::new(), false, false);
        for change in changes {
            let Change::Append(append) = change else { continue };
            let Some(Producer { id, epoch, sequence }) = &append.producer else {
                places.push((0, append.values.len() as u64, true));
                continue;
            };
            let accepted = &mut streams.entry(append.stream.to_string()).or_default().accepted;
            let last = accepted.iter().rev().find(|(who, ..)| **who == **id).cloned();
            let (_, last_epoch, last_sequence, first, count) = last.unwrap_or_default();
            if *epoch < last_epoch {
                return Err(ErrorKind::Conflict);
            }
            let expected = if *epoch == last_epoch { last_sequence + 1 } else { 1 };
            if *sequence > expected {
                return Err(ErrorKind::Conflict);
            }
            if *sequence == expected {
                new = true;
                accepted.push((id.to_string(), *epoch, *sequence, 0, 0));
            } else {
                old = true;
                let place =
                    if *sequence == last_sequence { (first, count) } else { (0, append.values.len() as u64) };
                places.push((place.0, place.1, true));
            }
        }
        match (new, old) {
            (true, true) => Err(ErrorKind::Conflict),
            (false, true) => Ok(Some(places)),
            _ => Ok(None),
        }
    }

    /// Takes over the version that the store gave the last commit; compares where it says the appends went.
    fn learn(&mut self, receipt: heptad_core::store::Receipt, places: &Places) -> Result<(), String> {
        let found: Places = receipt.appended.iter().map(|at| (at.first.0, at.count, at.duplicate)).collect();
        if found != *places {
            return Err(format!("appended at {found:?}, expected {places:?}"));
        }
        let last = self.versions.last_key_value().map(|(commit, version)| (*commit, *version));
        match last {
            Some((commit, version)) if commit == self.commits => {
                if receipt.version == version {
                    return Ok(());
                }
                Err(format!("{:?} though nothing was written after {version:?}", receipt.version))
            }
            Some((_, version)) if receipt.version <= version => {
                Err(format!("{:?} comes after {version:?}", receipt.version))
            }
            _ => {
                self.versions.insert(self.commits, receipt.version);
                Ok(())
            }
        }
    }
}
