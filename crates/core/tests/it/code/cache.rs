//! Facts are kept by content and version, and not without bound.

use std::sync::Arc;

use heptad_core::{
    code::{FactCache, Language, walk::ContentHash},
    store::{KeyRange, Page, Store, memory::MemoryStore},
};
use heptad_testkit::VirtualClock;

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::new(VirtualClock::new())))
}

fn hash(n: usize) -> ContentHash {
    ContentHash::of(&n.to_le_bytes())
}

async fn kept(store: &Arc<dyn Store>) -> usize {
    store.scan(KeyRange::all("code.facts"), Page::first(usize::MAX)).await.unwrap().len()
}

#[tokio::test]
async fn what_is_put_is_found_by_content_language_and_version() {
    let store = store();
    let cache = FactCache::new(store.clone(), "lines", 1, 100);
    cache.put(&[(Language::Python, hash(1), &7), (Language::Python, hash(1), &7)]).await.unwrap();
    let keys = [(Language::Python, hash(1)), (Language::Go, hash(1)), (Language::Python, hash(2))];
    assert_eq!(cache.get::<i32>(&keys).await.unwrap(), [Some(7), None, None]);
    let newer = FactCache::new(store.clone(), "lines", 2, 100);
    assert_eq!(newer.get::<i32>(&keys[..1]).await.unwrap(), [None], "made by an older version");
    let other = FactCache::new(store, "words", 1, 100);
    assert_eq!(other.get::<i32>(&keys[..1]).await.unwrap(), [None], "other facts");
}

#[tokio::test]
async fn a_fact_that_cannot_be_read_is_none() {
    let store = store();
    let cache = FactCache::new(store, "lines", 1, 100);
    cache.put(&[(Language::Python, hash(1), &"text")]).await.unwrap();
    assert_eq!(cache.get::<i32>(&[(Language::Python, hash(1))]).await.unwrap(), [None]);
}

#[tokio::test]
async fn sweeping_keeps_the_newest_of_this_version() {
    let store = store();
    let old = FactCache::new(store.clone(), "lines", 1, 1_000_000_000);
    let cache = FactCache::new(store.clone(), "lines", 2, 10);
    let words = FactCache::new(store.clone(), "words", 1, 1_000_000_000);
    old.put(&[(Language::Python, hash(0), &0)]).await.unwrap();
    words.put(&[(Language::Python, hash(0), &0)]).await.unwrap();
    for n in 0..700 {
        cache.put(&[(Language::Python, hash(n), &n)]).await.unwrap();
        assert!(kept(&store).await <= 60, "it is swept on the way");
    }
    cache.sweep().await.unwrap();
    assert_eq!(kept(&store).await, 11);
    let newest: Vec<_> = (690..700).map(|n| (Language::Python, hash(n))).collect();
    assert!(cache.get::<usize>(&newest).await.unwrap().iter().all(Option::is_some));
    assert_eq!(words.get::<i32>(&[(Language::Python, hash(0))]).await.unwrap(), [Some(0)], "others stay");
}

#[tokio::test]
async fn the_oldest_facts_go_first_and_a_fact_that_is_put_again_is_new() {
    let store = store();
    let cache = FactCache::new(store.clone(), "lines", 1, 3);
    let key = |n: usize| (Language::Python, hash(n));
    for n in 0..4 {
        cache.put(&[(Language::Python, hash(n), &n)]).await.unwrap();
    }
    let kept = cache.get::<usize>(&[key(0), key(1), key(2), key(3)]).await.unwrap();
    assert_eq!(kept, [None, Some(1), Some(2), Some(3)]);
    cache.put(&[(Language::Python, hash(1), &1)]).await.unwrap();
    cache.put(&[(Language::Python, hash(4), &4)]).await.unwrap();
    let kept = cache.get::<usize>(&[key(1), key(2), key(3), key(4)]).await.unwrap();
    assert_eq!(kept, [Some(1), None, Some(3), Some(4)]);
}

#[tokio::test]
async fn a_put_larger_than_the_capacity_leaves_the_capacity() {
    let store = store();
    let cache = FactCache::new(store.clone(), "lines", 1, 4);
    let numbers: Vec<usize> = (0..1000).collect();
    let facts: Vec<_> = numbers.iter().map(|n| (Language::Python, hash(*n), n)).collect();
    cache.put(&facts).await.unwrap();
    assert_eq!(kept(&store).await, 4);
}
