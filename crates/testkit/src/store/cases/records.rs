//! Records: get, scan, versions.

use heptad_core::store::{KeyRange, Page, Store, Value};

use super::{commit, open};
use crate::store::{Place, key, text};

pub async fn what_was_put_is_read_back(place: &dyn Place) {
    let store = open(place).await;
    let values = [
        text("plain"),
        text("NUL \0, quote \", snowman ☃, 𝄞"),
        Value::Json("  {\"a\" :1}".into()),
        Value::Bytes([0, 255, 128, 10].as_slice().into()),
        Value::Bytes([].as_slice().into()),
        Value::Bytes(b"\"looks like JSON\"".as_slice().into()),
        text(&"x".repeat(1 << 20)),
    ];
    for (n, value) in values.iter().enumerate() {
        let key = key("things", &format!("Ä/{n} '\u{1}%"));
        let receipt = commit(&*store, |batch| {
            batch.put(key.clone(), value.clone());
        })
        .await;
        let record = store.get(&key).await.expect("a read").expect("the record is there");
        assert_eq!((&record.key, &record.value, record.version), (&key, value, receipt.version));
    }
    assert_eq!(store.get(&key("things", "other")).await.expect("a read"), None);
}

pub async fn versions_grow_and_are_never_used_again(place: &dyn Place) {
    let store = open(place).await;
    let (a, b) = (key("things", "a"), key("things", "b"));
    let mut last = None;
    for round in 0..6 {
        let receipt = commit(&*store, |batch| {
            match round % 3 {
                0 => batch.put(a.clone(), text("a")).put(b.clone(), text("b")),
                1 => batch.delete(a.clone()),
                _ => batch.put(b.clone(), text("again")),
            };
        })
        .await;
        assert!(last < Some(receipt.version), "{last:?} then {receipt:?}");
        last = Some(receipt.version);
        if round % 3 == 0 {
            let versions =
                [&a, &b].map(|key| async { store.get(key).await.expect("a read").map(|r| r.version) });
            for version in versions {
                assert_eq!(version.await, last, "all records of a commit have its version");
            }
        }
    }
}

pub async fn what_was_deleted_is_gone(place: &dyn Place) {
    let store = open(place).await;
    let key = key("things", "a");
    commit(&*store, |batch| {
        batch.put(key.clone(), text("a"));
    })
    .await;
    for _ in 0..2 {
        commit(&*store, |batch| {
            batch.delete(key.clone());
        })
        .await;
        assert_eq!(store.get(&key).await.expect("a read"), None);
        assert!(store.scan(KeyRange::all("things"), Page::first(9)).await.expect("a scan").is_empty());
    }
}

pub async fn collections_do_not_see_each_other(place: &dyn Place) {
    let store = open(place).await;
    commit(&*store, |batch| {
        for collection in ["a", "ab", "a:b", "b"] {
            batch.put(key(collection, "same"), text(collection));
        }
    })
    .await;
    for collection in ["a", "ab", "a:b", "b"] {
        assert_eq!(ids(&*store, KeyRange::all(collection), Page::first(9)).await, ["same"]);
        let record = store.get(&key(collection, "same")).await.expect("a read").expect("it is there");
        assert_eq!(record.value, text(collection));
    }
    assert!(ids(&*store, KeyRange::all("c"), Page::first(9)).await.is_empty());
}

/// In the order of their bytes: neither of UTF-16 units, nor of a language, nor without case.
const ORDERED: [&str; 13] =
    ["\u{1}", "!", "10", "9", "A", "B", "a", "a\u{1}", "a!", "aa", "ä", "\u{FFFD}", "\u{10000}"];

pub async fn a_scan_is_ordered_by_the_bytes_of_ids(place: &dyn Place) {
    let store = filled(place).await;
    assert_eq!(ids(&*store, KeyRange::all("things"), Page::first(99)).await, ORDERED);
    let mut backwards = ORDERED;
    backwards.reverse();
    assert_eq!(ids(&*store, KeyRange::all("things"), Page::last(99)).await, backwards);
}

pub async fn a_range_is_half_open(place: &dyn Place) {
    let store = filled(place).await;
    let cases: [(KeyRange, &[&str]); 7] = [
        (KeyRange::between("things", "9", "a"), &["9", "A", "B"]),
        (KeyRange::between("things", "9!", "B\u{1}"), &["A", "B"]),
        (KeyRange::between("things", "a", "a"), &[]),
        (KeyRange::between("things", "b", "a"), &[]),
        (KeyRange::prefix("things", "a"), &["a", "a\u{1}", "a!", "aa"]),
        (KeyRange::prefix("things", "a").after("a"), &["a\u{1}", "a!", "aa"]),
        (KeyRange::prefix("things", "\u{10000}"), &["\u{10000}"]),
    ];
    for (range, expected) in cases {
        assert_eq!(ids(&*store, range.clone(), Page::first(99)).await, expected, "{range:?}");
        assert!(ids(&*store, range, Page::first(0)).await.is_empty());
    }
}

pub async fn pages_cover_a_range_in_both_directions(place: &dyn Place) {
    let store = filled(place).await;
    for size in 1..ORDERED.len() + 2 {
        for reverse in [false, true] {
            let (mut range, mut seen) = (KeyRange::all("things"), Vec::new());
            loop {
                let page = ids(&*store, range.clone(), Page { limit: size, reverse }).await;
                let Some(last) = page.last() else { break };
                range = if reverse { range.before(last) } else { range.after(last) };
                seen.extend(page);
            }
            if reverse {
                seen.reverse();
            }
            assert_eq!(seen, ORDERED, "pages of {size}, reverse: {reverse}");
        }
    }
}

async fn filled(place: &dyn Place) -> std::sync::Arc<dyn Store> {
    let store = open(place).await;
    for ids in [&ORDERED[5..], &ORDERED[..5]] {
        commit(&*store, |batch| {
            for id in ids.iter().rev() {
                batch.put(key("things", id), text(id));
            }
            batch.put(key(if ids.len() > 5 { "thing" } else { "thingsz" }, "a"), text("a neighbour"));
        })
        .await;
    }
    store
}

async fn ids(store: &dyn Store, range: KeyRange, page: Page) -> Vec<String> {
    let records = store.scan(range, page).await.expect("a scan");
    records.iter().map(|record| record.key.id().to_owned()).collect()
}
