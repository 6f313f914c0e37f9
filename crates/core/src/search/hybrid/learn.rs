//! Which weight is best, and whether it is any better than one part alone.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    fuse::{Candidate, DEFAULT_TEXT_WEIGHT, fuse},
    measures::Measures,
};
use crate::search::Mode;

/// The weights that are tried: from vectors alone to text alone.
const STEPS: u8 = 20;

/// A query with the documents that answer it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// The query, as `search.query` takes it.
    pub query: String,
    /// The documents that answer it; one or more. All others count as not answering.
    pub relevant: Vec<Relevant>,
}

/// A document that answers a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Relevant {
    /// Its id.
    pub id: String,
    /// How well it answers: above 0, at most a billion.
    #[serde(default = "one")]
    pub gain: f64,
}

fn one() -> f64 {
    1.0
}

impl Relevant {
    /// A document that answers.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), gain: one() }
    }
}

/// What was measured and learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TuneReport {
    /// How many queries were judged.
    pub queries: u64,
    /// By words alone.
    pub text: Measures,
    /// By vectors alone.
    pub vector: Measures,
    /// By both, each query with the weight that is best for the queries of the other folds.
    pub hybrid: Measures,
    /// By both, with the weight of a collection that has learnt nothing.
    pub untuned: Measures,
    /// The weight of the words that is best for all the queries, from 0 to 1.
    pub best_weight: f32,
    /// What ranks from now on where nobody asks for something else: `hybrid`, or the better part where both together are no better.
    pub uses: Mode,
    /// The weight of the words from now on: the best one, or 1 or 0 where one part ranks alone.
    pub text_weight: f32,
    /// Whether it was kept.
    pub kept: bool,
}

/// What a collection has learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::search) struct Tuning {
    /// Of which documents, and by which model: for others it does not hold.
    pub(in crate::search) of: String,
    pub(in crate::search) uses: Mode,
    pub(in crate::search) text_weight: f32,
}

/// Learns from judged queries, each with everything that words or vectors find for it.
pub(in crate::search) fn learn(judged: &[(&Judged, Vec<Candidate>)], folds: usize) -> TuneReport {
    let weights: Vec<f32> = (0..=STEPS).map(|step| f32::from(step) / f32::from(STEPS)).collect();
    let gains: Vec<HashMap<&str, f64>> = judged
        .iter()
        .map(|(judged, _)| judged.relevant.iter().map(|it| (it.id.as_str(), it.gain)).collect())
        .collect();
    let by = |query: usize, order: Vec<usize>| {
        let candidates = &judged[query].1;
        Measures::of(order.into_iter().map(|at| candidates[at].id.as_str()), &gains[query])
    };
    let fused = |query: usize, weight: f32| {
        by(query, fuse(&judged[query].1, weight).into_iter().map(|(at, _)| at).collect())
    };
    let alone = |query: usize, of: fn(&Candidate) -> Option<f32>| {
        let candidates = &judged[query].1;
        let mut order: Vec<usize> =
            (0..candidates.len()).filter(|at| of(&candidates[*at]).is_some()).collect();
        let score = |at: usize| of(&candidates[at]).unwrap_or(f32::NEG_INFINITY);
        order.sort_by(|a, b| {
            score(*b).total_cmp(&score(*a)).then_with(|| candidates[*a].id.cmp(&candidates[*b].id))
        });
        by(query, order)
    };
    let count = judged.len();
    let table: Vec<Vec<Measures>> =
        (0..count).map(|query| weights.iter().map(|weight| fused(query, *weight)).collect()).collect();
    // The place of the best weight for these queries: by nDCG, among equals the one nearest to the usual one.
    let best = |queries: &dyn Fn(usize) -> bool| {
        let mean = |at: usize| {
            Measures::mean((0..count).filter(|query| queries(*query)).map(|query| table[query][at])).ndcg
        };
        let away = |at: usize| (weights[at] - DEFAULT_TEXT_WEIGHT).abs();
        let better =
            |a: &usize, b: &usize| mean(*a).total_cmp(&mean(*b)).then_with(|| away(*b).total_cmp(&away(*a)));
        (0..weights.len()).max_by(better).unwrap_or(0)
    };
    let folds = folds.clamp(1, count.max(1));
    let of_fold: Vec<usize> = (0..folds).map(|fold| best(&|query| query % folds != fold)).collect();
    let text = Measures::mean((0..count).map(|query| alone(query, |it| it.text)));
    let vector = Measures::mean((0..count).map(|query| alone(query, |it| it.vector)));
    let hybrid = Measures::mean((0..count).map(|query| table[query][of_fold[query % folds]]));
    let best_weight = weights[best(&|_| true)];
    let (uses, text_weight) = if hybrid.ndcg > text.ndcg.max(vector.ndcg) {
        (Mode::Hybrid, best_weight)
    } else if text.ndcg >= vector.ndcg {
        (Mode::Text, 1.0)
    } else {
        (Mode::Vector, 0.0)
    };
    let untuned = Measures::mean((0..count).map(|query| fused(query, DEFAULT_TEXT_WEIGHT)));
    TuneReport {
        queries: count as u64,
        text,
        vector,
        hybrid,
        untuned,
        best_weight,
        uses,
        text_weight,
        kept: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(answers: &str, candidates: &[(&str, f32, f32)]) -> (Judged, Vec<Candidate>) {
        let candidates = candidates.iter().map(|(id, text, vector)| Candidate {
            id: (*id).to_owned(),
            text: (*text > 0.0).then_some(*text),
            vector: Some(*vector),
        });
        (Judged { query: "?".into(), relevant: vec![Relevant::new(answers)] }, candidates.collect())
    }

    fn learnt(queries: &[(Judged, Vec<Candidate>)]) -> TuneReport {
        learn(&queries.iter().map(|(judged, candidates)| (judged, candidates.clone())).collect::<Vec<_>>(), 2)
    }

    #[test]
    fn both_are_used_where_both_are_better() {
        // Each part alone has the answer second; only together do they have it first.
        let queries = vec![query("a", &[("a", 0.8, 0.8), ("b", 1.0, 0.1), ("c", 0.1, 1.0)]); 6];
        let report = learnt(&queries);
        assert_eq!((report.uses, report.hybrid.ndcg), (Mode::Hybrid, 1.0));
        assert!(report.text.ndcg < 1.0 && report.vector.ndcg < 1.0);
        assert!(report.text_weight > 0.0 && report.text_weight < 1.0);
    }

    #[test]
    fn the_better_part_is_used_where_both_are_no_better() {
        let vectors_know = vec![query("a", &[("a", 0.0, 1.0), ("b", 1.0, 0.9)]); 6];
        let report = learnt(&vectors_know);
        assert_eq!((report.uses, report.text_weight), (Mode::Vector, 0.0));
        let words_know = vec![query("a", &[("a", 1.0, 0.1), ("b", 0.9, 1.0)]); 6];
        let report = learnt(&words_know);
        assert_eq!((report.uses, report.text_weight), (Mode::Text, 1.0));
    }

    #[test]
    fn what_is_learnt_from_one_half_is_judged_on_the_other() {
        // Queries that contradict each other: whatever one half teaches is wrong for the other.
        let vectors_know = query("a", &[("a", 0.5, 1.0), ("b", 1.0, 0.5), ("c", 0.9, 0.9)]);
        let words_know = query("b", &[("a", 0.5, 1.0), ("b", 1.0, 0.5), ("c", 0.9, 0.9)]);
        let queries: Vec<_> =
            (0..8).map(|at| if at % 2 == 0 { vectors_know.clone() } else { words_know.clone() }).collect();
        let report = learnt(&queries);
        assert!(report.hybrid.ndcg <= report.text.ndcg, "{report:?}");
        assert_ne!(report.uses, Mode::Hybrid);
    }
}
