//! Appends with a durable acknowledgement: our SQLite store beside a raw rusqlite loop that groups commits in the same way.
//!
//! The raw loop is what one would write by hand: one writer thread drains the waiting appends, writes them as one packed row in one
//! transaction and acknowledges them, with the same pragmas and its statements prepared once. It keeps no offsets, versions, checksums or
//! producers, and what it writes it never merges. Run: `cargo xtask bench group_commit`.

#![allow(clippy::print_stdout, reason = "a comparison tells its result")]

use std::{
    path::Path,
    sync::{Arc, mpsc},
    thread,
};

use heptad_benches::{Contest, Round, run_producers};
use heptad_core::{
    clock::SystemClock,
    store::{
        Batch, Offset, Store, StreamId, Value,
        sqlite::{Durability, SqliteOptions, SqliteStore},
    },
};
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

const PAYLOAD_BYTES: usize = 256;
const ROUNDS: usize = 9;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test` builds and starts every bench; there is nothing to check here.
    }
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    for durability in [Durability::Full, Durability::Normal] {
        for (producers, each) in [(1, 1000), (16, 400), (128, 200)] {
            let each = if durability == Durability::Normal { each * 4 } else { each };
            let label = format!("{durability:?}, {producers} producers");
            if filter.as_ref().is_some_and(|wanted| !label.contains(wanted)) {
                continue;
            }
            let mut contest = Contest::default();
            for round in 0..2 * ROUNDS {
                // Ours, theirs, theirs, ours: whoever goes first does so as often as second.
                if matches!(round % 4, 0 | 3) {
                    contest.ours.push(runtime.block_on(ours(producers, each, durability)));
                } else {
                    contest.theirs.push(runtime.block_on(raw(producers, each, durability)));
                }
            }
            println!("{}", contest.line(&label));
        }
    }
}

fn payload(producer: u64, sequence: u64) -> Arc<[u8]> {
    let mut bytes = vec![0x5a; PAYLOAD_BYTES];
    bytes[..8].copy_from_slice(&producer.to_le_bytes());
    bytes[8..16].copy_from_slice(&sequence.to_le_bytes());
    bytes.into()
}

/// Every producer's payloads are there, whole and in their order.
fn assert_complete<'a>(payloads: impl Iterator<Item = &'a [u8]>, producers: u64, each: u64) {
    let mut next = vec![0; producers as usize];
    for found in payloads {
        let word = |at: usize| u64::from_le_bytes(found[at..at + 8].try_into().expect("eight bytes"));
        let (producer, sequence) = (word(0), word(8));
        assert_eq!(found, &*payload(producer, sequence));
        assert_eq!(sequence, next[producer as usize], "producer {producer} out of order");
        next[producer as usize] += 1;
    }
    assert!(next.iter().all(|count| *count == each), "appends are missing");
}

async fn ours(producers: u64, each: u64, durability: Durability) -> Round {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = SqliteOptions { durability, ..SqliteOptions::default() };
    let store = SqliteStore::open(folder.path().join("ours.db"), options, Arc::new(SystemClock))
        .await
        .expect("opens");
    let store: Arc<dyn Store> = Arc::new(store);
    let stream = StreamId::new("bench").expect("a valid name");
    let submit = {
        let (store, stream) = (Arc::clone(&store), stream.clone());
        move |producer, sequence| {
            let (store, stream) = (Arc::clone(&store), stream.clone());
            async move {
                let mut batch = Batch::new();
                batch.append(stream, vec![Value::Bytes(payload(producer, sequence))]);
                store.commit(batch).await.expect("the commit is acknowledged");
            }
        }
    };
    let round = run_producers(producers, each, submit).await;
    let entries = store.read(&stream, Offset::START, usize::MAX).await.expect("reads back");
    assert_complete(entries.iter().map(|entry| entry.value.as_bytes()), producers, each);
    round
}

type Waiting = (Arc<[u8]>, oneshot::Sender<()>);

async fn raw(producers: u64, each: u64, durability: Durability) -> Round {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("raw.db");
    let connection = open_raw(&path, durability);
    let (sender, receiver) = mpsc::sync_channel::<Waiting>(4096);
    let writer = thread::spawn(move || write_raw(&connection, &receiver));
    let submit = {
        let sender = sender.clone();
        move |producer, sequence| {
            let sender = sender.clone();
            async move {
                let (done, acknowledged) = oneshot::channel();
                sender.send((payload(producer, sequence), done)).expect("the writer lives");
                acknowledged.await.expect("the writer acknowledges");
            }
        }
    };
    let round = run_producers(producers, each, submit).await;
    drop(sender);
    writer.join().expect("the writer ends");
    let connection = open_raw(&path, durability);
    let mut rows = connection.prepare("SELECT data FROM log ORDER BY base").expect("prepares");
    let packed: Vec<Vec<u8>> =
        rows.query_map([], |row| row.get(0)).expect("queries").map(|row| row.expect("a row")).collect();
    assert_complete(packed.iter().flat_map(|row| row.chunks(PAYLOAD_BYTES)), producers, each);
    round
}

fn open_raw(path: &Path, durability: Durability) -> Connection {
    let connection = Connection::open(path).expect("opens");
    let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA wal_autocheckpoint=4096;
             PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-16384;
             CREATE TABLE IF NOT EXISTS log(base INTEGER PRIMARY KEY, count INTEGER, data BLOB)"
        ))
        .expect("sets up");
    connection
}

fn write_raw(connection: &Connection, receiver: &mpsc::Receiver<Waiting>) {
    let run =
        |sql| connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])).expect("runs");
    let mut base = 0;
    while let Ok(first) = receiver.recv() {
        let mut group = vec![first];
        while group.len() < 1024
            && let Ok(next) = receiver.try_recv()
        {
            group.push(next);
        }
        let packed: Vec<u8> = group.iter().flat_map(|(payload, _)| payload.iter().copied()).collect();
        run("BEGIN IMMEDIATE");
        let mut insert = connection.prepare_cached("INSERT INTO log VALUES (?, ?, ?)").expect("prepares");
        insert.execute(params![base, group.len() as i64, packed]).expect("inserts");
        run("COMMIT");
        base += group.len() as i64;
        for (_, done) in group {
            let _ = done.send(());
        }
    }
}
