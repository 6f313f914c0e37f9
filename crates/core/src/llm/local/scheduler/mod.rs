//! Continuous batching: one thread that computes, and all requests that wait in one batch.
//!
//! A request joins between two steps and leaves between two steps. A step appends one token to every answer that is being written and a chunk to one
//! prompt that is being read, in turn, so that a long prompt stops nobody. What was computed for a prompt is kept for others that begin alike
//! ([`prefix`]). Whoever drops the stream is found out at the next step; a panic becomes the error of the requests that were in the batch.

mod engine;
mod prefix;
mod queue;
mod slot;
#[cfg(test)]
mod tests;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use tokio::sync::mpsc;

pub(super) use self::engine::{Engine, Memory, Pass};
use self::{
    prefix::Prefixes,
    queue::{Queue, Refused},
    slot::Slot,
};
use super::{options::Limits, prompt::Prepared};
use crate::{
    error::{Error, ErrorKind, Result, Retry},
    llm::Delta,
};

/// The most tokens of prompts in one step.
const CHUNK: usize = 128;

/// A request on its way to the thread.
pub(super) struct Job {
    prepared: Prepared,
    model: String,
    deltas: mpsc::Sender<Result<Delta>>,
}

impl Job {
    /// The job, and where its answer comes. There is room for everything that an answer of its length can say, so the thread never waits for a reader.
    pub(super) fn new(prepared: Prepared, model: String) -> (Self, mpsc::Receiver<Result<Delta>>) {
        let (deltas, receiver) = mpsc::channel(4 * prepared.answer.limit() + 16);
        (Self { prepared, model, deltas }, receiver)
    }
}

/// The handle of the thread, which ends when the handle is gone and its work is done.
pub(super) struct Scheduler {
    jobs: Arc<Queue>,
    limits: Limits,
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.jobs.close();
    }
}

/// Held by the thread: however it ends, nobody waits for it.
struct Ending(Arc<Queue>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Scheduler {
    /// Starts the thread; it begins with `load`.
    pub(super) fn start<E: Engine>(
        limits: Limits,
        load: impl FnOnce() -> Result<E> + Send + 'static,
    ) -> Self {
        let jobs = Arc::new(Queue::new(limits.queue));
        // Where no thread can be had, this is dropped with the closure and `submit` says so.
        let ending = Ending(Arc::clone(&jobs));
        let _ = std::thread::Builder::new().name("heptad-model".into()).spawn(move || {
            let Ending(waiting) = &ending;
            match catch_unwind(AssertUnwindSafe(load)) {
                Ok(Ok(engine)) => run(&engine, waiting, limits),
                Ok(Err(error)) => refuse(waiting, error.kind(), error.message()),
                Err(_) => refuse(waiting, ErrorKind::Internal, "loading the model panicked"),
            }
        });
        Self { jobs, limits }
    }

    /// Puts a job into the queue.
    ///
    /// # Errors
    /// [`LimitExceeded`](ErrorKind::LimitExceeded), to be tried again, where the queue is full.
    pub(super) fn submit(&self, job: Job) -> Result<()> {
        self.jobs.push(job).map_err(|refused| match refused {
            Refused::Full => {
                let message = format!(
                    "{} requests are waiting for the local model, and no more may wait",
                    self.limits.queue
                );
                Error::new(ErrorKind::LimitExceeded, message).retry(Retry::After(Duration::from_secs(1)))
            }
            Refused::Ended => Error::internal("the thread of the local model has ended"),
        })
    }
}

/// Answers every job with the error that kept the model from being loaded.
fn refuse(waiting: &Queue, kind: ErrorKind, message: &str) {
    while let Some(job) = waiting.pop() {
        let _ = job.deltas.try_send(Err(Error::new(kind, message.to_owned())));
    }
}

/// Works until nobody can send any more and everything is answered.
fn run<E: Engine>(engine: &E, waiting: &Queue, limits: Limits) {
    let mut prefixes = Prefixes::new(limits.prefix_bytes);
    let mut slots: Vec<Slot<E::Cache>> = Vec::new();
    let mut turn = 0;
    loop {
        while slots.len() < limits.batch {
            let next = if slots.is_empty() { waiting.pop() } else { waiting.try_pop() };
            match next {
                Some(job) => {
                    let deltas = job.deltas.clone();
                    let begun = AssertUnwindSafe(|| Slot::begin(engine, job, &mut prefixes));
                    match catch_unwind(begun) {
                        Ok(begun) => slots.extend(begun),
                        Err(_) => {
                            let error = Error::internal("beginning the answer panicked");
                            let _ = deltas.try_send(Err(error));
                            prefixes = Prefixes::new(limits.prefix_bytes);
                        }
                    }
                }
                None if slots.is_empty() => return,
                None => break,
            }
        }
        turn += 1;
        let stepped = catch_unwind(AssertUnwindSafe(|| step(engine, &mut slots, &mut prefixes, turn)));
        if let Some(error) = match stepped {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(_) => Some(Error::internal("computing the answer panicked")),
        } {
            // Whose fault it was cannot be told, and what the caches hold now neither.
            for slot in slots.drain(..) {
                slot.fail(&error);
            }
            prefixes = Prefixes::new(limits.prefix_bytes);
        }
    }
}

/// One pass of the model over all slots, and what follows from it.
fn step<E: Engine>(
    engine: &E,
    slots: &mut Vec<Slot<E::Cache>>,
    prefixes: &mut Prefixes<E::Cache>,
    turn: usize,
) -> Result<()> {
    slots.retain_mut(|slot| !slot.abandoned(prefixes));
    let reading: Vec<usize> = (0..slots.len()).filter(|index| slots[*index].reading()).collect();
    let reader = reading.get(turn % reading.len().max(1)).copied();
    let mut batch: Vec<Pass<'_, E::Cache>> = Vec::new();
    let mut indices = Vec::new();
    for (index, slot) in slots.iter_mut().enumerate() {
        if !slot.reading() || reader == Some(index) {
            batch.push(slot.pass(CHUNK));
            indices.push(index);
        }
    }
    if batch.is_empty() {
        return Ok(());
    }
    let rows = engine.step(&mut batch)?;
    drop(batch);
    for (index, row) in indices.into_iter().zip(rows) {
        slots[index].stepped(row.as_deref(), prefixes);
    }
    slots.retain_mut(|slot| !slot.over());
    Ok(())
}
