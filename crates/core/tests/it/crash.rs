//! Everything at once in one process that is killed: committers, publishers, consumers, dead letters and documents share a store.

use std::{path::Path, sync::Arc};

use futures_util::future::join3;
use heptad_core::{
    search::Catalog,
    store::{Store, sqlite::SqliteOptions},
};
use heptad_testkit::{
    crash::{Crash, Life, Remains},
    vfs::{self, Cut},
};

use crate::{
    events::crash::{self as events, Post},
    search::crash as search,
    store::crash::{self as store, lossy, open, quick},
};

#[test]
fn every_promise_is_kept_after_a_kill() {
    at("crash::every_promise_is_kept_after_a_kill")
        .run(async |life| work(life, SqliteOptions::default()).await, check);
}

/// In every second life the disk had written any part of what was not synced.
#[test]
fn every_promise_is_kept_after_a_loss_of_power() {
    at("crash::every_promise_is_kept_after_a_loss_of_power")
        .after_kill(|folder, seed| {
            vfs::cut_power(folder, if seed % 2 == 0 { Cut::Clean } else { Cut::Torn(seed) });
        })
        .run(async |life| work(life, lossy()).await, check);
}

fn at(name: &'static str) -> Crash {
    Crash::new(name).rounds(8).most_acknowledgements(400)
}

struct House {
    store: Arc<dyn Store>,
    post: Arc<Post>,
    catalog: Catalog,
}

impl House {
    async fn open(folder: &Path, options: SqliteOptions) -> Self {
        let store = open(folder, options).await;
        let catalog = search::catalog(&store, folder).await;
        Self { post: Post::on(store.clone(), Some(catalog.clone())), store, catalog }
    }
}

/// Eight committers, four publishers, two groups of consumers, one who sends dead letters again, and four who change documents.
async fn work(life: Life, options: SqliteOptions) {
    let house = House::open(&life.folder, options).await;
    join3(
        store::work(life.clone(), house.store),
        events::work(life.clone(), house.post),
        search::work(life, house.catalog),
    )
    .await;
}

async fn check(remains: Remains) {
    let house = House::open(&remains.folder, quick()).await;
    store::check(&*house.store, &remains).await;
    search::check(&house.catalog, &house.store, &remains).await;
    events::check(&house.post, &remains).await;
    // The last of the ledger's effects were applied just now, and each of them has its document.
    let found = search::find(&house.catalog, "receipt").await;
    let mut expected = events::receipts(&house.post).await;
    expected.sort();
    assert_eq!(found, expected, "an effect and its document are one commit");
    search::check(&house.catalog, &house.store, &remains).await;
}
