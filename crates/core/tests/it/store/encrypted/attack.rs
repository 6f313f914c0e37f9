//! What somebody can do who can write the file, and what is noticed of it.

use std::sync::Arc;

use heptad_core::{
    ErrorKind,
    crypto::Fault,
    progress::Silent,
    store::{KeyRange, Offset, Page, Store, Value},
};
use heptad_testkit::store::{key as at, stream, text};
use proptest::{collection::vec, prelude::*};

use super::{OWN, append, commit, fault, forge, key, open, plain, put, read, ring, sealed, try_open};

#[tokio::test]
async fn nothing_of_a_value_can_be_seen_below() {
    let inner = plain();
    let store = open(&inner).await;
    put(&store, "ada", "a canary sings").await;
    append(&store, "log", &["a canary sings", "a canary sings"]).await;
    let mut below = vec![inner.get(&at("users", "ada")).await.expect("a read").expect("it is there").value];
    below.extend(sealed(&*inner, "log").await.into_iter().map(|entry| entry.value));
    below.extend(
        inner.scan(KeyRange::all(OWN), Page::first(99)).await.expect("a scan").into_iter().map(|r| r.value),
    );
    for value in below {
        assert!(!value.as_bytes().windows(6).any(|bytes| bytes == b"canary"), "{value:?}");
    }
    assert_eq!(read(&store, "log").await.expect("a read"), ["a canary sings", "a canary sings"]);
}

#[tokio::test]
async fn a_value_belongs_to_its_place() {
    let inner = plain();
    let store = open(&inner).await;
    put(&store, "ada", "Ada").await;
    put(&store, "bob", "Bob").await;
    append(&store, "log", &["one"]).await;
    let ada = inner.get(&at("users", "ada")).await.expect("a read").expect("it is there").value;
    let entry = sealed(&*inner, "log").await.remove(0).value;
    for (place, value) in [
        (at("users", "bob"), &ada),
        (at("admins", "ada"), &ada),
        (at("user", "sada"), &ada),
        (at("users", "eve"), &entry),
    ] {
        commit(&*inner, |batch| {
            batch.put(place.clone(), value.clone());
        })
        .await;
        assert_eq!(fault(store.get(&place).await), Fault::Tampered, "{place}");
    }
    // One damaged record does not hide the others.
    assert!(store.get(&at("users", "ada")).await.is_ok());
    for (name, value) in [("other", entry), ("log", ada)] {
        let forged = forge(&*inner, name, vec![value]).await;
        assert_eq!(fault(read(&open(&forged).await, name).await), Fault::Tampered);
    }
}

#[tokio::test]
async fn a_store_is_opened_by_its_own_keys_only() {
    let inner = plain();
    put(&open(&inner).await, "ada", "Ada").await;
    let other = heptad_core::crypto::TextKeyRing::parse(&key("2026-01", 99)).expect("a ring");
    let error = try_open(&inner, Arc::new(other)).await.map(drop);
    assert_eq!(error.as_ref().expect_err("it is refused").kind(), ErrorKind::PermissionDenied);
    assert_eq!(fault(error), Fault::WrongKey);
    let other = heptad_core::crypto::TextKeyRing::parse(&key("2027-01", 16)).expect("a ring");
    let error = try_open(&inner, Arc::new(other)).await.map(drop);
    assert!(error.as_ref().expect_err("it is refused").message().contains("2026-01"));
    assert_eq!(fault(error), Fault::MissingKey);

    // The wrapped key of one store is worth nothing in another, though the same ring wrapped it.
    let second = plain();
    put(&open(&second).await, "ada", "Ada").await;
    let foreign = inner.get(&at(OWN, "key/0000000001")).await.expect("a read").expect("it is there").value;
    commit(&*second, |batch| {
        batch.put(at(OWN, "key/0000000001"), foreign);
    })
    .await;
    assert_eq!(fault(try_open(&second, ring(1)).await.map(drop)), Fault::Tampered);
}

#[tokio::test]
async fn what_is_not_encrypted_is_refused() {
    let inner = plain();
    let store = open(&inner).await;
    put(&store, "ada", "Ada").await;
    append(&store, "log", &["one"]).await;
    let cases = [
        ("eve", text("Eve"), Fault::NotEncrypted),
        ("ada", text("Ada"), Fault::NotEncrypted),
        ("x", Value::Bytes(b"plain bytes".as_slice().into()), Fault::NotEncrypted),
        ("y", Value::Bytes(b"HPR".as_slice().into()), Fault::Truncated),
        ("z", Value::Bytes(b"".as_slice().into()), Fault::Truncated),
    ];
    for (id, value, expected) in cases {
        commit(&*inner, |batch| {
            batch.put(at("users", id), value);
        })
        .await;
        assert_eq!(fault(store.get(&at("users", id)).await), expected, "{id}");
        assert_eq!(fault(store.scan(KeyRange::prefix("users", id), Page::first(9)).await), expected, "{id}");
    }
    append(&*inner, "log", &["two"]).await;
    assert_eq!(fault(read(&store, "log").await), Fault::NotEncrypted);
    assert_eq!(store.read(&stream("log"), Offset::START, 1).await.expect("the first is whole").len(), 1);
}

#[tokio::test]
async fn the_encryptions_own_records_are_nobody_elses() {
    let store = open(&plain()).await;
    assert_eq!(store.get(&at(OWN, "state")).await.expect_err("refused").kind(), ErrorKind::InvalidInput);
    assert!(store.scan(KeyRange::all(OWN), Page::first(9)).await.is_err());
    let mut batch = heptad_core::store::Batch::new();
    batch.delete(at(OWN, "state"));
    assert_eq!(store.commit(batch).await.expect_err("refused").kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn every_cut_of_a_value_is_noticed_as_one() {
    let inner = plain();
    let store = open(&inner).await;
    put(&store, "ada", "Ada Lovelace").await;
    append(&store, "log", &["one"]).await;
    let record = inner.get(&at("users", "ada")).await.expect("a read").expect("it is there").value;
    for length in 0..record.as_bytes().len() {
        commit(&*inner, |batch| {
            batch.put(at("users", "ada"), Value::Bytes(record.as_bytes()[..length].into()));
        })
        .await;
        assert_eq!(fault(store.get(&at("users", "ada")).await), Fault::Truncated, "{length} bytes");
    }
    let entry = sealed(&*inner, "log").await.remove(0).value;
    for length in 0..entry.as_bytes().len() {
        let forged = forge(&*inner, "log", vec![Value::Bytes(entry.as_bytes()[..length].into())]).await;
        assert_eq!(fault(read(&open(&forged).await, "log").await), Fault::Truncated, "{length} bytes");
    }
    let mut longer = entry.as_bytes().to_vec();
    longer.push(0);
    let forged = forge(&*inner, "log", vec![Value::Bytes(longer.into())]).await;
    assert_eq!(fault(read(&open(&forged).await, "log").await), Fault::Tampered);
}

/// A stream of three appends, and what is made of it by number of entry.
#[tokio::test]
async fn a_stream_is_what_was_appended() {
    let inner = plain();
    let store = open(&inner).await;
    append(&store, "log", &["a0", "a1", "a2"]).await;
    append(&store, "log", &["b0"]).await;
    append(&store, "log", &["c0", "c1"]).await;
    let entries = sealed(&*inner, "log").await;
    let cases: [(&str, &[usize], Option<Fault>); 14] = [
        ("as it was", &[0, 1, 2, 3, 4, 5], None),
        ("exchanged within an append", &[0, 2, 1, 3, 4, 5], Some(Fault::Tampered)),
        ("left out within an append", &[0, 2, 3, 4, 5], Some(Fault::Tampered)),
        ("an append without its end", &[0, 1, 3, 4, 5], Some(Fault::Tampered)),
        ("an append without its beginning", &[0, 1, 2, 3, 5], Some(Fault::Tampered)),
        ("repeated within an append", &[0, 1, 1, 2, 3, 4, 5], Some(Fault::Tampered)),
        ("an append repeated at once", &[0, 1, 2, 3, 3, 4, 5], Some(Fault::Tampered)),
        ("an append repeated at the end", &[0, 1, 2, 3, 4, 5, 3], Some(Fault::Tampered)),
        ("appends exchanged", &[0, 1, 2, 4, 5, 3], Some(Fault::Tampered)),
        ("an append put in front", &[3, 0, 1, 2, 4, 5], Some(Fault::Tampered)),
        ("an append removed between others", &[0, 1, 2, 4, 5], Some(Fault::Tampered)),
        ("the first append removed", &[3, 4, 5], Some(Fault::Tampered)),
        ("the end of the last append cut off", &[0, 1, 2, 3, 4], Some(Fault::Truncated)),
        // What cannot be found without a witness outside the file; the documentation says so.
        ("the last append cut off", &[0, 1, 2, 3], None),
    ];
    for (what, order, expected) in cases {
        let values = order.iter().map(|n| entries[*n].value.clone()).collect();
        let forged = open(&forge(&*inner, "log", values).await).await;
        match (read(&forged, "log").await, expected) {
            (Ok(_), None) => {}
            (outcome @ Err(_), Some(expected)) => {
                assert_eq!(fault(outcome), expected, "{what}");
                let report = forged.verify(&Silent).await.expect("a report");
                assert!(
                    report.damages.iter().any(|damage| damage.fault == expected.as_str()),
                    "{what}: {report:?}"
                );
            }
            (outcome, expected) => panic!("{what}: {outcome:?}, expected {expected:?}"),
        }
    }
}

#[tokio::test]
async fn an_append_that_is_repeated_far_behind_is_found_by_verify() {
    let inner = plain();
    let store = open(&inner).await;
    for n in 0..600 {
        append(&store, "log", &[&n.to_string()]).await;
    }
    let mut values: Vec<_> = sealed(&*inner, "log").await.into_iter().map(|entry| entry.value).collect();
    values.push(values[7].clone());
    let forged = open(&forge(&*inner, "log", values).await).await;
    let report = forged.verify(&Silent).await.expect("a report");
    assert_eq!((report.entries, report.damaged), (600, 1));
    assert_eq!((report.damages[0].place.as_str(), report.damages[0].fault.as_str()), ("log@601", "tampered"));
}

#[tokio::test]
async fn a_stream_may_be_read_in_any_pieces_and_after_trimming() {
    let store = open(&plain()).await;
    append(&store, "log", &["a0", "a1", "a2"]).await;
    append(&store, "log", &["b0", "b1"]).await;
    for after in 0..6 {
        for limit in 0..7 {
            let entries = store.read(&stream("log"), Offset(after), limit).await.expect("a read");
            assert_eq!(entries.len(), limit.min(5_usize.saturating_sub(after as usize)));
        }
    }
    commit(&store, |batch| {
        batch.trim(stream("log"), Offset(1));
    })
    .await;
    assert_eq!(read(&store, "log").await.expect("a read"), ["a1", "a2", "b0", "b1"]);
    assert_eq!(store.verify(&Silent).await.expect("a report").damaged, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    /// Bytes that were made up are refused, whatever they begin with, and nothing panics.
    #[test]
    fn made_up_bytes_are_refused(
        start in prop_oneof![Just(&b""[..]), Just(&b"HPR\x01"[..]), Just(&b"HPE\x01"[..]), Just(&b"HPR\x01\x01"[..]), Just(&b"HPE\x01\x01"[..])],
        rest in vec(any::<u8>(), 0..120),
    ) {
        let bytes: Vec<u8> = start.iter().copied().chain(rest).collect();
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
            let inner = plain();
            let store = open(&inner).await;
            let value = Value::Bytes(bytes.into());
            commit(&*inner, |batch| {
                batch.put(at("users", "eve"), value.clone()).append(stream("log"), vec![value.clone()]);
                batch.put(at(OWN, "place/0000000001/c/users"), value);
            })
            .await;
            assert!(store.get(&at("users", "eve")).await.is_err());
            assert!(read(&store, "log").await.is_err());
            assert!(store.verify(&Silent).await.is_err());
        });
    }
}
