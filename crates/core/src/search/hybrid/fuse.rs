//! Two rankings in one.

/// The part of the words where nothing was learnt: measured on Cranfield, see `crates/core/tests/it/search/hybrid`.
pub(in crate::search) const DEFAULT_TEXT_WEIGHT: f32 = 0.4;

/// A document that words or vectors found.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::search) struct Candidate {
    pub(in crate::search) id: String,
    /// What its words score (BM25), where they match.
    pub(in crate::search) text: Option<f32>,
    /// The cosine of its vector and that of the query, where it has one.
    pub(in crate::search) vector: Option<f32>,
}

/// Orders candidates by a convex combination of their two scores, best first: `text_weight` times the one and the rest times the other,
/// each divided by the greatest of its kind. What is missing, or below 0, counts as 0. Equals are ordered by the sum of both, then by id.
///
/// Convex combinations of scores with a fixed lower end are better than reciprocal ranks, and need one number to be learnt (Bruch, Gai and
/// Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", 2023).
pub(in crate::search) fn fuse(candidates: &[Candidate], text_weight: f32) -> Vec<(usize, f32)> {
    let greatest = |of: fn(&Candidate) -> Option<f32>| candidates.iter().filter_map(of).fold(0.0, f32::max);
    let (most_text, most_vector) = (greatest(|it| it.text), greatest(|it| it.vector));
    let part = |score: Option<f32>, most: f32| {
        if most > 0.0 { score.map_or(0.0, |score| score.max(0.0) / most) } else { 0.0 }
    };
    let mut fused: Vec<(usize, f32, f32)> = candidates
        .iter()
        .enumerate()
        .map(|(at, candidate)| {
            let (text, vector) = (part(candidate.text, most_text), part(candidate.vector, most_vector));
            (at, text_weight * text + (1.0 - text_weight) * vector, text + vector)
        })
        .collect();
    let id = |at: usize| &candidates[at].id;
    fused.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.2.total_cmp(&a.2)).then_with(|| id(a.0).cmp(id(b.0))));
    fused.into_iter().map(|(at, score, _)| (at, score)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: &str, text: Option<f32>, vector: Option<f32>) -> Candidate {
        Candidate { id: id.into(), text, vector }
    }

    #[test]
    fn a_weight_at_either_end_is_the_ranking_of_that_part() {
        let candidates = [
            candidate("a", Some(9.0), Some(0.1)),
            candidate("b", Some(3.0), Some(0.9)),
            candidate("c", None, Some(0.5)),
            candidate("d", Some(6.0), None),
        ];
        let order = |weight: f32| {
            fuse(&candidates, weight)
                .into_iter()
                .map(|(at, _)| candidates[at].id.as_str())
                .collect::<String>()
        };
        assert_eq!(order(1.0), "adbc");
        assert_eq!(order(0.0), "bcad");
        assert_eq!(order(0.5), "badc");
    }

    #[test]
    fn scores_of_nothing_and_below_nothing_are_no_trouble() {
        assert_eq!(fuse(&[], 0.5), []);
        let candidates = [candidate("b", None, Some(-0.5)), candidate("a", Some(0.0), None)];
        assert_eq!(fuse(&candidates, 0.5), [(1, 0.0), (0, 0.0)]);
    }
}
