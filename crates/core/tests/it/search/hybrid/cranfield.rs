//! Text, vectors and both on Cranfield: what one half of the questions teaches, judged on the other half, both ways.

use std::{io::Write as _, sync::Arc};

use heptad_core::search::{
    Catalog, Field, Judged, Measures, Mode, Relevant, Schema, SearchQuery, tantivy::TantivyIndex,
};

use crate::{
    llm::local_embed::minilm,
    search::cranfield::{documents, folder, gains, items, load},
};

/// Written past the test harness, which hides what a passing test prints.
fn report(line: &str) {
    writeln!(std::io::stderr(), "cranfield: {line}").expect("the terminal takes a line");
}

#[tokio::test]
async fn both_are_no_worse_than_the_better_part_on_questions_they_did_not_learn_from() {
    let [abstracts, questions, judgements] = match load(&folder()) {
        Ok(files) => files,
        Err(reason) => return heptad_testkit::not_run(reason),
    };
    let Some(model) = minilm().await else { return };
    let catalog = Catalog::embedding(super::store(), Arc::new(TantivyIndex::in_memory()), model);
    let schema = Schema::new([Field::text("text").embedded()]).expect("a valid schema");
    catalog.define("cranfield", &schema).await.expect("defined");
    catalog.put("cranfield", documents(&abstracts)).await.expect("indexed");
    let gains = gains(&judgements);
    let judged = items(&questions).into_iter().enumerate().map(|(at, question)| {
        // Words only: the punctuation of the questions is no query language.
        let words: String =
            question[&'W'].chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        let relevant = gains[&(at + 1)].iter().map(|(id, gain)| Relevant { id: id.clone(), gain: *gain });
        Judged { query: words.split_whitespace().collect::<Vec<_>>().join(" "), relevant: relevant.collect() }
    });
    let judged: Vec<_> = judged.collect();
    let learnt = catalog.tune("cranfield", &judged, 2, true).await.expect("learnt");
    let line = |name: &str, measures: Measures| {
        report(&format!("{name:<28} nDCG@10 {:.4}  MAP {:.4}", measures.ndcg, measures.map));
    };
    line("text (BM25)", learnt.text);
    line("vector (MiniLM-L6)", learnt.vector);
    line("hybrid, other half's weight", learnt.hybrid);
    line("hybrid, nothing learnt", learnt.untuned);
    report(&format!(
        "the best weight of text for all questions is {:.2}; from now on {:?}",
        learnt.best_weight, learnt.uses
    ));
    let better = |part: fn(Measures) -> f64| part(learnt.text).max(part(learnt.vector));
    assert!(
        learnt.hybrid.ndcg >= better(|it| it.ndcg) && learnt.hybrid.map >= better(|it| it.map),
        "{learnt:?}"
    );
    assert!(learnt.untuned.ndcg >= better(|it| it.ndcg), "{learnt:?}");
    let page = catalog.query("cranfield", &SearchQuery::text(&judged[0].query)).await.expect("answered");
    assert_eq!(
        (page.ranked.mode, page.ranked.text_weight, page.ranked.learnt),
        (Mode::Hybrid, Some(learnt.text_weight), true)
    );
}
