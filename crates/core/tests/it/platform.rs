//! An open platform for tests: everything in memory, the time stands still.

use std::sync::Arc;

use async_trait::async_trait;
use heptad_core::{
    Error, ErrorKind, Kernel, Result,
    config::Config,
    events::{
        Capabilities, DeadLetter, Event, EventBus, GroupConfig, GroupName, GroupStatus, Message, Published,
        Retention, Start, Subscription, Topic, TopicStatus, Trimmed,
    },
    kernel::Ports,
    operation::{Platform, Registry},
    store::{Batch, Offset, Producer, Watch, WatchHandle, memory::MemoryStore},
    telemetry::Metrics,
};
use heptad_testkit::VirtualClock;

/// A bus that carries nothing.
struct NoBus;

fn no<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Unsupported, "this platform has no events"))
}

#[async_trait]
impl EventBus for NoBus {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new("none", 0)
    }
    async fn declare(&self, _: &Topic) -> Result<()> {
        no()
    }
    async fn publish(&self, _: &Topic, _: Vec<Event>, _: Option<Producer>) -> Result<Published> {
        no()
    }
    async fn publish_in(&self, _: &mut Batch, _: &Topic, _: Vec<Event>) -> Result<()> {
        no()
    }
    async fn read(&self, _: &Topic, _: Offset, _: usize) -> Result<Vec<Message>> {
        no()
    }
    fn watch(&self, _: &Topic) -> Watch {
        WatchHandle::new(None).subscribe()
    }
    async fn subscribe(&self, _: &Topic, _: GroupConfig) -> Result<Subscription> {
        no()
    }
    async fn seek(&self, _: &Topic, _: &GroupName, _: Start) -> Result<()> {
        no()
    }
    async fn topics(&self) -> Result<Vec<TopicStatus>> {
        no()
    }
    async fn groups(&self, _: Option<&Topic>) -> Result<Vec<GroupStatus>> {
        no()
    }
    async fn dead_letters(&self, _: &Topic, _: &GroupName, _: Offset, _: usize) -> Result<Vec<DeadLetter>> {
        no()
    }
    async fn redrive(&self, _: &Topic, _: &GroupName, _: Offset) -> Result<u64> {
        no()
    }
    async fn trim(&self, _: &Topic, _: Retention) -> Result<Trimmed> {
        no()
    }
}

/// A kernel without search, and its clock.
pub(crate) fn kernel() -> (Kernel, VirtualClock) {
    let clock = VirtualClock::new();
    let kernel = Kernel::new(Ports {
        store: Arc::new(MemoryStore::new(Arc::new(clock.clone()))),
        bus: Arc::new(NoBus),
        search: None,
        clock: Arc::new(clock.clone()),
        config: Config::default(),
        metrics: Metrics::new(),
        operations: Registry::default().with(Platform::OPERATIONS),
    });
    (kernel, clock)
}
