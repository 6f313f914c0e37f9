//! Queries: what they find, and how they read it.

use std::sync::Arc;

use heptad_core::store::{IndexRange, IndexValue, KeyRange, Page, Store};
use heptad_testkit::store::Observed;
use proptest::{collection::vec, prelude::*, sample::select};

use super::{User, ids, on_each, user, users};

pub(super) async fn records_are_read_several_at_a_time_and_not_all_at_once(store: Arc<dyn Store>) {
    let counted = Arc::new(Observed::new(store));
    let users = users().open(counted.clone()).await.expect("the collection opens");
    for n in 0..100 {
        users.put(&format!("u{n:03}"), &user("", n % 3, &[])).await.expect("a put");
    }
    counted.take();
    let found = users.query("age", &IndexRange::all(), Page::first(100)).await.expect("a query");
    assert_eq!(found.items.len(), 100);
    let most = counted.seen().most_gets;
    assert!((2..=16).contains(&most), "{most} records were read at once");
}

pub(super) async fn a_value_of_many_records_is_found_whole(store: Arc<dyn Store>) {
    let counted = Arc::new(Observed::new(store));
    let users = users().open(counted.clone()).await.expect("the collection opens");
    for n in 0..700 {
        users.put(&format!("u{n:03}"), &user("", 7, &[])).await.expect("a put");
    }
    counted.take();
    let found = users.find_by("age", 7).await.expect("a query");
    let found: Vec<_> = found.iter().map(|stored| stored.id.clone()).collect();
    assert_eq!(found, (0..700).map(|n| format!("u{n:03}")).collect::<Vec<_>>());
    let longest = counted.seen().longest_scan;
    assert!(longest <= 512, "{longest} entries of an index were read at once");
}

/// A range of ages, and what it means.
#[derive(Clone, Copy, Debug)]
enum Ages {
    All,
    Equal(i64),
    Between(i64, i64),
    From(i64),
    Below(i64),
}

impl Ages {
    fn range(self) -> IndexRange {
        match self {
            Self::All => IndexRange::all(),
            Self::Equal(age) => IndexRange::equal(age),
            Self::Between(from, to) => IndexRange::between(from, to),
            Self::From(age) => IndexRange::from(age),
            Self::Below(age) => IndexRange::below(age),
        }
    }

    fn holds(self, age: i64) -> bool {
        match self {
            Self::All => true,
            Self::Equal(other) => age == other,
            Self::Between(from, to) => (from..to).contains(&age),
            Self::From(from) => age >= from,
            Self::Below(to) => age < to,
        }
    }
}

fn ages() -> impl Strategy<Value = Ages> {
    let age = || -3..4_i64;
    prop_oneof![
        Just(Ages::All),
        age().prop_map(Ages::Equal),
        (age(), age()).prop_map(|(from, to)| Ages::Between(from, to)),
        age().prop_map(Ages::From),
        age().prop_map(Ages::Below),
    ]
}

fn people() -> impl Strategy<Value = Vec<User>> {
    let tag = select(vec!["a", "ab", "b"]);
    vec((-3..4_i64, vec(tag, 0..3)), 0..20)
        .prop_map(|people| people.into_iter().map(|(age, tags)| user("", age, &tags)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_query_finds_what_a_filter_of_all_records_finds(
        people in people(),
        ranges in vec((ages(), select(vec!["a", "ab", "b", "c"]), 1..7_usize, any::<bool>()), 1..6),
    ) {
        on_each(async |store| {
            let users = users().open(store).await.expect("the collection opens");
            for (n, user) in people.iter().enumerate() {
                users.insert(&format!("u{n:02}"), user).await.expect("an insert");
            }
            let all = users.scan(KeyRange::all("users"), Page::first(99)).await.expect("a scan");
            assert_eq!(all.len(), people.len());
            for &(ages, tag, limit, reverse) in &ranges {
                let page = Page { limit, reverse };
                let ordered = |mut found: Vec<(IndexValue, String)>| -> Vec<String> {
                    found.sort();
                    if reverse {
                        found.reverse();
                    }
                    found.into_iter().map(|(_, id)| id).collect()
                };
                let by_age = all.iter().filter(|stored| ages.holds(stored.value.age));
                let by_age = by_age.map(|stored| (stored.value.age.into(), stored.id.clone())).collect();
                assert_eq!(ids(&users, "age", ages.range(), page).await, ordered(by_age), "{ages:?} {page:?}");
                let by_tag = all.iter().filter(|stored| stored.value.tags.iter().any(|known| known == tag));
                let by_tag = by_tag.map(|stored| (tag.into(), stored.id.clone())).collect();
                assert_eq!(ids(&users, "tag", IndexRange::equal(tag), page).await, ordered(by_tag), "{tag} {page:?}");
                let both = all.iter().filter(|stored| stored.value.tags.iter().any(|known| known == tag));
                let both = both.map(|stored| (stored.value.age.into(), stored.id.clone())).collect();
                let found = ids(&users, "tag-age", IndexRange::equal(tag), page).await;
                assert_eq!(found, ordered(both), "{tag} by age, {page:?}");
            }
        });
    }
}
