//! What holds whatever is added, removed and asked.

use std::collections::BTreeMap;

use heptad_vectors::{Vectors, decode, dot, encode};
use proptest::prelude::*;

/// One change.
#[derive(Clone, Debug)]
enum Step {
    Insert(u16, Vec<Vec<f32>>),
    Remove(u16),
    Compact,
}

fn vector(dimensions: usize) -> impl Strategy<Value = Vec<f32>> {
    // Few different numbers, so that scores are often equal; and some that are large or vanish.
    let number = prop_oneof![6 => (-3..=3_i8).prop_map(f32::from), 3 => -1.0..1.0_f32, 1 => Just(1e-40), 1 => Just(1e15)];
    prop::collection::vec(number, dimensions)
}

fn step(dimensions: usize) -> impl Strategy<Value = Step> {
    let id = || 0..40_u16;
    prop_oneof![
        8 => (id(), prop::collection::vec(vector(dimensions), 1..4)).prop_map(|(id, vectors)| Step::Insert(id, vectors)),
        3 => id().prop_map(Step::Remove),
        1 => Just(Step::Compact),
    ]
}

fn history() -> impl Strategy<Value = (Vec<Step>, Vec<Vec<f32>>, Vec<u16>, usize, usize)> {
    prop_oneof![1..5_usize, 30..70_usize].prop_flat_map(|dimensions| {
        (
            prop::collection::vec(step(dimensions), 0..60),
            prop::collection::vec(vector(dimensions), 1..4),
            prop::collection::vec(0..50_u16, 0..30),
            0..12_usize,
            Just(dimensions),
        )
    })
}

/// Every item by its best vector, best first, among equals by name.
fn scan<'a>(
    items: &'a BTreeMap<String, Vec<Vec<f32>>>,
    query: &[f32],
    allowed: impl Fn(&str) -> bool,
) -> Vec<(&'a str, u32)> {
    let allowed = items.iter().filter(|(id, _)| allowed(id));
    let best = |vectors: &Vec<Vec<f32>>| {
        vectors.iter().map(|vector| dot(query, vector)).max_by(f32::total_cmp).expect("an item has a vector")
    };
    let mut scored: Vec<_> = allowed.map(|(id, vectors)| (id.as_str(), best(vectors))).collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    scored.into_iter().map(|(id, score)| (id, score.to_bits())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_a_scan_finds((steps, queries, some, count, dimensions) in history()) {
        let mut vectors = Vectors::new(dimensions).expect("valid dimensions");
        let mut items = BTreeMap::new();
        for step in steps {
            match step {
                Step::Insert(id, rows) => {
                    vectors.insert(&id.to_string(), &rows).expect("inserted");
                    items.insert(id.to_string(), rows);
                }
                Step::Remove(id) => {
                    prop_assert_eq!(vectors.remove(&id.to_string()), items.remove(&id.to_string()).is_some());
                }
                Step::Compact => vectors.compact(),
            }
        }
        prop_assert_eq!(vectors.len(), items.len());
        prop_assert_eq!(vectors.live_rows(), items.values().map(Vec::len).sum::<usize>());
        let some: Vec<String> = some.iter().map(u16::to_string).collect();
        let allowed = vectors.allow(some.iter().map(String::as_str));
        for query in &queries {
            for (filter, truth) in [
                (None, scan(&items, query, |_| true)),
                (Some(&allowed), scan(&items, query, |id| some.iter().any(|some| some == id))),
            ] {
                let found = vectors.nearest(query, count, filter, 2).expect("answered");
                let found: Vec<_> = found.iter().map(|found| (found.id, found.score.to_bits())).collect();
                prop_assert_eq!(&found[..], &truth[..count.min(truth.len())]);
            }
            for (id, score) in scan(&items, query, |_| true) {
                prop_assert_eq!(vectors.score(id, query).expect("scored").map(f32::to_bits), Some(score));
            }
        }
    }

    #[test]
    fn what_is_decoded_is_what_was_encoded(vectors in (1..9_usize).prop_flat_map(|dimensions| prop::collection::vec(vector(dimensions), 1..9))) {
        let bytes = encode(&vectors).expect("encoded");
        prop_assert_eq!(decode(&bytes).expect("decoded"), vectors);
        for cut in 0..bytes.len() {
            prop_assert!(decode(&bytes[..cut]).is_err());
        }
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..64), magic in any::<bool>()) {
        let mut bytes = bytes;
        if magic && bytes.len() >= 4 {
            bytes[..4].copy_from_slice(b"hvec");
        }
        let _ = decode(&bytes);
    }
}

/// Numbers that look random and are the same every time (xorshift).
fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    }
}

#[test]
fn many_blocks_on_several_threads_find_what_a_scan_finds() {
    let mut number = noise(7);
    let mut vectors = Vectors::new(48).expect("valid dimensions");
    let mut items = BTreeMap::new();
    for at in 0..40_000 {
        let rows: Vec<Vec<f32>> = (0..1 + at % 3).map(|_| (0..48).map(|_| number()).collect()).collect();
        vectors.insert(&format!("{at:05}"), &rows).expect("inserted");
        items.insert(format!("{at:05}"), rows);
    }
    // Two thirds go, so that the rest moves together on the way.
    for at in (0..40_000).filter(|at| at % 3 != 0) {
        assert!(vectors.remove(&format!("{at:05}")));
        items.remove(&format!("{at:05}"));
    }
    for at in 0..9_000 {
        let rows = vec![(0..48).map(|_| number()).collect::<Vec<f32>>(); 2];
        vectors.insert(&format!("n{at}"), &rows).expect("inserted");
        items.insert(format!("n{at}"), rows);
    }
    for threads in [1, 2, 5] {
        let query: Vec<f32> = (0..48).map(|_| number()).collect();
        let found = vectors.nearest(&query, 25, None, threads).expect("answered");
        let found: Vec<_> = found.iter().map(|found| (found.id, found.score.to_bits())).collect();
        assert_eq!(found, scan(&items, &query, |_| true)[..25], "{threads} threads");
    }
}
