//! How good a ranking is.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many hits the gain is measured on.
const DEPTH: usize = 10;

/// How good rankings are, from 0 to 1, on average over queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measures {
    /// nDCG@10: what the first ten are worth, early ones more, against the best order there is (gains as they were judged, discounted by
    /// the logarithm of the rank).
    pub ndcg: f64,
    /// Mean average precision: how clean the ranking is down to each of the documents that answer, all of those with a gain alike.
    pub map: f64,
}

impl Measures {
    /// Of one ranking, best first, with the gains of the documents that answer.
    pub(super) fn of<'a>(ranking: impl Iterator<Item = &'a str>, gains: &HashMap<&str, f64>) -> Self {
        let discount = |rank: usize| (rank as f64 + 2.0).log2();
        let (mut gained, mut found, mut precision) = (0.0, 0.0, 0.0);
        for (rank, id) in ranking.enumerate() {
            let Some(gain) = gains.get(id) else { continue };
            if rank < DEPTH {
                gained += gain / discount(rank);
            }
            found += 1.0;
            precision += found / (rank as f64 + 1.0);
        }
        let mut ideal: Vec<f64> = gains.values().copied().collect();
        ideal.sort_by(|a, b| b.total_cmp(a));
        let best: f64 = ideal.iter().take(DEPTH).enumerate().map(|(rank, gain)| gain / discount(rank)).sum();
        if gains.is_empty() {
            Self::default()
        } else {
            Self { ndcg: gained / best, map: precision / gains.len() as f64 }
        }
    }

    /// The mean of several.
    pub(super) fn mean(all: impl Iterator<Item = Self>) -> Self {
        let (mut sum, mut count) = (Self::default(), 0.0);
        for one in all {
            (sum.ndcg, sum.map, count) = (sum.ndcg + one.ndcg, sum.map + one.map, count + 1.0);
        }
        if count > 0.0 { Self { ndcg: sum.ndcg / count, map: sum.map / count } } else { sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_is_computed_by_hand() {
        let gains = HashMap::from([("a", 3.0), ("b", 1.0), ("c", 2.0)]);
        let perfect = Measures::of(["a", "c", "b"].into_iter(), &gains);
        assert_eq!((perfect.ndcg, perfect.map), (1.0, 1.0));
        let measured = Measures::of(["x", "a", "b"].into_iter(), &gains);
        let (gained, best) = (3.0 / 3.0_f64.log2() + 1.0 / 2.0, 3.0 + 2.0 / 3.0_f64.log2() + 1.0 / 2.0);
        assert!((measured.ndcg - gained / best).abs() < 1e-12);
        assert!((measured.map - (1.0 / 2.0 + 2.0 / 3.0) / 3.0).abs() < 1e-12);
        assert_eq!(Measures::of(["a"].into_iter(), &HashMap::new()), Measures::default());
        let late = (0..10).map(|_| "x").chain(["a"]);
        assert_eq!(Measures::of(late, &gains).ndcg, 0.0);
    }
}
