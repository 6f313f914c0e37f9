//! Collects the ids of all documents that match.

use ::tantivy::{
    DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::StrColumn,
};

use super::fields::ID;

/// The ids of what matches, in no order.
pub(super) struct Ids;

pub(super) struct SegmentIds {
    column: Option<StrColumn>,
    /// By their numbers in the column's dictionary.
    found: Vec<u64>,
}

impl Collector for Ids {
    type Fruit = Vec<String>;
    type Child = SegmentIds;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> ::tantivy::Result<SegmentIds> {
        Ok(SegmentIds { column: segment.fast_fields().str(ID)?, found: Vec::new() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<::tantivy::Result<Vec<String>>>) -> ::tantivy::Result<Vec<String>> {
        let mut merged = Vec::new();
        for segment in segments {
            merged.extend(segment?);
        }
        Ok(merged)
    }
}

impl SegmentCollector for SegmentIds {
    type Fruit = ::tantivy::Result<Vec<String>>;

    fn collect(&mut self, document: DocId, _: Score) {
        self.found.extend(self.column.iter().flat_map(|column| column.term_ords(document)));
    }

    fn harvest(mut self) -> Self::Fruit {
        let Some(column) = &self.column else { return Ok(Vec::new()) };
        // In order, so that the dictionary is read in one direction.
        self.found.sort_unstable();
        let mut ids = Vec::with_capacity(self.found.len());
        for at in self.found {
            let mut id = String::new();
            if column.ord_to_str(at, &mut id)? {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}
