//! Learning how to rank from judged queries.

use heptad_core::{
    ErrorKind, Result,
    search::{Judged, Mode, Relevant, SearchQuery},
};

use super::{Letters, catalog, note, page, schema, store};

fn judged(query: &str, answer: &str) -> Judged {
    Judged { query: query.into(), relevant: vec![Relevant::new(answer)] }
}

#[tokio::test]
async fn a_collection_uses_what_it_learnt_until_the_model_changes() -> Result<()> {
    let store = store();
    let first = catalog(&store, &Letters::called("letters")).await;
    // Anagrams: to who counts letters they are the same, and no word is shared.
    let notes = [("1", "listen"), ("2", "night"), ("3", "elbow"), ("4", "silent silent silent thing")];
    first.put("notes", notes.map(|(id, body)| note(id, body)).into()).await?;
    let queries = [judged("silent", "1"), judged("thing", "2"), judged("below", "3"), judged("enlist", "1")];
    let dry = first.tune("notes", &queries, 2, false).await?;
    assert_eq!((dry.uses, dry.kept, dry.queries), (Mode::Vector, false, 4));
    assert!(dry.vector.ndcg > dry.text.ndcg);
    assert!(!page(&first, SearchQuery::text("silent")).await.ranked.learnt);
    assert!(first.tune("notes", &queries, 2, true).await?.kept);
    let learnt = page(&first, SearchQuery::text("silent")).await;
    assert_eq!(
        (learnt.ranked.mode, learnt.ranked.learnt, learnt.hits[0].id.as_str()),
        (Mode::Vector, true, "1")
    );
    let asked = page(&first, SearchQuery::text("silent").ranked(Mode::Hybrid)).await;
    assert_eq!((asked.ranked.mode, asked.ranked.text_weight), (Mode::Hybrid, Some(0.0)));
    let other = catalog(&store, &Letters::called("another")).await;
    assert!(!page(&other, SearchQuery::text("silent")).await.ranked.learnt);
    let text = [judged("silent", "4"), judged("thing", "4"), judged("thing silent", "4")];
    assert_eq!(first.tune("notes", &text, 3, true).await?.uses, Mode::Text);
    let learnt = page(&first, SearchQuery::text("silent")).await;
    assert_eq!((learnt.ranked.mode, learnt.ranked.learnt, learnt.total), (Mode::Text, true, 1));
    Ok(())
}

#[tokio::test]
async fn judgements_that_teach_nothing_are_refused() -> Result<()> {
    let catalog = catalog(&store(), &Letters::called("letters")).await;
    catalog.put("notes", vec![note("1", "rain")]).await?;
    let good = judged("rain", "1");
    let refused = async |judged: Vec<Judged>, folds| {
        catalog.tune("notes", &judged, folds, true).await.expect_err("refused").kind()
    };
    let without = Judged { relevant: Vec::new(), ..good.clone() };
    let negative = Judged { relevant: vec![Relevant { id: "1".into(), gain: -1.0 }], ..good.clone() };
    let worth = |gain| Judged { relevant: vec![Relevant { id: "1".into(), gain }], ..good.clone() };
    for (judged, folds) in [
        (vec![], 2),
        (vec![good.clone()], 2),
        (vec![good.clone(); 2], 1),
        (vec![good.clone(); 2], 21),
        (vec![good.clone(), without], 2),
        (vec![good.clone(), negative], 2),
        (vec![good.clone(), worth(f64::INFINITY)], 2),
        (vec![good.clone(), worth(1e308)], 2),
        (vec![good.clone(), judged("*", "1")], 2),
        (vec![good.clone(), judged("(", "1")], 2),
    ] {
        assert_eq!(refused(judged, folds).await, ErrorKind::InvalidInput);
    }
    let most = catalog.tune("notes", &vec![worth(1e9); 3], 2, false).await?;
    assert_eq!((most.text.ndcg, most.vector.ndcg), (1.0, 1.0));
    let blind = heptad_core::search::Catalog::new(
        store(),
        std::sync::Arc::new(heptad_testkit::search::ScanIndex::default()),
    );
    blind.define("notes", &schema()).await?;
    assert_eq!(
        blind.tune("notes", &[good.clone(), good], 2, true).await.expect_err("no embedder").kind(),
        ErrorKind::Unsupported
    );
    Ok(())
}
