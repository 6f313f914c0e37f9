//! What is asked.

use std::ops::Bound;

use serde::{Deserialize, Serialize};

/// What a document must be to be found. Values are given as text and read as the kind of their field.
///
/// `field: None` means the [default fields](super::Schema::default_fields), any of which may match.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Query {
    /// Every document.
    MatchAll,
    /// The line of a user, in the language of [`parse`](super::parse()); words are alternatives.
    Text(String),
    /// A word, identifier or exact value. What is cut into several tokens (`state-of-the-art`, `parseUrl`) matches as a phrase of them.
    Term {
        /// Where to look.
        field: Option<String>,
        /// For what.
        value: String,
    },
    /// Words in this order.
    Phrase {
        /// Where to look.
        field: Option<String>,
        /// For what.
        text: String,
        /// How many places the words may be moved, all in all; 0 to 64.
        slop: u32,
    },
    /// Words or keywords that begin with this.
    Prefix {
        /// Where to look.
        field: Option<String>,
        /// For what.
        prefix: String,
    },
    /// Values between these, in a field of keywords, numbers, times or booleans.
    Range {
        /// Where to look.
        field: String,
        /// From.
        lower: Bound<String>,
        /// To.
        upper: Bound<String>,
    },
    /// Documents that match every one of `must`, none of `not`, and, where `must` is empty, at least one of `should`. What matches in
    /// `must` and `should` adds to the score. Without `must` and `should`: every document that matches none of `not`.
    Boolean {
        /// All of these.
        must: Vec<Query>,
        /// Better with these.
        should: Vec<Query>,
        /// None of these.
        not: Vec<Query>,
    },
}

impl Query {
    /// A word, identifier or exact value in the default fields.
    pub fn word(value: impl Into<String>) -> Self {
        Self::Term { field: None, value: value.into() }
    }

    /// A word, identifier or exact value in `field`.
    pub fn term(field: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Term { field: Some(field.into()), value: value.into() }
    }

    /// Words in this order in the default fields.
    pub fn phrase(text: impl Into<String>) -> Self {
        Self::Phrase { field: None, text: text.into(), slop: 0 }
    }

    /// Values from `lower` to `upper`, both included.
    pub fn between(field: impl Into<String>, lower: impl Into<String>, upper: impl Into<String>) -> Self {
        let (lower, upper) = (Bound::Included(lower.into()), Bound::Included(upper.into()));
        Self::Range { field: field.into(), lower, upper }
    }

    /// All of these.
    pub fn all(queries: impl IntoIterator<Item = Self>) -> Self {
        Self::Boolean { must: queries.into_iter().collect(), should: Vec::new(), not: Vec::new() }
    }

    /// Any of these.
    pub fn any(queries: impl IntoIterator<Item = Self>) -> Self {
        Self::Boolean { must: Vec::new(), should: queries.into_iter().collect(), not: Vec::new() }
    }

    /// Everything but this.
    #[expect(
        clippy::should_implement_trait,
        reason = "a constructor beside `all` and `any`, not an operator"
    )]
    pub fn not(query: Self) -> Self {
        Self::Boolean { must: Vec::new(), should: Vec::new(), not: vec![query] }
    }
}

/// A query and what to return of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchQuery {
    /// What a document must be.
    pub query: Query,
    /// What it must be besides, without a part in the score.
    pub filters: Vec<Query>,
    /// How many hits to pass over.
    pub offset: usize,
    /// The most hits to return; 0 to count only.
    pub limit: usize,
    /// What to count.
    pub facets: Vec<FacetRequest>,
    /// Whether and how to show where the words are.
    pub highlight: Option<Highlight>,
    /// How to find and rank; for a [`Catalog`](super::Catalog), which chooses where it is not said. An index finds by text alone.
    pub mode: Option<Mode>,
}

/// How documents are found and ranked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By their words (BM25).
    #[default]
    Text,
    /// By what they are about: the nearness of their vectors to that of the query.
    Vector,
    /// By both, weighted.
    Hybrid,
}

impl SearchQuery {
    /// The first ten hits of `query`.
    pub fn new(query: Query) -> Self {
        Self {
            query,
            filters: Vec::new(),
            offset: 0,
            limit: 10,
            facets: Vec::new(),
            highlight: None,
            mode: None,
        }
    }

    /// The first ten hits of the line of a user.
    pub fn text(line: impl Into<String>) -> Self {
        Self::new(Query::Text(line.into()))
    }

    /// The same query with another window.
    #[must_use]
    pub fn window(mut self, offset: usize, limit: usize) -> Self {
        (self.offset, self.limit) = (offset, limit);
        self
    }

    /// The same query among fewer documents.
    #[must_use]
    pub fn filtered(mut self, filter: Query) -> Self {
        self.filters.push(filter);
        self
    }

    /// The same query, counting a facet.
    #[must_use]
    pub fn faceted(mut self, facet: FacetRequest) -> Self {
        self.facets.push(facet);
        self
    }

    /// The same query, found and ranked in this way.
    #[must_use]
    pub fn ranked(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// The same query, with snippets.
    #[must_use]
    pub fn highlighted(mut self, highlight: Highlight) -> Self {
        self.highlight = Some(highlight);
        self
    }
}

/// Counts the matching documents by the values of a field of facets or keywords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FacetRequest {
    /// The field.
    pub field: String,
    /// Count the level below this facet; empty: the top level.
    #[serde(default)]
    pub below: String,
    /// The most counts to return, largest first.
    #[serde(default = "FacetRequest::default_limit")]
    pub limit: usize,
}

impl FacetRequest {
    /// The ten largest counts on the top level of `field`.
    pub fn new(field: impl Into<String>) -> Self {
        Self { field: field.into(), below: String::new(), limit: Self::default_limit() }
    }

    fn default_limit() -> usize {
        10
    }
}

/// Which snippets a hit comes with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Highlight {
    /// The fields; none: every stored field of text or code. A field without a match gives no snippet.
    pub fields: Vec<String>,
    /// The most characters of a snippet.
    pub max_chars: usize,
}

impl Default for Highlight {
    fn default() -> Self {
        Self { fields: Vec::new(), max_chars: 160 }
    }
}
