//! The cases, one function each; the name says what must hold.
#![allow(missing_docs, reason = "the name of a case is its documentation")]

pub mod batches;
pub mod places;
pub mod producers;
pub mod records;
pub mod streams;
pub mod watches;

use std::sync::Arc;

use heptad_core::{
    ErrorKind, Result,
    store::{Batch, Entry, Offset, Producer, Receipt, Store, StreamId},
};

use super::Place;
use crate::VirtualClock;

async fn open(place: &dyn Place) -> Arc<dyn Store> {
    place.open(Arc::new(VirtualClock::new())).await
}

async fn commit(store: &dyn Store, build: impl FnOnce(&mut Batch)) -> Receipt {
    try_commit(store, build).await.expect("the batch is committed")
}

async fn try_commit(store: &dyn Store, build: impl FnOnce(&mut Batch)) -> Result<Receipt> {
    let mut batch = Batch::new();
    build(&mut batch);
    store.commit(batch).await
}

async fn refused(store: &dyn Store, why: ErrorKind, build: impl FnOnce(&mut Batch)) {
    let error = try_commit(store, build).await.expect_err("the batch is refused");
    assert_eq!(error.kind(), why, "{error}");
}

async fn read_all(store: &dyn Store, stream: &StreamId) -> Vec<Entry> {
    store.read(stream, Offset::START, usize::MAX).await.expect("the stream can be read")
}

/// The texts of a stream's entries; asserts that their offsets have no gap.
async fn texts(store: &dyn Store, stream: &StreamId) -> Vec<String> {
    let entries = read_all(store, stream).await;
    let first = entries.first().map_or(1, |entry| entry.offset.0);
    for (entry, offset) in entries.iter().zip(first..) {
        assert_eq!(entry.offset, Offset(offset));
    }
    entries.iter().map(|entry| entry.value.decode().expect("a JSON string")).collect()
}

fn producer(id: &str, epoch: u64, sequence: u64) -> Producer {
    Producer { id: id.into(), epoch, sequence }
}
