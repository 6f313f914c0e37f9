//! What becomes of documents that are added, replaced and removed.

use heptad_core::{
    ErrorKind,
    search::{Changes, Checkpoint, Document, Field, Found, Schema, SearchQuery},
};

use crate::search::{BOOKS, Place, every_kind, filled, found_by, upserts};

fn book(id: &str, body: &str) -> Document {
    Document::new(id).with("body", body)
}

fn checkpoint(name: &str) -> Option<Checkpoint> {
    Some(Checkpoint(name.to_owned()))
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn what_was_applied_is_seen_by_the_next_query(place: &dyn Place) {
    let index = filled(place, Vec::new()).await;
    for round in 0..20 {
        index.apply(BOOKS, upserts(vec![book(&round.to_string(), "rain")])).await.expect("applied");
        assert_eq!(found_by(&*index, "rain").await.len(), round + 1);
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn an_upsert_replaces_and_a_delete_removes(place: &dyn Place) {
    let index = filled(place, vec![book("1", "rain"), book("2", "rain")]).await;
    index.apply(BOOKS, upserts(vec![book("1", "hail")])).await.expect("applied");
    assert_eq!(found_by(&*index, "rain").await, ["2"]);
    assert_eq!(found_by(&*index, "hail").await, ["1"]);
    let delete = Changes { delete: vec!["2".into(), "unknown".into()], ..Changes::default() };
    index.apply(BOOKS, delete).await.expect("applied");
    assert_eq!(found_by(&*index, "*").await, ["1"]);
    index.apply(BOOKS, upserts(vec![book("3", "first"), book("3", "last")])).await.expect("applied");
    assert_eq!(found_by(&*index, "first").await, [""; 0]);
    assert_eq!(found_by(&*index, "last").await, ["3"]);
    let again = Changes { delete: vec!["3".into()], ..upserts(vec![book("3", "deleted, then added")]) };
    index.apply(BOOKS, again).await.expect("applied");
    assert_eq!(found_by(&*index, "added").await, ["3"]);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn clearing_comes_first(place: &dyn Place) {
    let index = filled(place, vec![book("1", "rain"), book("2", "rain")]).await;
    index.apply(BOOKS, Changes { clear: true, ..upserts(vec![book("3", "rain")]) }).await.expect("applied");
    assert_eq!(found_by(&*index, "rain").await, ["3"]);
    index.apply(BOOKS, Changes { clear: true, ..Changes::default() }).await.expect("applied");
    assert_eq!(found_by(&*index, "*").await, [""; 0]);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn changes_are_applied_wholly_or_not_at_all(place: &dyn Place) {
    let index = filled(place, vec![book("1", "rain")]).await;
    let changes = Changes {
        clear: true,
        delete: vec!["1".into()],
        upsert: vec![book("2", "rain"), Document::new("3").with("year", "not a number")],
        checkpoint: checkpoint("never"),
    };
    let error = index.apply(BOOKS, changes).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(found_by(&*index, "*").await, ["1"]);
    assert_eq!(index.checkpoint(BOOKS).await.expect("known"), None);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn collections_do_not_see_each_other(place: &dyn Place) {
    let index = filled(place, vec![book("1", "rain")]).await;
    let notes = Schema::new([Field::text("body")]).expect("a valid schema");
    assert_eq!(index.ensure("notes.of:2-x", &notes).await.expect("made"), Found::Created);
    index.apply("notes.of:2-x", upserts(vec![book("2", "rain")])).await.expect("applied");
    assert_eq!(found_by(&*index, "rain").await, ["1"]);
    index.remove(BOOKS).await.expect("removed");
    index.remove(BOOKS).await.expect("removing what is not there is no error");
    let gone = index.query(BOOKS, &SearchQuery::text("rain")).await.expect_err("removed");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    let left = index.query("notes.of:2-x", &SearchQuery::text("rain")).await.expect("answered");
    assert_eq!(left.total, 1);
    assert_eq!(index.ensure(BOOKS, &every_kind()).await.expect("made again"), Found::Created);
    assert_eq!(found_by(&*index, "*").await, [""; 0]);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn checkpoints_are_remembered_with_the_changes(place: &dyn Place) {
    let index = filled(place, Vec::new()).await;
    assert_eq!(index.checkpoint(BOOKS).await.expect("known"), None);
    for name in ["1", "2 \"quoted\" größer"] {
        let changes = Changes { checkpoint: checkpoint(name), ..upserts(vec![book(name, "rain")]) };
        index.apply(BOOKS, changes).await.expect("applied");
        assert_eq!(index.checkpoint(BOOKS).await.expect("known"), checkpoint(name));
    }
    assert_eq!(
        index.ensure(BOOKS, &every_kind()).await.expect("open"),
        Found::Kept(checkpoint("2 \"quoted\" größer"))
    );
    index.apply(BOOKS, Changes::default()).await.expect("applied");
    assert_eq!(
        index.checkpoint(BOOKS).await.expect("known"),
        None,
        "changes without a checkpoint remember nothing"
    );
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn another_schema_empties_the_collection(place: &dyn Place) {
    let index = filled(place, vec![book("1", "rain")]).await;
    let other = Schema::new([Field::text("body").boost(2.0)]).expect("a valid schema");
    assert_eq!(index.ensure(BOOKS, &other).await.expect("made anew"), Found::Created);
    assert_eq!(found_by(&*index, "*").await, [""; 0]);
    index.apply(BOOKS, upserts(vec![book("2", "rain")])).await.expect("applied");
    assert_eq!(found_by(&*index, "rain").await, ["2"]);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn reopening_keeps_what_was_applied(place: &dyn Place) {
    let index = place.open().await;
    if !index.capabilities().durable {
        return;
    }
    index.ensure(BOOKS, &every_kind()).await.expect("made");
    let changes = Changes { checkpoint: checkpoint("7"), ..upserts(vec![book("1", "rain")]) };
    index.apply(BOOKS, changes).await.expect("applied");
    drop(index);
    let index = place.open().await;
    let closed = index.query(BOOKS, &SearchQuery::text("rain")).await.expect_err("not opened yet");
    assert_eq!(closed.kind(), ErrorKind::NotFound);
    assert_eq!(index.ensure(BOOKS, &every_kind()).await.expect("open"), Found::Kept(checkpoint("7")));
    assert_eq!(found_by(&*index, "rain").await, ["1"]);
    index.apply(BOOKS, upserts(vec![book("2", "rain")])).await.expect("applied");
    assert_eq!(found_by(&*index, "rain").await, ["1", "2"]);
}
