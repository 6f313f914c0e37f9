//! What a collection does, on any store.

use std::sync::Arc;

use futures_util::future::join_all;
use heptad_core::{
    ErrorKind,
    store::{Batch, Definition, IndexRange, IndexValue, KeyRange, Offset, Page, Store},
};
use heptad_testkit::store::{key, stream, text};

use super::{User, agrees, ids, user, users};

pub(super) async fn values_are_found_under_what_the_indexes_say(store: Arc<dyn Store>) {
    let users = users().open(store).await.expect("the collection opens");
    users.insert("u1", &user("ada@x", 36, &["math", "code"])).await.expect("an insert");
    users.insert("u2", &user("", -5, &["math"])).await.expect("an insert");
    users.insert("u3", &user("", 36, &["code", "code"])).await.expect("two users without an address");

    let found = users.find("email", "ada@x").await.expect("a query").expect("she is there");
    assert_eq!((found.id.as_str(), found.value.age), ("u1", 36));
    assert_eq!(users.find("email", "ada").await.expect("a query"), None, "a prefix is another value");
    let same_age = users.find_by("age", 36).await.expect("a query");
    assert_eq!(same_age.iter().map(|stored| stored.id.as_str()).collect::<Vec<_>>(), ["u1", "u3"]);
    let all = Page::first(9);
    assert_eq!(ids(&users, "age", IndexRange::all(), all).await, ["u2", "u1", "u3"]);
    assert_eq!(ids(&users, "age", IndexRange::below(36), all).await, ["u2"]);
    assert_eq!(ids(&users, "tag", IndexRange::from("code"), all).await, ["u1", "u3", "u1", "u2"]);
    assert_eq!(
        ids(&users, "tag-age", IndexRange::equal("math"), all).await,
        ["u2", "u1"],
        "by the first part"
    );
    let pair = IndexValue::from("math").then(36);
    assert_eq!(ids(&users, "tag-age", IndexRange::equal(pair), all).await, ["u1"], "by both parts");
    assert_eq!(ids(&users, "tag", IndexRange::all(), Page::last(1)).await, ["u2", "u1", "u3", "u1"]);

    let listed = users.scan(KeyRange::all("users"), Page::last(2)).await.expect("a scan");
    assert_eq!(listed.iter().map(|stored| stored.id.as_str()).collect::<Vec<_>>(), ["u3", "u2"]);
}

pub(super) async fn a_unique_value_is_taken_once_and_free_again_afterwards(store: Arc<dyn Store>) {
    let users = users().open(store).await.expect("the collection opens");
    let taken = |outcome: heptad_core::Result<_>| {
        let error = outcome.map(drop).expect_err("the address is taken");
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        assert!(error.message().contains("email"), "{error}");
    };
    users.insert("u1", &user("a@x", 1, &[])).await.expect("an insert");
    users.insert("u2", &user("b@x", 2, &[])).await.expect("an insert");
    taken(users.insert("u3", &user("a@x", 3, &[])).await);
    taken(users.put("u2", &user("a@x", 3, &[])).await);
    let outcome = users.update("u2", |user| {
        user.email = Some("a@x".into());
        Ok(())
    });
    taken(outcome.await.map(|stored| stored.version));
    assert_eq!(users.get("u2").await.expect("a read").expect("it is there").value, user("b@x", 2, &[]));

    users.put("u1", &user("a@x", 10, &[])).await.expect("keeping one's own value is no conflict");
    users.put("u1", &user("c@x", 10, &[])).await.expect("a put");
    users.put("u2", &user("a@x", 2, &[])).await.expect("the address is free");
    assert!(users.delete("u2").await.expect("a delete"));
    assert!(!users.delete("u2").await.expect("a delete"));
    users.insert("u4", &user("a@x", 4, &[])).await.expect("the address is free again");
    let error = users.insert("u4", &user("d@x", 4, &[])).await.expect_err("the id is taken");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.message().contains("u4"), "{error}");
}

pub(super) async fn what_is_wrong_is_refused_and_changes_nothing(store: Arc<dyn Store>) {
    let users = users().open(Arc::clone(&store)).await.expect("the collection opens");
    users.insert("u1", &user("a@x", 1, &[])).await.expect("an insert");
    let kind = |error: heptad_core::Error| error.kind();

    let refused = users.update("u1", |user| {
        user.age = 99;
        Err(heptad_core::Error::invalid("too old"))
    });
    assert_eq!(kind(refused.await.expect_err("the change fails")), ErrorKind::InvalidInput);
    let missing = users.update("u9", |_| Ok(())).await;
    assert_eq!(kind(missing.expect_err("there is none")), ErrorKind::NotFound);
    let long = users.put("u1", &user(&"x".repeat(2000), 1, &[])).await;
    assert_eq!(kind(long.expect_err("the value is too long")), ErrorKind::InvalidInput);
    let unknown = users.find("name", "x").await.expect_err("there is no such index");
    assert!(unknown.message().contains("email, age, tag"), "{unknown}");
    let foreign = users.scan(KeyRange::all("others"), Page::first(1)).await;
    assert_eq!(kind(foreign.expect_err("it is another collection's")), ErrorKind::InvalidInput);
    assert_eq!(users.get("u1").await.expect("a read").expect("it is there").value, user("a@x", 1, &[]));

    let stale = users.get("u1").await.expect("a read").expect("it is there");
    users.replace(&stale, &user("b@x", 2, &[])).await.expect("nobody was faster");
    let late = users.replace(&stale, &user("c@x", 3, &[])).await;
    assert_eq!(kind(late.expect_err("it was changed since")), ErrorKind::Conflict);

    for definition in [Definition::<User>::new("a:b"), Definition::new("Users")] {
        let outcome = definition.open(Arc::clone(&store)).await;
        assert_eq!(kind(outcome.map(drop).expect_err("the name is malformed")), ErrorKind::InvalidInput);
    }
    let twice = Definition::<User>::new("twice").index("a", |_| []).unique("a", |_| []).open(store).await;
    assert_eq!(kind(twice.map(drop).expect_err("the index is there twice")), ErrorKind::InvalidInput);
}

pub(super) async fn changes_go_into_a_batch_with_events(store: Arc<dyn Store>) {
    let users = users().open(Arc::clone(&store)).await.expect("the collection opens");
    let log = stream("log");
    let mut batch = Batch::new();
    users.insert_in(&mut batch, "u1", &user("a@x", 1, &[])).expect("it fits");
    users.insert_in(&mut batch, "u2", &user("b@x", 1, &[])).expect("it fits");
    batch.append(log.clone(), vec![text("two signed up")]);
    store.commit(batch.clone()).await.expect("a commit");
    let again = store.commit(batch).await.expect_err("both ids are taken");
    assert_eq!(again.kind(), ErrorKind::Conflict);
    assert_eq!(store.read(&log, Offset::START, 9).await.expect("a read").len(), 1);

    let old = users.get("u1").await.expect("a read").expect("it is there");
    let mut batch = Batch::new();
    users.delete_in(&mut batch, &old).expect("it fits");
    batch.append(log.clone(), vec![text("one left")]);
    store.commit(batch).await.expect("a commit");
    assert_eq!(users.find("email", "a@x").await.expect("a query"), None);
    assert_eq!(users.find_by("age", 1).await.expect("a query").len(), 1);
}

pub(super) async fn concurrent_changes_lose_nothing_and_keep_values_unique(store: Arc<dyn Store>) {
    let users = users().open(store).await.expect("the collection opens");
    users.insert("shared", &user("", 0, &[])).await.expect("an insert");
    let tasks = (0..8).map(|task: i64| {
        let users = users.clone();
        tokio::spawn(async move {
            let mut won = 0;
            for n in 0..20 {
                users
                    .update("shared", |user| {
                        user.age += 1;
                        Ok(())
                    })
                    .await
                    .expect("an update");
                let mine = user(&format!("{n}@x"), task, &[]);
                match users.put(&format!("u-{task}-{n}"), &mine).await {
                    Ok(_) => won += 1,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}"),
                }
            }
            won
        })
    });
    let reader = users.clone();
    let reading = tokio::spawn(async move {
        for _ in 0..50 {
            reader.find_by("age", 3).await.expect("a query");
        }
    });
    let mut won = 0;
    for task in join_all(tasks).await {
        won += task.expect("no panic");
    }
    reading.await.expect("no panic");
    assert_eq!(won, 20, "every address went to exactly one");
    assert_eq!(users.find_by("age", 160).await.expect("a query").len(), 1);
}

pub(super) async fn an_index_that_comes_later_is_filled(store: Arc<dyn Store>) {
    let plain = Definition::<User>::new("users").open(Arc::clone(&store)).await.expect("it opens");
    for n in 0..600 {
        plain.insert(&format!("u{n:03}"), &user(&format!("{n}@x"), n % 7, &["t"])).await.expect("an insert");
    }
    let all = users().open(Arc::clone(&store)).await.expect("the indexes are filled");
    assert_eq!(all.find("email", "599@x").await.expect("a query").expect("it is there").id, "u599");
    assert_eq!(all.find_by("age", 3).await.expect("a query").len(), 86);
    assert_eq!(ids(&all, "tag", IndexRange::equal("t"), Page::last(50)).await.len(), 600);

    // Whoever knows no indexes writes none; so they are emptied with him, and filled for the next who wants them.
    let plain = Definition::<User>::new("users").open(Arc::clone(&store)).await.expect("it opens");
    plain.put("u000", &user("new@x", 3, &[])).await.expect("a put");
    let entries = store.scan(KeyRange::all("users:age"), Page::first(1)).await.expect("a scan");
    assert!(entries.is_empty());
    let all = users().open(Arc::clone(&store)).await.expect("the indexes are filled again");
    assert_eq!(all.find_by("age", 3).await.expect("a query").len(), 87);
    assert_eq!(all.find("email", "0@x").await.expect("a query"), None);

    let decades = users().version(1).index("decade", |user: &User| [IndexValue::from(user.age / 10)]);
    let decades = decades.open(Arc::clone(&store)).await.expect("a new version is filled anew");
    assert_eq!(decades.find_by("decade", 0).await.expect("a query").len(), 600);
    assert_eq!(decades.find_by("age", 3).await.expect("a query").len(), 87);

    let unique = Definition::<User>::new("users").unique("age", |user| [IndexValue::from(user.age)]);
    let error = unique.open(store).await.map(drop).expect_err("ages are not unique");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
}

pub(super) async fn an_index_is_filled_while_others_write(store: Arc<dyn Store>) {
    let plain = Definition::<User>::new("users").open(Arc::clone(&store)).await.expect("it opens");
    for n in 0..1000 {
        plain.insert(&format!("u{n:04}"), &user(&format!("{n}@x"), 0, &[])).await.expect("an insert");
    }
    let openers = (0..3).map(|task: i64| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let users = users().open(store).await.expect("the indexes are filled");
            for n in 0..200 {
                let id = format!("u{:04}", (n * 37 + task) % 1000);
                users
                    .update(&id, |user| {
                        user.age += 1;
                        Ok(())
                    })
                    .await
                    .expect("an update");
            }
        })
    });
    for opener in join_all(openers).await {
        opener.expect("no panic");
    }
    let users = users().open(store).await.expect("it opens");
    agrees(&users).await;
}

pub(super) async fn an_entry_that_points_nowhere_is_passed_over(store: Arc<dyn Store>) {
    let users = users().open(Arc::clone(&store)).await.expect("the collection opens");
    users.insert("u1", &user("", 1, &[])).await.expect("an insert");
    // As if the record had been deleted, and another changed, between the look at the index and the look at the record.
    let mut batch = Batch::new();
    batch.delete(key("users", "u1"));
    store.commit(batch).await.expect("a commit");
    assert!(users.find_by("age", 1).await.expect("a query").is_empty());
    let mut batch = Batch::new();
    batch.put(key("users", "u1"), heptad_core::store::Value::json(&user("", 2, &[])).expect("JSON"));
    store.commit(batch).await.expect("a commit");
    assert!(users.find_by("age", 1).await.expect("a query").is_empty());
}
