//! A set of changes that happen together or not at all.

use std::sync::Arc;

use super::{Appended, Key, Offset, StreamId, Value, Version};
use crate::error::{Error, ErrorKind};

/// What a change requires of the record that is there before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    #[default]
    Any,
    /// There is no record.
    Absent,
    /// There is a record, of whatever version.
    Present,
    /// There is a record of this version.
    Exactly(Version),
}

impl Expect {
    /// Whether `found` is what was required.
    pub fn holds(self, found: Option<Version>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => found.is_none(),
            Self::Present => found.is_some(),
            Self::Exactly(version) => found == Some(version),
        }
    }
}

/// One change of a [`Batch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Writes a record.
    Put(Key, Value, Expect),
    /// Removes a record; removing what is not there is no error unless it was expected.
    Delete(Key, Expect),
    /// Changes nothing, but the batch needs this to hold.
    Require(Key, Expect),
    /// Appends entries to a stream.
    Append(Append),
    /// Forgets the entries of a stream up to and including an offset: they are never read again, and the space is freed in time. What
    /// comes next still gets the offset after the last one ever used.
    Trim(StreamId, Offset),
}

impl Change {
    /// What the change needs of which record; `None` where it needs nothing.
    pub fn requirement(&self) -> Option<(&Key, Expect)> {
        match self {
            Self::Put(key, _, expect) | Self::Delete(key, expect) | Self::Require(key, expect) => {
                (*expect != Expect::Any).then_some((key, *expect))
            }
            Self::Append(_) | Self::Trim(..) => None,
        }
    }
}

/// The error of a requirement that does not hold.
pub(crate) fn refused(key: &Key, expect: Expect, found: Option<Version>) -> Error {
    let found = match found {
        Some(version) => format!("it has version {}", version.0),
        None => "there is none".to_owned(),
    };
    let expected = match expect {
        Expect::Any => "anything".to_owned(),
        Expect::Absent => "no record".to_owned(),
        Expect::Present => "a record".to_owned(),
        Expect::Exactly(version) => format!("version {}", version.0),
    };
    Error::new(ErrorKind::Conflict, format!("the batch expected {expected}, but {found}")).with("key", key)
}

/// Entries for one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// The entries, in order.
    pub values: Vec<Value>,
    /// Who appends, where appending twice must be prevented.
    pub producer: Option<Producer>,
}

/// Who appends. A sequence that was appended before is acknowledged again, not written again; an older epoch is refused.
///
/// A batch is atomic, so a sequence that was appended before means that its whole batch was applied before: when such a batch comes
/// again, none of it is applied, none of its requirements is checked, and its receipt says `duplicate`. Producers are looked at before
/// anything else. A batch in which one producer's append is new and another's is not is a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// A stable name, unique within the stream.
    pub id: Arc<str>,
    /// Grows whenever the producer starts anew: whoever still uses an older one has been replaced and is refused.
    pub epoch: u64,
    /// The number of this append within the epoch: 1, 2, 3 … without a gap.
    pub sequence: u64,
}

/// A set of changes that happen together or not at all.
///
/// Requirements are checked against the state before the batch. A key may be changed once in a batch; it may be required as well.
/// Appends and trims take effect in the order in which they were added.
///
/// ```
/// use heptad_core::store::{Batch, Expect, Key, StreamId, Value};
///
/// let mut batch = Batch::new();
/// batch
///     .put_if(Key::new("orders", "o-1")?, Value::json(&"paid")?, Expect::Absent)
///     .append(StreamId::new("orders.log")?, vec![Value::json(&"o-1 was paid")?]);
/// assert_eq!(batch.changes().len(), 2);
/// # Ok::<(), heptad_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    changes: Vec<Change>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes `value` at `key`.
    pub fn put(&mut self, key: Key, value: Value) -> &mut Self {
        self.put_if(key, value, Expect::Any)
    }

    /// Writes `value` at `key` if `expect` holds; else the whole batch is refused.
    pub fn put_if(&mut self, key: Key, value: Value, expect: Expect) -> &mut Self {
        self.push(Change::Put(key, value, expect))
    }

    /// Removes the record at `key`.
    pub fn delete(&mut self, key: Key) -> &mut Self {
        self.delete_if(key, Expect::Any)
    }

    /// Removes the record at `key` if `expect` holds; else the whole batch is refused.
    pub fn delete_if(&mut self, key: Key, expect: Expect) -> &mut Self {
        self.push(Change::Delete(key, expect))
    }

    /// Refuses the whole batch unless `expect` holds for `key`.
    pub fn require(&mut self, key: Key, expect: Expect) -> &mut Self {
        self.push(Change::Require(key, expect))
    }

    /// Appends `values` to `stream`.
    pub fn append(&mut self, stream: StreamId, values: Vec<Value>) -> &mut Self {
        self.push(Change::Append(Append { stream, values, producer: None }))
    }

    /// Appends `values` to `stream` unless `producer` has appended this sequence before.
    pub fn append_once(&mut self, stream: StreamId, values: Vec<Value>, producer: Producer) -> &mut Self {
        self.push(Change::Append(Append { stream, values, producer: Some(producer) }))
    }

    /// Forgets the entries of `stream` up to and including `offset`.
    pub fn trim(&mut self, stream: StreamId, offset: Offset) -> &mut Self {
        self.push(Change::Trim(stream, offset))
    }

    /// Adds one change.
    pub fn push(&mut self, change: Change) -> &mut Self {
        self.changes.push(change);
        self
    }

    /// Adds the changes of `other`, which happen with these.
    pub fn merge(&mut self, other: Self) -> &mut Self {
        self.changes.extend(other.changes);
        self
    }

    /// The changes, in the order they were added.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The changes themselves.
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether the batch does more than [require](Self::require).
    pub fn writes(&self) -> bool {
        self.changes.iter().any(|change| !matches!(change, Change::Require(..)))
    }
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the commit: the version of every record it wrote. Where nothing was written (a duplicate, or nothing but
    /// requirements) it is the number of the last commit before, or one that was left out since.
    pub version: Version,
    /// One for each append of the batch, in order.
    pub appended: Vec<Appended>,
}
