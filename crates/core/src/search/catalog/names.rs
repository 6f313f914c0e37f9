//! Where a catalog keeps what in the store.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::Result,
    search::{Checkpoint, Schema, check_collection},
    store::{Entry, Key, StreamId},
};

/// The collection of the store that holds a [`Definition`] for each collection of documents.
pub(super) const DEFINITIONS: &str = "search.collections";

/// What a collection of documents is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Definition {
    /// Tells this collection from others that had its name: in another store, or before it was removed.
    pub(super) incarnation: String,
    pub(super) schema: Schema,
    /// It is being removed: to everybody but who removes it, it is not there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) dropped: bool,
}

/// How far an index has read the stream of changes, and by what the stream is recognised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    incarnation: String,
    /// The last entry that was applied; 0: none yet.
    pub(super) offset: u64,
    /// When that entry was committed. A store that was restored from an older copy has another entry in its place.
    pub(super) time: Option<Timestamp>,
}

impl Definition {
    /// The place behind `entry`.
    pub(super) fn place(&self, entry: Option<&Entry>) -> Place {
        Place {
            incarnation: self.incarnation.clone(),
            offset: entry.map_or(0, |entry| entry.offset.0),
            time: entry.map(|entry| entry.time),
        }
    }

    /// The place that a checkpoint names; `None` where it is of another collection or none of ours.
    pub(super) fn place_of(&self, checkpoint: &Checkpoint) -> Option<Place> {
        let place: Place = serde_json::from_str(&checkpoint.0).ok()?;
        (place.incarnation == self.incarnation).then_some(place)
    }
}

impl Place {
    pub(super) fn to_checkpoint(&self) -> Checkpoint {
        Checkpoint(
            serde_json::json!({ "incarnation": self.incarnation, "offset": self.offset, "time": self.time })
                .to_string(),
        )
    }
}

pub(super) fn definition(collection: &str) -> Result<Key> {
    check_collection(collection)?;
    Key::new(DEFINITIONS, collection)
}

pub(super) fn documents(collection: &str) -> String {
    format!("search.documents:{collection}")
}

pub(super) fn document(collection: &str, id: &str) -> Result<Key> {
    Key::new(documents(collection), id)
}

pub(super) fn changes(collection: &str) -> Result<StreamId> {
    StreamId::new(format!("search.changes:{collection}"))
}
