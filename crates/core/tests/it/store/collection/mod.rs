//! Typed collections and their indexes, on every adapter.

mod cases;
mod query;

use std::{collections::BTreeMap, future::Future, sync::Arc};

use heptad_core::{
    clock::SystemClock,
    store::{Collection, Definition, IndexRange, IndexValue, KeyRange, Page, Store, memory::MemoryStore},
};
use proptest::{collection::vec, prelude::*};
use serde::{Deserialize, Serialize};

/// Makes a test of each case on each adapter.
macro_rules! on_every_store {
    ($($room:ident: $($case:ident),+;)+) => {
        mod memory {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::on_memory(super::$room::$case).await;
                }
            )+)+
        }

        #[cfg(feature = "sqlite")]
        mod sqlite {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::on_sqlite(super::$room::$case).await;
                }
            )+)+
        }
    };
}

on_every_store! {
    cases: values_are_found_under_what_the_indexes_say, a_unique_value_is_taken_once_and_free_again_afterwards, what_is_wrong_is_refused_and_changes_nothing, changes_go_into_a_batch_with_events, concurrent_changes_lose_nothing_and_keep_values_unique, an_index_that_comes_later_is_filled, an_index_is_filled_while_others_write, an_entry_that_points_nowhere_is_passed_over;
    query: records_are_read_several_at_a_time_and_not_all_at_once, a_value_of_many_records_is_found_whole;
}

async fn on_memory<F: Future<Output = ()>>(case: impl FnOnce(Arc<dyn Store>) -> F) {
    case(Arc::new(MemoryStore::new(Arc::new(SystemClock)))).await;
}

#[cfg(feature = "sqlite")]
async fn on_sqlite<F: Future<Output = ()>>(case: impl FnOnce(Arc<dyn Store>) -> F) {
    use heptad_core::store::sqlite::{Durability, SqliteOptions, SqliteStore};

    let folder = tempfile::tempdir().expect("a folder");
    let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    let store = SqliteStore::open(folder.path().join("store.db"), options, Arc::new(SystemClock)).await;
    case(Arc::new(store.expect("the store opens"))).await;
}

/// Runs a case of a property test on each adapter.
fn on_each<F: Future<Output = ()>>(case: impl Fn(Arc<dyn Store>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(on_memory(&case));
    #[cfg(feature = "sqlite")]
    runtime.block_on(on_sqlite(&case));
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct User {
    email: Option<String>,
    age: i64,
    tags: Vec<String>,
}

fn user(email: &str, age: i64, tags: &[&str]) -> User {
    let email = (!email.is_empty()).then(|| email.to_owned());
    User { email, age, tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
}

fn users() -> Definition<User> {
    Definition::new("users")
        .unique("email", |user: &User| user.email.as_ref().map(IndexValue::from))
        .index("age", |user: &User| [IndexValue::from(user.age)])
        .index("tag", |user: &User| user.tags.iter().map(IndexValue::from).collect::<Vec<_>>())
        .index("tag-age", |user: &User| {
            user.tags.iter().map(|tag| IndexValue::from(tag).then(user.age)).collect::<Vec<_>>()
        })
}

async fn ids(users: &Collection<User>, index: &str, range: IndexRange, page: Page) -> Vec<String> {
    let (mut next, mut ids) = (Some(range), Vec::new());
    while let Some(range) = next {
        let found = users.query(index, &range, page).await.expect("a query");
        assert!(found.items.len() <= page.limit);
        ids.extend(found.items.into_iter().map(|stored| stored.id));
        next = found.rest;
    }
    ids
}

/// What every index finds is what looking at every record finds.
async fn agrees(users: &Collection<User>) {
    let all = users.scan(KeyRange::all("users"), Page::first(usize::MAX)).await.expect("a scan");
    let mut by_age: Vec<_> = all.iter().map(|stored| (stored.value.age, stored.id.clone())).collect();
    by_age.sort();
    let mut by_tag: Vec<_> = all
        .iter()
        .flat_map(|stored| stored.value.tags.iter().map(|tag| (tag.clone(), stored.id.clone())))
        .collect();
    by_tag.sort();
    by_tag.dedup();
    let emails: BTreeMap<_, _> =
        all.iter().filter_map(|s| s.value.email.clone().map(|email| (email, s.id.clone()))).collect();
    let cases = [
        ("age", by_age.into_iter().map(|(_, id)| id).collect::<Vec<_>>()),
        ("tag", by_tag.into_iter().map(|(_, id)| id).collect()),
        ("email", emails.into_values().collect()),
    ];
    for (index, mut expected) in cases {
        assert_eq!(ids(users, index, IndexRange::all(), Page::first(300)).await, expected, "{index}");
        expected.reverse();
        assert_eq!(ids(users, index, IndexRange::all(), Page::last(301)).await, expected, "{index}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn indexes_follow_every_change(changes in vec((0..6_u8, 0..4_u8, "[ab]{0,2}", -2..2_i64, vec("[abc]", 0..3)), 0..40)) {
        on_each(async |store| {
            let users = users().open(store).await.expect("the collection opens");
            let mut model: BTreeMap<String, User> = BTreeMap::new();
            for &(ref id, what, ref email, age, ref tags) in &changes {
                let id = format!("u{id}");
                let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
                let new = user(email, age, &tags);
                let taken = new.email.is_some()
                    && model.iter().any(|(other, user)| *other != id && user.email == new.email);
                let outcome = match what {
                    0 => users.delete(&id).await.map(|there| assert_eq!(there, model.remove(&id).is_some())),
                    1 if model.contains_key(&id) => {
                        users.update(&id, |user| { *user = new.clone(); Ok(()) }).await.map(drop)
                    }
                    _ => users.put(&id, &new).await.map(drop),
                };
                if what != 0 {
                    assert_eq!(outcome.is_err(), taken, "{outcome:?}");
                    if !taken {
                        model.insert(id, new);
                    }
                }
            }
            let all = users.scan(KeyRange::all("users"), Page::first(99)).await.expect("a scan");
            let all: BTreeMap<_, _> = all.into_iter().map(|stored| (stored.id, stored.value)).collect();
            assert_eq!(all, model);
            agrees(&users).await;
        });
    }
}
