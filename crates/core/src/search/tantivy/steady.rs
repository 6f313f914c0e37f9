//! Excluding phrases without tripping over them.
//!
//! To exclude documents tantivy 0.27 asks each excluded clause about every candidate with `seek_danger`, also about candidates that the
//! clause has passed already. A phrase scorer asserts that this does not happen, so that in a debug build `rain -"hail storm"` panics
//! (`exclude.rs` calls `contains` for any document, `phrase_scorer.rs` asserts `target >= self.doc()`). This wrapper leaves `seek_danger`
//! to its default, which answers from the position the clause is at.

use ::tantivy::{
    DocId, DocSet, Score, SegmentReader,
    query::{EnableScoring, Explanation, Query, QueryClone as _, Scorer, Weight},
};

/// A clause that may be asked about documents it has passed.
#[derive(Debug)]
pub(super) struct Steady(pub(super) Box<dyn Query>);

impl Clone for Steady {
    fn clone(&self) -> Self {
        Self(self.0.box_clone())
    }
}

struct SteadyWeight(Box<dyn Weight>);

struct SteadyScorer(Box<dyn Scorer>);

impl Query for Steady {
    fn weight(&self, scoring: EnableScoring<'_>) -> ::tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(SteadyWeight(self.0.weight(scoring)?)))
    }
}

impl Weight for SteadyWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> ::tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(SteadyScorer(self.0.scorer(segment, boost)?)))
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> ::tantivy::Result<Explanation> {
        self.0.explain(segment, document)
    }
}

impl Scorer for SteadyScorer {
    fn score(&mut self) -> Score {
        self.0.score()
    }
}

impl DocSet for SteadyScorer {
    fn advance(&mut self) -> DocId {
        self.0.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.0.seek(target)
    }

    fn doc(&self) -> DocId {
        self.0.doc()
    }

    fn size_hint(&self) -> u32 {
        self.0.size_hint()
    }
}
