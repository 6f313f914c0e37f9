//! Sealing a batch and handing it to the store below.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Active, Encrypted, aside,
    envelope::{Link, OVERHEAD, Place},
    records::{COLLECTION, Cursor, State, Used},
    session::Session,
};
use crate::{
    error::{Error, ErrorKind, Result, Retry},
    store::{Append, Batch, Capabilities, Change, Expect, Key, Offset, Receipt, StreamId, Value},
};

/// How often a commit is sealed anew because another data key became the current one meanwhile.
const ATTEMPTS: usize = 16;
/// How many places and heads are remembered before they are forgotten, which costs a few writes and nothing else.
const MOST_REMEMBERED: usize = 65_536;

/// What this process knows of the store without asking.
#[derive(Default)]
pub(super) struct Memory {
    /// Where it is written down that a data key was used.
    places: Mutex<HashSet<(u32, Used)>>,
    /// Offsets that are known to be taken.
    heads: Mutex<HashMap<StreamId, Offset>>,
}

impl Memory {
    pub(super) fn saw(&self, stream: &StreamId, offset: Offset) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.len() >= MOST_REMEMBERED {
            heads.clear();
        }
        let head = heads.entry(stream.clone()).or_default();
        *head = (*head).max(offset);
    }

    fn head(&self, stream: &StreamId) -> Offset {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).get(stream).copied().unwrap_or_default()
    }

    /// Where `batch` uses the data key and it is not known to be written down.
    fn new_places(&self, number: u32, batch: &Batch) -> Vec<Used> {
        let known = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places: Vec<Used> = Vec::new();
        for change in batch.changes() {
            let used = match change {
                Change::Put(key, ..) if key.collection() != COLLECTION => {
                    Used::Collection(key.collection().to_owned())
                }
                Change::Append(append) if !append.values.is_empty() => Used::Stream(append.stream.clone()),
                _ => continue,
            };
            if !known.contains(&(number, used.clone())) && !places.contains(&used) {
                places.push(used);
            }
        }
        places
    }

    fn learn(&self, number: u32, places: Vec<Used>, receipt: &Receipt) {
        if receipt.appended.iter().any(|appended| appended.duplicate) {
            return;
        }
        for appended in receipt.appended.iter().filter(|appended| appended.count > 0) {
            self.saw(&appended.stream, Offset(appended.first.0 + appended.count - 1));
        }
        if places.is_empty() {
            return;
        }
        let mut known = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_REMEMBERED {
            known.clear();
        }
        known.extend(places.into_iter().map(|used| (number, used)));
    }
}

impl Encrypted {
    /// Commits `batch` sealed with the current data key, whichever that is when it is committed.
    pub(super) async fn commit_sealed(&self, batch: Batch) -> Result<Receipt> {
        let batch = Arc::new(batch);
        for _ in 0..ATTEMPTS {
            let mut active = self.active();
            let places = self.memory.new_places(active.number, &batch);
            let (values, bytes) = size(&batch);
            let values = values + places.len() as u64;
            let first = match active.session.reserve(values, bytes) {
                Some(first) => first,
                None => {
                    active = self.renew(&active)?;
                    active.session.reserve(values, bytes).ok_or_else(too_large)?
                }
            };
            let sealing = Sealing {
                active: Arc::clone(&active),
                next: first,
                batch: Arc::clone(&batch),
                places: places.clone(),
                memory: Arc::clone(&self.memory),
            };
            let sealed = aside(usize::try_from(bytes).unwrap_or(usize::MAX), move || sealing.seal()).await?;
            match self.inner.commit(sealed).await {
                Ok(receipt) => {
                    self.memory.learn(active.number, places, &receipt);
                    return Ok(receipt);
                }
                Err(error) if another_key(&error) => self.reload().await?,
                Err(error) => return Err(error),
            }
        }
        let message =
            format!("the data key was changed {ATTEMPTS} times while this was committed: try later");
        Err(Error::new(ErrorKind::Conflict, message).retry(Retry::Now))
    }
}

struct Sealing {
    active: Arc<Active>,
    next: u64,
    batch: Arc<Batch>,
    places: Vec<Used>,
    memory: Arc<Memory>,
}

impl Sealing {
    fn seal(mut self) -> Result<Batch> {
        let session = Arc::clone(&self.active.session);
        let batch = Arc::clone(&self.batch);
        let mut sealed = Batch::new();
        // First, so that it is the one that is named when it does not hold.
        sealed.require(State::key()?, Expect::Exactly(self.active.state));
        for change in batch.changes() {
            let change = match change {
                Change::Put(key, value, expect) => Change::Put(
                    key.clone(),
                    session.seal(self.counter(), None, Place::Record(key), value),
                    *expect,
                ),
                Change::Append(append) => Change::Append(self.append(&session, append)),
                other => other.clone(),
            };
            sealed.push(change);
        }
        for used in std::mem::take(&mut self.places) {
            let key = used.key(self.active.number)?;
            let value =
                session.seal(self.counter(), None, Place::Record(&key), &Value::json(&Cursor::default())?);
            sealed.put(key, value);
        }
        Ok(sealed)
    }

    fn append(&mut self, session: &Session, append: &Append) -> Append {
        let Append { stream, values, producer } = append;
        let (entries, bound) = (values.len() as u64, self.memory.head(stream).0);
        let values = (0..).zip(values).map(|(index, value)| {
            let link = Link { index, entries, bound };
            session.seal(self.counter(), Some(link), Place::Entry(stream), value)
        });
        Append { stream: stream.clone(), values: values.collect(), producer: producer.clone() }
    }

    fn counter(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}

/// How many values a batch has, and their bytes.
fn size(batch: &Batch) -> (u64, u64) {
    let (mut values, mut bytes) = (0, 0);
    let mut add = |value: &Value| {
        values += 1;
        bytes += value.as_bytes().len() as u64;
    };
    for change in batch.changes() {
        match change {
            Change::Put(_, value, _) => add(value),
            Change::Append(append) => append.values.iter().for_each(&mut add),
            Change::Delete(..) | Change::Require(..) | Change::Trim(..) => {}
        }
    }
    (values, bytes)
}

/// The keys that a batch changes or looks at.
pub(super) fn changed_keys(batch: &Batch) -> impl Iterator<Item = &Key> {
    batch.changes().iter().filter_map(|change| match change {
        Change::Put(key, ..) | Change::Delete(key, _) | Change::Require(key, _) => Some(key),
        Change::Append(_) | Change::Trim(..) => None,
    })
}

/// Whether a commit was refused because the state of the encryption is another by now.
fn another_key(error: &Error) -> bool {
    let refused = error.context().iter().find(|(what, _)| *what == "key");
    let state = State::key().is_ok_and(|state| refused.is_some_and(|(_, key)| *key == state.to_string()));
    state && error.kind() == ErrorKind::Conflict
}

fn too_large() -> Error {
    Error::new(ErrorKind::LimitExceeded, "the batch is larger than what is sealed with one key")
}

/// What is left of the limits of the store below: sealed values are longer, and a batch says where it uses the data key.
pub(super) fn capabilities(inner: Capabilities) -> Capabilities {
    let max_batch_len = inner.max_batch_len.saturating_sub(1) / 2;
    Capabilities {
        name: match inner.name {
            "memory" => "encrypted-memory",
            "sqlite" => "encrypted-sqlite",
            _ => "encrypted",
        },
        max_value_bytes: inner.max_value_bytes.saturating_sub(OVERHEAD),
        max_batch_len,
        max_batch_bytes: inner.max_batch_bytes.saturating_sub(2 * OVERHEAD * max_batch_len),
        ..inner
    }
}
