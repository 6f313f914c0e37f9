//! Streams: logs that only grow at the end and are forgotten from the beginning.

use std::{fmt, sync::Arc};

use tokio::sync::watch;

use super::{Value, key::check_name};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
};

/// The name of a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(Arc<str>);

impl StreamId {
    /// A name of 1 to 128 characters of `a-z 0-9 _ - . :` beginning with a letter.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where it is not.
    pub fn new(name: impl Into<Arc<str>>) -> Result<Self> {
        let name = name.into();
        check_name("stream", &name)?;
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place of an entry in its stream. The first entry has offset 1; offsets have no gaps and are never used twice.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Offset(pub u64);

impl Offset {
    /// Before the first entry.
    pub const START: Self = Self(0);
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One entry of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub offset: Offset,
    /// When it was committed (UTC, by the store's clock; millisecond resolution).
    pub time: Timestamp,
    /// What was appended.
    pub value: Value,
}

/// The resolution in which streams keep time.
pub(crate) fn to_millisecond(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// Where an append of a batch ended up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The stream.
    pub stream: StreamId,
    /// Offset of the first entry of the append; [`Offset::START`] for a duplicate older than the producer's last append, whose place
    /// is no longer known.
    pub first: Offset,
    /// How many entries the append has.
    pub count: u64,
    /// The producer had appended this sequence before: nothing was written, and these are the offsets from then.
    pub duplicate: bool,
}

/// Tells a reader that a stream has grown.
#[derive(Clone, Debug)]
pub struct Watch {
    receiver: watch::Receiver<Option<Offset>>,
}

/// The store's end of [`Watch`]es on one stream.
#[derive(Debug)]
pub struct WatchHandle {
    sender: watch::Sender<Option<Offset>>,
}

impl WatchHandle {
    /// A handle for a stream whose last entry has offset `head`; `None` where the adapter has still to look it up.
    pub fn new(head: Option<Offset>) -> Self {
        Self { sender: watch::Sender::new(head) }
    }

    /// A new watch.
    pub fn subscribe(&self) -> Watch {
        Watch { receiver: self.sender.subscribe() }
    }

    /// Wakes the watches: the last entry now has offset `head`. A head that is not greater wakes nobody.
    pub fn advance(&self, head: Offset) {
        self.sender.send_if_modified(|current| {
            let grown = current.is_none_or(|current| head > current);
            *current = (*current).max(Some(head));
            grown
        });
    }

    /// Whether anybody watches.
    pub fn is_watched(&self) -> bool {
        self.sender.receiver_count() > 0
    }
}

impl Watch {
    /// The last offset known here and now; [`Offset::START`] while the store is still looking it up.
    pub fn head(&self) -> Offset {
        self.receiver.borrow().unwrap_or_default()
    }

    /// The offset of the last entry, also where [`head`](Self::head) does not know it yet. Entries that were committed in this process
    /// before the call are counted.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) when the store was closed.
    pub async fn current(&mut self) -> Result<Offset> {
        self.wait(|head| head.is_some()).await
    }

    /// Waits until the stream has an entry after `seen` and returns its last offset. Returns at once where it has.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) when the store was closed.
    pub async fn after(&mut self, seen: Offset) -> Result<Offset> {
        self.wait(|head| head.is_some_and(|head| head > seen)).await
    }

    async fn wait(&mut self, until: impl Fn(Option<Offset>) -> bool) -> Result<Offset> {
        let head = self.receiver.wait_for(|head| until(*head)).await.map_err(|_| {
            Error::new(ErrorKind::Unavailable, "the store was closed while waiting for a stream")
        })?;
        Ok(head.unwrap_or_default())
    }
}
