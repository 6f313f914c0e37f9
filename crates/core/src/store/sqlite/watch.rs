//! Waking readers: the writer does it for commits of this process; for those of others one thread looks at the file now and then, and
//! only while somebody watches.

use std::{
    collections::HashMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use super::{
    super::{Offset, StreamId, Watch, WatchHandle},
    SqliteOptions,
    read::head,
};
use crate::error::{Error, ErrorKind, Result};

/// The watched streams, and the thread that looks after them.
pub(super) struct Watches {
    table: Arc<Table>,
    thread: Option<JoinHandle<()>>,
}

/// Who watches what.
#[derive(Default)]
pub(super) struct Table {
    state: Mutex<State>,
    /// Whether anybody watches: lets the writer pass by without taking the lock.
    watched: AtomicBool,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    handles: HashMap<StreamId, WatchHandle>,
    /// Streams whose head has still to be looked up.
    fresh: Vec<StreamId>,
    closed: bool,
}

impl Watches {
    pub(super) fn start(connection: Connection, options: &SqliteOptions) -> Result<Self> {
        let table = Arc::new(Table::default());
        let (seen, interval) = (Arc::clone(&table), options.poll_interval);
        let thread = std::thread::Builder::new()
            .name("heptad-store-watch".into())
            .spawn(move || look(&seen, &connection, interval))
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "a thread cannot be started").because(error)
            })?;
        Ok(Self { table, thread: Some(thread) })
    }

    pub(super) fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table)
    }

    pub(super) fn watch(&self, stream: &StreamId) -> Watch {
        let mut state = self.table.state();
        if let Some(handle) = state.handles.get(stream) {
            return handle.subscribe();
        }
        let handle = WatchHandle::new(None);
        let watch = handle.subscribe();
        state.handles.insert(stream.clone(), handle);
        state.fresh.push(stream.clone());
        self.table.watched.store(true, Ordering::Release);
        self.table.changed.notify_one();
        watch
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        let mut state = self.table.state();
        state.closed = true;
        state.handles.clear();
        drop(state);
        self.table.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It panicked or it ended: it is over in either case.
            let _ = thread.join();
        }
    }
}

impl Table {
    /// Wakes who watches a stream that has just been committed to.
    pub(super) fn advance<'a>(&self, heads: impl Iterator<Item = (&'a StreamId, Offset)>) {
        // A watch that begins after this look finds the commit in the file.
        if !self.watched.load(Ordering::Acquire) {
            return;
        }
        let state = self.state();
        for (stream, head) in heads {
            if let Some(handle) = state.handles.get(stream) {
                handle.advance(head);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to look at: the streams to look up, or `None` when the store is closed. `all` tells that the file may have
    /// been changed by others and every watched stream wants a look if it was.
    fn next(&self, interval: Duration) -> Option<(Vec<StreamId>, bool)> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if !state.fresh.is_empty() {
                return Some((std::mem::take(&mut state.fresh), false));
            }
            state.handles.retain(|_, handle| handle.is_watched());
            if state.handles.is_empty() {
                self.watched.store(false, Ordering::Release);
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (back, waited) =
                self.changed.wait_timeout(state, interval).unwrap_or_else(PoisonError::into_inner);
            state = back;
            if waited.timed_out() && !state.closed && state.fresh.is_empty() {
                return Some((state.handles.keys().cloned().collect(), true));
            }
        }
    }
}

fn look(table: &Table, connection: &Connection, interval: Duration) {
    let mut seen = None;
    while let Some((streams, only_if_changed)) = table.next(interval) {
        if let Err(error) = look_up(table, connection, &streams, only_if_changed, &mut seen) {
            tracing::warn!(%error, "watched streams cannot be read; trying again");
            // A stream that is known already is harmlessly looked up once more.
            table.state().fresh.extend(streams);
            std::thread::sleep(interval);
        }
    }
}

fn look_up(
    table: &Table,
    connection: &Connection,
    streams: &[StreamId],
    only_if_changed: bool,
    seen: &mut Option<i64>,
) -> rusqlite::Result<()> {
    if only_if_changed {
        let version: i64 =
            connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if *seen == Some(version) {
            return Ok(());
        }
        *seen = Some(version);
    }
    let heads: Vec<Offset> =
        streams.iter().map(|stream| head(connection, stream)).collect::<Result<_, _>>()?;
    table.advance(streams.iter().zip(heads));
    Ok(())
}
