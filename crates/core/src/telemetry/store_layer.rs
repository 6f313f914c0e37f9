//! Counts what goes through a store.

use std::sync::Arc;

use async_trait::async_trait;
use prometheus::{IntCounter, IntGauge};

use super::{
    Metrics,
    meter::{Meter, Verb, Waiting},
};
use crate::{
    clock::Clock,
    error::Result,
    store::{
        Batch, Capabilities, Change, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId,
        Watch,
    },
};

/// A [`Store`] that counts and times the verbs of another, with a span for each.
pub struct MeteredStore {
    inner: Arc<dyn Store>,
    meter: Meter,
    get: Verb,
    scan: Verb,
    commit: Verb,
    read: Verb,
    records_read: IntCounter,
    records_changed: IntCounter,
    entries_read: IntCounter,
    entries_appended: IntCounter,
    waiting: IntGauge,
}

impl MeteredStore {
    /// `inner`, counted in `metrics`; `clock` tells how long it takes.
    pub fn new(inner: Arc<dyn Store>, metrics: &Metrics, clock: Arc<dyn Clock>) -> Self {
        let meter = Meter::new("store", inner.capabilities().name, metrics, clock);
        Self {
            get: meter.verb("get"),
            scan: meter.verb("scan"),
            commit: meter.verb("commit"),
            read: meter.verb("read"),
            records_read: meter.items("records_read"),
            records_changed: meter.items("records_changed"),
            entries_read: meter.items("entries_read"),
            entries_appended: meter.items("entries_appended"),
            waiting: meter.waiting(),
            inner,
            meter,
        }
    }

    /// A batch that was applied before changes nothing.
    fn count(&self, records: u64, receipt: &Receipt) {
        if receipt.appended.iter().any(|appended| appended.duplicate) {
            return;
        }
        self.records_changed.inc_by(records);
        self.entries_appended.inc_by(receipt.appended.iter().map(|appended| appended.count).sum());
    }
}

#[async_trait]
impl Store for MeteredStore {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, key: &Key) -> Result<Option<Record>> {
        let found = self.meter.measure(&self.get, self.inner.get(key)).await?;
        self.records_read.inc_by(found.is_some().into());
        Ok(found)
    }

    async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Record>> {
        let found = self.meter.measure(&self.scan, self.inner.scan(range, page)).await?;
        self.records_read.inc_by(found.len() as u64);
        Ok(found)
    }

    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        let changes = batch.changes().iter();
        let records =
            changes.filter(|change| matches!(change, Change::Put(..) | Change::Delete(..))).count() as u64;
        let _waiting = Waiting::in_line(&self.waiting);
        let receipt = self.meter.measure(&self.commit, self.inner.commit(batch)).await?;
        self.count(records, &receipt);
        Ok(receipt)
    }

    async fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Result<Vec<Entry>> {
        let entries = self.meter.measure(&self.read, self.inner.read(stream, after, limit)).await?;
        self.entries_read.inc_by(entries.len() as u64);
        Ok(entries)
    }

    fn watch(&self, stream: &StreamId) -> Watch {
        self.inner.watch(stream)
    }
}
