//! The reader behind `events.tail`.

use std::{collections::VecDeque, sync::Arc};

use super::PlacedEvent;
use crate::{
    error::Result,
    events::{EventBus, Message, Topic},
    store::{Offset, Watch},
};

/// How many events a tail reads at once.
const PAGE: usize = 256;

/// A reader that never comes to the end.
pub(super) struct Tail {
    bus: Arc<dyn EventBus>,
    topic: Topic,
    /// `None` until it is known where to begin.
    seen: Option<Offset>,
    page: VecDeque<Message>,
    watch: Watch,
}

impl Tail {
    pub(super) fn new(bus: Arc<dyn EventBus>, topic: Topic, seen: Option<Offset>) -> Self {
        let watch = bus.watch(&topic);
        Self { bus, topic, seen, page: VecDeque::new(), watch }
    }

    /// Waits for the next event.
    pub(super) async fn next(&mut self) -> Result<PlacedEvent> {
        let mut seen = match self.seen {
            Some(seen) => seen,
            None => self.watch.current().await?,
        };
        loop {
            if let Some(message) = self.page.pop_front() {
                self.seen = Some(message.offset);
                return Ok(message.into());
            }
            self.seen = Some(seen);
            let head = self.watch.after(seen).await?;
            self.page = self.bus.read(&self.topic, seen, PAGE).await?.into();
            if self.page.is_empty() {
                // Retention was faster than the reader.
                seen = head;
            }
        }
    }
}
