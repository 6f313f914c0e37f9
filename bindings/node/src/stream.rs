//! Streams: items cross in batches, as many as are ready, and the operation waits while two batches are not taken.

use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _, stream::BoxStream};
use heptad::Result;
use napi_derive::napi;
use serde_json::Value;
use tokio::{
    sync::{Mutex, mpsc},
    task::AbortHandle,
};

use crate::{
    bridge::Tasks,
    outcome::{Now, Outcome},
    runtime::runtime,
};

/// How many items a batch has at most.
const BATCH: usize = 1024;

/// What an operation gives one after the other.
#[napi]
pub struct Stream {
    tasks: Arc<Tasks>,
    more: Arc<Mutex<mpsc::Receiver<Outcome>>>,
    pump: Option<AbortHandle>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.close();
    }
}

impl Stream {
    /// The stream of `items`; where there are none for an error, of that.
    pub(crate) fn of(tasks: &Arc<Tasks>, items: Result<BoxStream<'static, Result<Value>>>) -> Self {
        let (sender, more) = mpsc::channel(2);
        let pump = items.and_then(|items| Ok(runtime()?.spawn(pump(items, sender.clone()))));
        let pump = match pump {
            Ok(pump) => Some(pump.abort_handle()),
            Err(error) => {
                // The queue is empty: there is room.
                let _ = sender.try_send(Outcome::failed(&error));
                None
            }
        };
        Self { tasks: Arc::clone(tasks), more: Arc::new(Mutex::new(more)), pump }
    }
}

/// Sends what `items` gives until there is no more, or an error.
async fn pump(items: BoxStream<'static, Result<Value>>, sender: mpsc::Sender<Outcome>) {
    let mut batches = items.ready_chunks(BATCH);
    while let Some(batch) = batches.next().await {
        let (mut given, mut failed) = (Vec::with_capacity(batch.len()), None);
        for item in batch {
            match item {
                Ok(item) => given.push(item),
                Err(error) => {
                    failed = Some(Outcome::failed(&error));
                    break;
                }
            }
        }
        if !given.is_empty() && sender.send(Outcome::of(Ok(Value::Array(given)))).await.is_err() {
            return;
        }
        if let Some(failed) = failed {
            // Whoever no longer listens need not know.
            let _ = sender.send(failed).await;
            return;
        }
    }
}

#[napi]
impl Stream {
    /// The next items, a list in JSON; nothing at the end.
    #[napi(catch_unwind)]
    pub fn next(&self, id: u32) -> Now {
        let more = Arc::clone(&self.more);
        let next = async move { more.lock().await.recv().await.unwrap_or(Outcome::DONE) };
        self.tasks.try_run(id, next.boxed())
    }

    /// Ends it: the operation is given up.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        if let Some(pump) = &self.pump {
            pump.abort();
        }
    }
}
