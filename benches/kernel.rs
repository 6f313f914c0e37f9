//! What the kernel's ways cost, one group each: to commit and read, to publish and consume, to index and ask, to parse and scan.
//!
//! On the sources of this repository, in memory but for the group `sqlite`. Run: `cargo xtask bench kernel`.

use std::{hint::black_box, path::PathBuf, sync::Arc};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use heptad::{
    core::{
        clock::SystemClock,
        code::{Language, Outline, operations::IndexRequest, parse},
        events::GroupConfig,
        search::operations::QueryRequest,
        store::{
            Offset,
            memory::MemoryStore,
            sqlite::{Durability, SqliteOptions, SqliteStore},
        },
    },
    prelude::*,
};
use tokio::runtime::Runtime;

const PAYLOAD: [u8; 256] = [0x5a; 256];

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn sources() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/core/src"))
}

/// Committing an entry, committing and reading a record, reading a thousand entries.
fn store(criterion: &mut Criterion) {
    let runtime = runtime();
    let folder = tempfile::tempdir().expect("a folder");
    let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    let sqlite = SqliteStore::open(folder.path().join("bench.db"), options, Arc::new(SystemClock));
    let sqlite: Arc<dyn Store> = Arc::new(runtime.block_on(sqlite).expect("a store"));
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    for (name, store) in [("memory", memory), ("sqlite", sqlite)] {
        let stream = StreamId::new("bench").expect("a name");
        let key = Key::new("bench", "record").expect("a key");
        let append = |entries: usize| {
            let mut batch = Batch::new();
            batch.append(stream.clone(), vec![Value::Bytes(PAYLOAD.into()); entries]);
            runtime.block_on(store.commit(batch)).expect("a commit")
        };
        append(1000);
        let mut group = criterion.benchmark_group(name);
        group.bench_function("append 1 entry", |bencher| bencher.iter(|| append(1)));
        group.throughput(Throughput::Elements(100));
        group.bench_function("append 100 entries", |bencher| bencher.iter(|| append(100)));
        group.throughput(Throughput::Elements(1));
        group.bench_function("put and get a record", |bencher| {
            bencher.iter(|| {
                let mut batch = Batch::new();
                batch.put(key.clone(), Value::Bytes(PAYLOAD.into()));
                runtime.block_on(store.commit(batch)).expect("a commit");
                black_box(runtime.block_on(store.get(&key)).expect("a record"))
            });
        });
        group.throughput(Throughput::Elements(1000));
        group.bench_function("read 1000 entries", |bencher| {
            bencher.iter(|| runtime.block_on(store.read(&stream, Offset::START, 1000)).expect("entries"));
        });
        group.finish();
    }
}

/// A hundred events published in one call, taken and acknowledged one by one.
fn events(criterion: &mut Criterion) {
    let runtime = runtime();
    let heptad = runtime.block_on(Heptad::in_memory()).expect("a platform");
    let (bus, topic) = (&heptad.kernel().bus, Topic::new("bench").expect("a name"));
    let group = GroupConfig::new("bench");
    let subscription = runtime.block_on(bus.subscribe(&topic, group)).expect("a group");
    let event = || Event::new("/bench", "bench.done").data(&"payload").expect("an event");
    let mut group = criterion.benchmark_group("events");
    group.throughput(Throughput::Elements(100));
    group.bench_function("publish 100, consume and acknowledge them", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                bus.publish(&topic, (0..100).map(|_| event()).collect(), None).await.expect("published");
                for _ in 0..100 {
                    subscription.next().await.expect("a delivery").ack().await.expect("acknowledged");
                }
            });
        });
    });
    group.finish();
}

/// Questions to the index of our own sources.
fn search(criterion: &mut Criterion) {
    let runtime = runtime();
    let heptad = runtime.block_on(Heptad::in_memory()).expect("a platform");
    let (code, search) = (heptad.code(), heptad.search());
    let index = code.index(IndexRequest::new(sources().to_string_lossy()));
    runtime.block_on(index).expect("an index");
    let mut group = criterion.benchmark_group("search");
    for question in
        ["segment", "merge small segments", "\"consumer group\"", "title:commit OR body:checkpoint"]
    {
        group.bench_function(question, |bencher| {
            bencher.iter(|| {
                let query = search.query(QueryRequest::new("code", question));
                black_box(runtime.block_on(query).expect("a page"))
            });
        });
    }
    group.finish();
}

/// Parsing one large file, its outline, and a scan of a folder.
fn code(criterion: &mut Criterion) {
    let runtime = runtime();
    let text: Arc<str> =
        std::fs::read_to_string(sources().join("operation/guard.rs")).expect("a source").into();
    let tree = parse(Language::Rust, Arc::clone(&text)).expect("it parses");
    let mut group = criterion.benchmark_group("code");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter_batched(|| Arc::clone(&text), |text| parse(Language::Rust, text), BatchSize::SmallInput);
    });
    group.bench_function("outline", |bencher| bencher.iter(|| Outline::of(black_box(&tree))));
    group.finish();

    let folder = tempfile::tempdir().expect("a folder");
    let script = "import subprocess\n\ndef run(command):\n    return subprocess.run(command, shell=True)\n";
    let modules = 50;
    for module in 0..modules {
        let text = script.repeat(20);
        std::fs::write(folder.path().join(format!("module_{module}.py")), text).expect("a file");
    }
    let heptad = runtime.block_on(Heptad::in_memory()).expect("a platform");
    let review = heptad.review();
    let mut group = criterion.benchmark_group("review");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(modules * 20 * script.len() as u64));
    group.bench_function("scan", |bencher| {
        bencher.iter(|| {
            let scan = review.scan(ScanRequest::new(folder.path().to_string_lossy()));
            let report = runtime.block_on(scan).expect("a report");
            assert_eq!(report.findings.len() as u64, modules * 20, "every call is found");
        });
    });
    group.finish();
}

criterion_group!(kernel, store, events, search, code);
criterion_main!(kernel);
