//! What encryption at rest costs: the same work on the same store, plain and under the layer that seals.
//!
//! In memory, where the layer is most of the work, and on SQLite in `Normal`. First criterion's times of each way, then the rates side by side ("ours" is encrypted,
//! "theirs" plain) with the time of the processor. Run: `cargo xtask bench encryption`.

#![allow(clippy::print_stdout, reason = "a comparison tells its result")]

use std::{hint::black_box, path::Path, sync::Arc, time::Instant};

use criterion::Criterion;
use heptad_benches::{Contest, Round, cpu_time};
use heptad_core::{
    clock::SystemClock,
    crypto::{SecretKey, TextKeyRing},
    store::{
        Batch, Key, Offset, Store, StreamId, Value,
        encrypted::{Encrypted, EncryptedOptions},
        memory::MemoryStore,
        sqlite::{Durability, SqliteOptions, SqliteStore},
    },
};
use tokio::runtime::Runtime;

const ROUNDS: usize = 9;
const SIZES: [usize; 2] = [256, 16 << 10];

/// One way to use a store: what it is called, how often a round does it, and one time of it.
type Way = (&'static str, u64, fn(&Runtime, &dyn Store, &Value));

const WAYS: [Way; 4] =
    [("put", 400, put), ("get", 2_000, get), ("append 100", 40, append), ("read 100", 200, read)];

fn put(runtime: &Runtime, store: &dyn Store, value: &Value) {
    let mut batch = Batch::new();
    batch.put(Key::new("bench", "record").expect("a key"), value.clone());
    runtime.block_on(store.commit(batch)).expect("a commit");
}

fn get(runtime: &Runtime, store: &dyn Store, value: &Value) {
    let key = Key::new("bench", "record").expect("a key");
    let found = runtime.block_on(store.get(&key)).expect("a read").expect("a record");
    assert_eq!(black_box(found).value.as_bytes().len(), value.as_bytes().len());
}

fn append(runtime: &Runtime, store: &dyn Store, value: &Value) {
    let mut batch = Batch::new();
    batch.append(StreamId::new("bench").expect("a name"), vec![value.clone(); 100]);
    runtime.block_on(store.commit(batch)).expect("a commit");
}

fn read(runtime: &Runtime, store: &dyn Store, _value: &Value) {
    let stream = StreamId::new("bench").expect("a name");
    let entries = runtime.block_on(store.read(&stream, Offset::START, 100)).expect("entries");
    assert_eq!(black_box(entries).len(), 100);
}

async fn below(kind: &str, path: &Path) -> Arc<dyn Store> {
    let clock = Arc::new(SystemClock);
    if kind == "memory" {
        return Arc::new(MemoryStore::new(clock));
    }
    let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    Arc::new(SqliteStore::open(path, options, clock).await.expect("a store"))
}

async fn sealed(below: Arc<dyn Store>) -> Arc<dyn Store> {
    let key = SecretKey::generate().expect("a key").to_base64();
    let ring = Arc::new(TextKeyRing::parse(&format!("bench {}", *key)).expect("a ring"));
    let store = Encrypted::open(below, ring, EncryptedOptions::default(), Arc::new(SystemClock)).await;
    Arc::new(store.expect("a store"))
}

fn round(runtime: &Runtime, store: &dyn Store, (_, count, once): Way, value: &Value) -> Round {
    let (cpu, start) = (cpu_time(), Instant::now());
    for _ in 0..count {
        once(runtime, store, value);
    }
    let cpu = cpu.zip(cpu_time()).map(|(before, after)| after - before);
    Round { events: count, wall: start.elapsed(), cpu }
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test` builds and starts every bench; there is nothing to check here.
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let folder = tempfile::tempdir().expect("a folder");
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut lines = Vec::new();
    for kind in ["memory", "sqlite"] {
        for size in SIZES {
            let value = Value::Bytes(vec![0x5a; size].into());
            let open =
                |name: &str| runtime.block_on(below(kind, &folder.path().join(format!("{name}-{size}.db"))));
            let (plain, encrypted) = (open("plain"), runtime.block_on(sealed(open("encrypted"))));
            let mut group = criterion.benchmark_group(format!("{kind}, {size} bytes"));
            for way in WAYS {
                let (name, _, once) = way;
                for (side, store) in [("plain", &plain), ("encrypted", &encrypted)] {
                    // What is read must be there, whichever ways were chosen to be run.
                    put(&runtime, &**store, &value);
                    append(&runtime, &**store, &value);
                    group.bench_function(format!("{name}, {side}"), |bencher| {
                        bencher.iter(|| once(&runtime, &**store, &value));
                    });
                }
                let mut contest = Contest::default();
                for turn in 0..2 * ROUNDS {
                    // Ours, theirs, theirs, ours: whoever goes first does so as often as second.
                    if matches!(turn % 4, 0 | 3) {
                        contest.ours.push(round(&runtime, &*encrypted, way, &value));
                    } else {
                        contest.theirs.push(round(&runtime, &*plain, way, &value));
                    }
                }
                lines.push(contest.line(&format!("{kind}, {size} bytes, {name}")));
            }
            group.finish();
        }
    }
    println!("\nencrypted (ours) beside plain (theirs)");
    lines.iter().for_each(|line| println!("{line}"));
}
