//! Two real processes that write to one file at once.

use std::{path::Path, sync::Arc};

use futures_util::future::join_all;
use heptad_core::{
    ErrorKind,
    clock::SystemClock,
    store::{
        Batch, Expect, Offset, Store, Value,
        sqlite::{SqliteOptions, SqliteStore},
    },
};
use heptad_testkit::{
    crash::{Life, Remains, together},
    store::{key, stream},
};

const PROCESSES: u64 = 2;
const COMMITTERS: u64 = 4;
const COMMITS: u64 = 40;
const MEET_EVERY: u64 = 10;

#[test]
fn two_processes_write_at_once_and_lose_nothing() {
    together("store::processes::two_processes_write_at_once_and_lose_nothing", PROCESSES, work, check);
}

async fn open(folder: &Path) -> SqliteStore {
    let store =
        SqliteStore::open(folder.join("store.db"), SqliteOptions::default(), Arc::new(SystemClock)).await;
    store.expect("the file opens")
}

/// Each committer appends, and counts with all the others in one record.
async fn work(life: Life) {
    let store = Arc::new(open(&life.folder).await);
    let committers = (0..COMMITTERS).map(|who| {
        let (store, life) = (Arc::clone(&store), life.clone());
        tokio::spawn(async move {
            let who = life.life * COMMITTERS + who;
            for n in 0..COMMITS {
                if n.is_multiple_of(MEET_EVERY) {
                    meet(&*store, n).await;
                }
                let (first, version) = append(&*store, who, n).await;
                life.acknowledge(format_args!("{who} {n} {first} {version}"));
            }
        })
    });
    for committer in join_all(committers).await {
        committer.expect("a committer does not panic");
    }
}

/// Waits until every committer of every process is there: nobody is done before the others have begun.
async fn meet(store: &dyn Store, n: u64) {
    let place = stream(&format!("meeting-{n}"));
    let mut batch = Batch::new();
    batch.append(place.clone(), vec![Value::json("here").expect("a text has a JSON form")]);
    store.commit(batch).await.expect("the commit succeeds");
    store.watch(&place).after(Offset(PROCESSES * COMMITTERS - 1)).await.expect("the others come");
}

/// Appends `entries(n)` entries and adds one to the counter, again and again until nobody else was faster.
async fn append(store: &dyn Store, who: u64, n: u64) -> (u64, u64) {
    let counter = key("counts", "all");
    loop {
        let found = store.get(&counter).await.expect("a read");
        let (count, expect) = match &found {
            Some(record) => (record.value.decode().expect("a number"), Expect::Exactly(record.version)),
            None => (0_u64, Expect::Absent),
        };
        let mut batch = Batch::new();
        let entries =
            (0..entries(n)).map(|part| Value::json(&[who, n, part]).expect("numbers have a JSON form"));
        batch.append(stream("log"), entries.collect()).put_if(
            counter.clone(),
            Value::json(&(count + 1)).expect("a number has a JSON form"),
            expect,
        );
        match store.commit(batch).await {
            Ok(receipt) => return (receipt.appended[0].first.0, receipt.version.0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
        }
    }
}

fn entries(n: u64) -> u64 {
    1 + n % 3
}

async fn check(remains: Remains) {
    let store = open(&remains.folder).await;
    let log = store.read(&stream("log"), Offset::START, usize::MAX).await.expect("the log is whole");
    let told: Vec<[u64; 3]> = log.iter().map(|entry| entry.value.decode().expect("[who, n, part]")).collect();
    let mut commits: Vec<[u64; 4]> = remains
        .acknowledged
        .iter()
        .map(|line| {
            let numbers: Vec<u64> = line.split(' ').map(|n| n.parse().expect("a number")).collect();
            numbers.try_into().expect("who, n, first, version")
        })
        .collect();
    assert_eq!(commits.len() as u64, PROCESSES * COMMITTERS * COMMITS, "all were acknowledged");

    // In the order of their places, the commits fill the log without a gap, each process's entries where it was told.
    commits.sort_by_key(|[.., first, _]| *first);
    let promised: Vec<[u64; 3]> =
        commits.iter().flat_map(|[who, n, ..]| (0..entries(*n)).map(move |part| [*who, *n, part])).collect();
    assert_eq!(told, promised);
    assert!((1..).zip(&log).all(|(offset, entry)| entry.offset == Offset(offset)), "the log has no gap");
    let mut next = 1;
    for [_, n, first, _] in &commits {
        assert_eq!(*first, next);
        next += entries(*n);
    }
    // Versions are unique and grow with the log, whichever process gave them out.
    assert!(commits.is_sorted_by(|a, b| a[3] < b[3]), "{commits:?}");
    for who in 0..PROCESSES * COMMITTERS {
        let own: Vec<u64> = commits.iter().filter(|[w, ..]| *w == who).map(|[_, n, ..]| *n).collect();
        assert_eq!(own, (0..COMMITS).collect::<Vec<_>>(), "committer {who} commits in order");
    }
    let counter = store.get(&key("counts", "all")).await.expect("a read").expect("it was counted");
    assert_eq!(counter.value.decode::<u64>().expect("a number"), PROCESSES * COMMITTERS * COMMITS);

    // They did write at once: between two meetings, both did.
    let hands: Vec<u64> = commits.iter().map(|[who, ..]| who / COMMITTERS).collect();
    let changes = hands.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64;
    assert!(changes >= COMMITS / MEET_EVERY, "one after the other: {hands:?}");
}
