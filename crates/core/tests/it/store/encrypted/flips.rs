//! A thousand random bits, one at a time: every one is noticed.

use std::sync::Arc;

use heptad_core::{
    crypto::Fault,
    store::{Key, KeyRange, Page, Store, Value},
};
use heptad_testkit::store::key as at;

use super::{OWN, append, commit, fault, forge, open, plain, put, read, ring, sealed, try_open};

const FLIPS: u64 = 1_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    /// The value with one bit turned over; of a JSON text what is then no text stays bytes.
    fn flip(&mut self, value: &Value) -> Value {
        let mut bytes = value.as_bytes().to_vec();
        let (at, bit) = (self.below(bytes.len()), self.below(8));
        bytes[at] ^= 1 << bit;
        match (value, String::from_utf8(bytes)) {
            (Value::Json(_), Ok(text)) => Value::Json(text.into()),
            (_, Ok(text)) => Value::Bytes(text.into_bytes().into()),
            (_, Err(error)) => Value::Bytes(error.into_bytes().into()),
        }
    }
}

async fn filled() -> Arc<dyn Store> {
    let inner = plain();
    let store = open(&inner).await;
    for (n, length) in [0, 1, 15, 16, 17, 200, 5000].into_iter().enumerate() {
        put(&store, &format!("u{n}"), &"x".repeat(length)).await;
    }
    append(&store, "log", &["", "one", &"y".repeat(300)]).await;
    append(&store, "log", &["last"]).await;
    inner
}

#[tokio::test]
async fn a_thousand_flips_in_records_are_found() {
    let inner = filled().await;
    let store = open(&inner).await;
    let records = inner.scan(KeyRange::all("users"), Page::first(99)).await.expect("a scan");
    let mut random = Random(1);
    for n in 0..FLIPS {
        let record = &records[random.below(records.len())];
        write(&inner, &record.key, random.flip(&record.value)).await;
        fault(store.get(&record.key).await);
        if n % 50 == 0 {
            fault(store.scan(KeyRange::all("users"), Page::first(99)).await);
        }
        write(&inner, &record.key, record.value.clone()).await;
    }
    assert_eq!(
        store.scan(KeyRange::all("users"), Page::first(99)).await.expect("all is well again").len(),
        7
    );
}

#[tokio::test]
async fn a_thousand_flips_in_entries_are_found() {
    let inner = filled().await;
    let values: Vec<Value> = sealed(&*inner, "log").await.into_iter().map(|entry| entry.value).collect();
    let mut random = Random(2);
    for _ in 0..FLIPS {
        let mut flipped = values.clone();
        let at = random.below(values.len());
        flipped[at] = random.flip(&values[at]);
        let forged = forge(&*inner, "log", flipped).await;
        fault(read(&open(&forged).await, "log").await);
    }
}

#[tokio::test]
async fn a_thousand_flips_in_wrapped_keys_are_found() {
    let inner = filled().await;
    let records = ["state", "key/0000000001"].map(|id| at(OWN, id));
    let mut random = Random(3);
    for _ in 0..FLIPS {
        let key = &records[usize::from(random.below(10) > 0)];
        let value = inner.get(key).await.expect("a read").expect("it is there").value;
        write(&inner, key, random.flip(&value)).await;
        fault(try_open(&inner, ring(1)).await.map(drop));
        write(&inner, key, value).await;
    }
    open(&inner).await;
}

async fn write(inner: &Arc<dyn Store>, key: &Key, value: Value) {
    commit(&**inner, |batch| {
        batch.put(key.clone(), value);
    })
    .await;
}

/// Every bit of a record and of an entry, and what each is found to be: by the part of the envelope it lies in.
#[tokio::test]
async fn every_single_bit_is_found_and_named_by_where_it_lies() {
    let inner = plain();
    let store = open(&inner).await;
    put(&store, "ada", "Ada").await;
    append(&store, "log", &["one"]).await;
    let key = at("users", "ada");
    let record = inner.get(&key).await.expect("a read").expect("it is there").value;
    let entry = sealed(&*inner, "log").await.remove(0).value;
    // magic 0..3, format 3, data key 4, salt 5..21, counter 21, length 22; an entry has index, entries and bound behind that.
    for (value, header) in [(record, 23), (entry, 26)] {
        let is_record = header == 23;
        for bit in 0..value.as_bytes().len() * 8 {
            let mut bytes = value.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let flipped = Value::Bytes(bytes.into());
            let found = if is_record {
                write(&inner, &key, flipped).await;
                fault(open(&inner).await.get(&key).await)
            } else {
                fault(read(&open(&forge(&*inner, "log", vec![flipped]).await).await, "log").await)
            };
            let expected: &[Fault] = match bit / 8 {
                // A record's magic that became an entry's was moved; any other is none.
                0..3 => &[Fault::NotEncrypted, Fault::Tampered],
                3 => &[Fault::NewerFormat, Fault::Tampered],
                // Another data key, which is not there; or a number that goes on into the salt.
                4 => &[Fault::MissingKey, Fault::Tampered, Fault::Truncated],
                // Numbers that are not what they were, and may swallow what follows.
                at if at >= 21 && at < header => &[Fault::Tampered, Fault::Truncated],
                _ => &[Fault::Tampered],
            };
            assert!(
                expected.contains(&found),
                "bit {bit} of {} is {found:?}",
                if is_record { "a record" } else { "an entry" }
            );
        }
        if is_record {
            write(&inner, &key, value).await;
        }
    }
}
