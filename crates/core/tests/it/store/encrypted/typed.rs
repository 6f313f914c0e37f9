//! Typed collections on an encrypted store.

use std::sync::Arc;

use heptad_core::{
    ErrorKind,
    store::{Definition, IndexRange, IndexValue, KeyRange, Page, Store},
};
use serde::{Deserialize, Serialize};

use super::{open, plain};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User {
    email: String,
    age: u32,
    note: String,
}

#[tokio::test]
async fn collections_and_their_indexes_work_as_on_any_store() {
    let inner = plain();
    let store: Arc<dyn Store> = Arc::new(open(&inner).await);
    let definition = || {
        Definition::new("users")
            .unique("email", |user: &User| [IndexValue::from(user.email.as_str())])
            .index("age", |user: &User| [IndexValue::from(user.age)])
    };
    let users = definition().open(Arc::clone(&store)).await.expect("it opens");
    let user = |n: u32| User { email: format!("u{n}@example.org"), age: n % 7, note: format!("secret {n}") };
    for n in 0..60 {
        users.insert(&format!("u{n}"), &user(n)).await.expect("inserted");
    }
    let taken = users.insert("other", &user(5)).await.expect_err("the address is taken");
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    users
        .update("u5", |user| {
            user.age = 99;
            Ok(())
        })
        .await
        .expect("updated");
    assert!(users.delete("u6").await.expect("deleted"));
    assert_eq!(users.find("email", "u5@example.org").await.expect("a query").expect("found").value.age, 99);
    let found = users.query("age", &IndexRange::between(0, 7), Page::first(100)).await.expect("a query");
    assert_eq!(found.items.len(), 58);

    // What the documentation says: values are sealed, the values of indexes stand in ids and are not.
    let below = inner.scan(KeyRange::all("users"), Page::first(99)).await.expect("a scan");
    assert!(below.iter().all(|record| !record.value.as_bytes().windows(6).any(|bytes| bytes == b"secret")));
    let index = inner.scan(KeyRange::all("users:email"), Page::first(99)).await.expect("a scan");
    assert!(index.iter().any(|record| record.key.id().contains("u7@example.org")));
}
