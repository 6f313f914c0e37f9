//! What is answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Mode;

/// A page of hits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SearchPage {
    /// The hits, best first; among equals ordered by id.
    pub hits: Vec<Hit>,
    /// How many documents match in all; ranked by vectors, every document matches that is not filtered out.
    pub total: u64,
    /// The counts asked for, by field.
    #[serde(default)]
    pub facets: BTreeMap<String, Vec<FacetCount>>,
    /// How many committed changes this answer does not know of yet: 0, unless another process writes the index.
    #[serde(default)]
    pub behind: u64,
    /// How the hits were found and ranked.
    #[serde(default)]
    pub ranked: Ranked,
}

/// How the hits of an answer were found and ranked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Ranked {
    /// By words, by what documents are about, or by both.
    pub mode: Mode,
    /// The part of the words in a hybrid score, from 0 to 1; the rest is that of the vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_weight: Option<f32>,
    /// Whether that weight was learnt from judged queries (`search.tune`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub learnt: bool,
    /// Why it is not the mode that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many documents have no vector of their present text yet, and are found by their words alone.
    #[serde(skip_serializing_if = "is_zero")]
    pub pending: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A document that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Hit {
    /// Its id.
    pub id: String,
    /// How well it matches (BM25, the nearness of vectors, or both in one); comparable within one page only.
    pub score: f32,
    /// The values of its stored fields.
    pub fields: Map<String, Value>,
    /// Where the words are, one for each field with a match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub snippets: Vec<Snippet>,
}

/// A piece of a field and what matches in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Snippet {
    /// The field.
    pub field: String,
    /// The piece.
    pub text: String,
    /// What matches: byte ranges of `text`, in order, apart from each other.
    pub highlights: Vec<Span>,
}

/// A range of bytes, `end` excluded; both lie on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

impl Snippet {
    /// The piece with `before` and `after` around what matches.
    pub fn marked(&self, before: &str, after: &str) -> String {
        let mut marked =
            String::with_capacity(self.text.len() + self.highlights.len() * (before.len() + after.len()));
        let mut done = 0;
        for span in &self.highlights {
            marked.push_str(self.text.get(done..span.start).unwrap_or_default());
            marked.push_str(before);
            marked.push_str(self.text.get(span.start..span.end).unwrap_or_default());
            marked.push_str(after);
            done = span.end;
        }
        marked.push_str(self.text.get(done..).unwrap_or_default());
        marked
    }
}

/// How many matching documents have a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FacetCount {
    /// The facet with its levels, or the keyword.
    pub value: String,
    /// How many documents.
    pub count: u64,
}
