//! Counts matching documents by the values of a column of strings.

use std::collections::BTreeMap;

use ::tantivy::{
    DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::StrColumn,
};

/// Counts every value of a column. Levels of facets are values of their own, so that no value has to be taken apart.
pub(super) struct ValueCounts {
    pub(super) column: String,
}

pub(super) struct SegmentCounts {
    column: Option<StrColumn>,
    counts: Vec<u64>,
    /// The values of the document at hand, each once.
    seen: Vec<u64>,
}

impl Collector for ValueCounts {
    type Fruit = BTreeMap<String, u64>;
    type Child = SegmentCounts;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> ::tantivy::Result<SegmentCounts> {
        let column = segment.fast_fields().str(&self.column)?;
        let values = column.as_ref().map_or(0, |column| column.dictionary().num_terms());
        Ok(SegmentCounts { column, counts: vec![0; values], seen: Vec::new() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(
        &self,
        segments: Vec<::tantivy::Result<BTreeMap<String, u64>>>,
    ) -> ::tantivy::Result<BTreeMap<String, u64>> {
        let mut merged = BTreeMap::new();
        for segment in segments {
            for (value, count) in segment? {
                *merged.entry(value).or_default() += count;
            }
        }
        Ok(merged)
    }
}

impl SegmentCollector for SegmentCounts {
    type Fruit = ::tantivy::Result<BTreeMap<String, u64>>;

    fn collect(&mut self, document: DocId, _: Score) {
        let Some(column) = &self.column else { return };
        self.seen.clear();
        for value in column.term_ords(document) {
            if !self.seen.contains(&value) {
                self.seen.push(value);
                if let Some(count) = usize::try_from(value).ok().and_then(|at| self.counts.get_mut(at)) {
                    *count += 1;
                }
            }
        }
    }

    fn harvest(self) -> Self::Fruit {
        let mut counted = BTreeMap::new();
        let Some(column) = &self.column else { return Ok(counted) };
        for (at, count) in self.counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            let mut value = String::new();
            if column.ord_to_str(at as u64, &mut value)? {
                counted.insert(value, count);
            }
        }
        Ok(counted)
    }
}
