//! What is left of the SQLite store when its process is killed.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::future::join_all;
use heptad_core::{
    clock::SystemClock,
    store::{
        Batch, Expect, KeyRange, Offset, Page, Producer, Store, Value,
        sqlite::{Durability, SqliteOptions, SqliteStore},
    },
};
use heptad_testkit::{
    crash::{Crash, Life, Remains},
    store::{key, stream},
    vfs::{self, Cut},
};
use serde_json::json;

const COMMITTERS: u64 = 8;
/// Every so many commits a committer forgets all but the last ten entries of its own stream.
const TRIM_EVERY: u64 = 20;

#[test]
fn every_acknowledged_commit_is_whole_after_a_kill() {
    Crash::new("store::crash::every_acknowledged_commit_is_whole_after_a_kill")
        .run(async |life| work(life.clone(), open(&life.folder, SqliteOptions::default()).await).await, look);
}

/// Acknowledged in `Full` means on the disk: what was written and not synced may be lost, and nothing is missed.
#[cfg(unix)]
#[test]
fn every_acknowledged_commit_is_whole_after_a_loss_of_power() {
    Crash::new("store::crash::every_acknowledged_commit_is_whole_after_a_loss_of_power")
        .after_kill(|folder, _| vfs::cut_power(folder, Cut::Clean))
        .run(async |life| work(life.clone(), open(&life.folder, lossy()).await).await, look);
}

/// The same on a disk that had written any part of what was not synced, in any order.
#[cfg(unix)]
#[test]
fn every_acknowledged_commit_is_whole_after_a_loss_of_power_that_tears_pages() {
    Crash::new("store::crash::every_acknowledged_commit_is_whole_after_a_loss_of_power_that_tears_pages")
        .after_kill(|folder, seed| vfs::cut_power(folder, Cut::Torn(seed)))
        .run(async |life| work(life.clone(), open(&life.folder, lossy()).await).await, look);
}

/// The counter-proof that the tests above can fail; and what `Normal` does promise: whole commits, from the end.
#[cfg(unix)]
#[test]
fn a_loss_of_power_in_normal_takes_the_last_commits_whole() {
    let normal = || SqliteOptions { durability: Durability::Normal, ..lossy() };
    let lost = AtomicU64::new(0);
    Crash::new("store::crash::a_loss_of_power_in_normal_takes_the_last_commits_whole")
        .lives(1)
        .after_kill(|folder, seed| {
            vfs::cut_power(folder, if seed % 2 == 0 { Cut::Clean } else { Cut::Torn(seed) });
        })
        .run(
            async |life| work(life.clone(), open(&life.folder, normal()).await).await,
            async |mut remains: Remains| {
                let store = open(&remains.folder, quick()).await;
                for who in 0..COMMITTERS {
                    let last = last_commit(&*store, who).await;
                    let before = remains.acknowledged.len();
                    remains.acknowledged.retain(|line| {
                        let (w, n, _) = parse(line.strip_prefix("commit ").expect("nothing else is told"));
                        w != who || n <= last
                    });
                    lost.fetch_add((before - remains.acknowledged.len()) as u64, Ordering::Relaxed);
                }
                check(&*store, &remains).await;
            },
        );
    assert!(lost.into_inner() > 0, "unsynced writes are lost, so acknowledged commits are");
}

/// A disk that loses what was not synced.
#[cfg(unix)]
pub(crate) fn lossy() -> SqliteOptions {
    SqliteOptions { vfs: Some(vfs::register().into()), ..SqliteOptions::default() }
}

/// For a look at what is left. Its own changes need not outlive a loss of power: none comes before it is closed.
pub(crate) fn quick() -> SqliteOptions {
    SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() }
}

/// The store in `folder`.
pub(crate) async fn open(folder: &Path, options: SqliteOptions) -> Arc<dyn Store> {
    let store = SqliteStore::open(folder.join("store.db"), options, Arc::new(SystemClock)).await;
    Arc::new(store.expect("what is left opens"))
}

async fn look(remains: Remains) {
    check(&*open(&remains.folder, quick()).await, &remains).await;
}

/// Commits for ever, eight at a time; says `commit committer number offset` after each.
pub(crate) async fn work(life: Life, store: Arc<dyn Store>) {
    let committers = (0..COMMITTERS).map(|who| {
        let (store, life) = (Arc::clone(&store), life.clone());
        tokio::spawn(async move {
            let done = last_commit(&*store, who).await;
            if done > 0 {
                // As one who never heard the answer: once more, with requirements that no longer hold.
                let receipt = store.commit(batch(who, done)).await.expect("a repetition is welcome");
                assert!(receipt.appended.iter().all(|at| at.duplicate), "{receipt:?}");
            }
            for n in done + 1.. {
                let receipt = store.commit(batch(who, n)).await.expect("the commit succeeds");
                life.acknowledge(format_args!("commit {who} {n} {}", receipt.appended[0].first));
            }
        })
    });
    for committer in join_all(committers).await {
        committer.expect("a committer does not panic");
    }
}

/// The `n`th commit of a committer: records, conditions, two streams, a producer, retention.
fn batch(who: u64, n: u64) -> Batch {
    let json = |value: serde_json::Value| Value::Json(value.to_string().into());
    let mut batch = Batch::new();
    let entries = (0..entries(n)).map(|part| json(json!([who, n, part]))).collect();
    let producer = Producer { id: format!("p{who}").into(), epoch: 1, sequence: n };
    let previous = key("parts", &format!("{who}/{:06}/z", n - 1));
    batch
        .append_once(stream("log"), entries, producer)
        .append(stream(&format!("own-{who}")), vec![json(json!(n))])
        .put(key("last", &who.to_string()), json(json!(n)))
        .put_if(key("parts", &format!("{who}/{n:06}/a")), json(json!(n)), Expect::Absent)
        .put_if(
            key("parts", &format!("{who}/{n:06}/z")),
            json(json!("z".repeat(n as usize % 700))),
            Expect::Absent,
        )
        .require(previous, if n == 1 { Expect::Absent } else { Expect::Present });
    if n.is_multiple_of(TRIM_EVERY) {
        batch.trim(stream(&format!("own-{who}")), Offset(n - 10));
    }
    batch
}

fn entries(n: u64) -> u64 {
    1 + n % 3
}

async fn last_commit(store: &dyn Store, who: u64) -> u64 {
    let record = store.get(&key("last", &who.to_string())).await.expect("a read");
    record.map_or(0, |record| record.value.decode().expect("a number"))
}

/// Everything acknowledged is there; what is there is whole, in order, and without a gap.
pub(crate) async fn check(store: &dyn Store, remains: &Remains) {
    let log = store.read(&stream("log"), Offset::START, usize::MAX).await.expect("the log is whole");
    for (entry, offset) in log.iter().zip(1..) {
        assert_eq!(entry.offset, Offset(offset), "the log has no gap");
    }
    let told: Vec<[u64; 3]> = log.iter().map(|entry| entry.value.decode().expect("[who, n, part]")).collect();
    for who in 0..COMMITTERS {
        let last = last_commit(store, who).await;
        let acknowledged = acknowledged(remains, who);
        let heard = acknowledged.last().map_or(0, |(n, _)| *n);
        assert!(heard <= last, "committer {who}: {heard} was acknowledged, {last} is the last one left");
        assert!(last <= heard + remains.deaths, "committer {who}: {last} is there, {heard} was heard of");

        let own_log: Vec<_> = (1..).zip(&told).filter(|(_, [w, ..])| *w == who).collect();
        let expected: Vec<[u64; 3]> =
            (1..=last).flat_map(|n| (0..entries(n)).map(move |part| [who, n, part])).collect();
        assert_eq!(own_log.iter().map(|(_, told)| **told).collect::<Vec<_>>(), expected);
        for (n, first) in acknowledged {
            let found: Vec<u64> =
                own_log.iter().filter(|(_, [_, of, _])| *of == n).map(|(offset, _)| *offset).collect();
            let promised: Vec<u64> = (first..first + entries(n)).collect();
            assert_eq!(found, promised, "committer {who}: the entries of commit {n} are where it was told");
        }
        check_own(store, who, last).await;
    }
}

async fn check_own(store: &dyn Store, who: u64, last: u64) {
    let own = store.read(&stream(&format!("own-{who}")), Offset::START, usize::MAX).await;
    let own: Vec<u64> = own
        .expect("the stream is whole")
        .iter()
        .map(|entry| {
            let n: u64 = entry.value.decode().expect("a number");
            assert_eq!(entry.offset, Offset(n));
            n
        })
        .collect();
    let trimmed = (last / TRIM_EVERY * TRIM_EVERY).saturating_sub(10);
    assert_eq!(own, (trimmed + 1..=last).collect::<Vec<_>>());

    let parts = store.scan(KeyRange::prefix("parts", format!("{who}/")), Page::first(usize::MAX)).await;
    let parts: Vec<String> = parts.expect("a scan").iter().map(|record| record.key.id().to_owned()).collect();
    let expected: Vec<String> =
        (1..=last).flat_map(|n| ["a", "z"].map(|part| format!("{who}/{n:06}/{part}"))).collect();
    assert_eq!(parts, expected);
}

/// The commits of `who` that were acknowledged, with the offset they were told: in order, each once.
fn acknowledged(remains: &Remains, who: u64) -> Vec<(u64, u64)> {
    let all: Vec<_> = remains.told("commit").map(parse).filter(|(w, ..)| *w == who).collect();
    assert!(all.is_sorted_by(|a, b| a.1 < b.1), "committer {who} commits in order");
    all.into_iter().map(|(_, n, first)| (n, first)).collect()
}

/// Who acknowledged which of their commits, and the offset they were told.
fn parse(line: &str) -> (u64, u64, u64) {
    let numbers: Vec<u64> = line.split(' ').map(|n| n.parse().expect("a number")).collect();
    (numbers[0], numbers[1], numbers[2])
}
