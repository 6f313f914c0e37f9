//! From a query and a schema to tokens: what an adapter executes.

use std::ops::Bound;

use super::{
    Field, FieldKind, Operator, Query, Schema,
    document::{facet_levels, read_timestamp},
    parse::{MAX_DEPTH, parse_at_depth},
    tokenize::{Token, code, fold, prose, stem},
};
use crate::error::{Error, ErrorKind, Result};

/// The most clauses a plan may have.
const MAX_CLAUSES: usize = 4096;
/// The greatest slop of a phrase.
const MAX_SLOP: u32 = 64;

/// A query made exact: fields by their place in the schema, values as tokens or numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// Every document, with the score 1.
    All,
    /// No document.
    Nothing,
    /// Documents with this token in this field, scored by BM25 and the field's boost.
    Token {
        /// The field.
        field: usize,
        /// The token.
        token: String,
    },
    /// Documents with these tokens at these distances, scored likewise. Positions begin at 0 and grow; there are two tokens or more.
    Phrase {
        /// The field.
        field: usize,
        /// Positions and tokens.
        tokens: Vec<(u32, String)>,
        /// How many places tokens may be moved, all in all.
        slop: u32,
    },
    /// Documents with a token that begins with this, with the field's boost as score.
    Prefix {
        /// The field.
        field: usize,
        /// The beginning, not empty.
        prefix: String,
    },
    /// Documents with a value between these, with the field's boost as score.
    Range {
        /// The field.
        field: usize,
        /// From.
        lower: Bound<Scalar>,
        /// To.
        upper: Bound<Scalar>,
    },
    /// See [`Query::Boolean`]; here `must` or `should` is never empty. The score is the sum of what matches.
    Boolean {
        /// All of these.
        must: Vec<Clause>,
        /// One of these where `must` is empty, else better with these.
        should: Vec<Clause>,
        /// None of these.
        not: Vec<Clause>,
    },
}

/// A bound of a range, of the kind of its field.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum Scalar {
    /// An integer, or a timestamp in microseconds since 1970.
    Integer(i64),
    /// A floating-point number, finite.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A keyword.
    Keyword(String),
}

/// Makes `query` exact.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) where a line cannot be parsed, a field is missing or not indexed, or a value is not of its
/// field's kind; [`LimitExceeded`](ErrorKind::LimitExceeded) where the query is too deep or too long.
pub fn plan(query: &Query, schema: &Schema) -> Result<Clause> {
    let mut planner = Planner { schema, clauses: 0 };
    Ok(planner.plan(query, 0)?.unwrap_or(Clause::Nothing))
}

struct Planner<'a> {
    schema: &'a Schema,
    clauses: usize,
}

impl Planner<'_> {
    /// `None` where nothing is asked for: a term of punctuation only, say. It is left out of the query around it.
    fn plan(&mut self, query: &Query, depth: usize) -> Result<Option<Clause>> {
        if depth > MAX_DEPTH {
            return Err(limit(format!("the query is nested more than {MAX_DEPTH} deep")));
        }
        self.clauses += 1;
        if self.clauses > MAX_CLAUSES {
            return Err(limit(format!("the query has more than {MAX_CLAUSES} clauses")));
        }
        match query {
            Query::MatchAll => Ok(Some(Clause::All)),
            Query::Text(line) => {
                let parsed = parse_at_depth(line, Operator::Any, depth + 1)?;
                self.plan(&parsed, depth + 1)
            }
            Query::Term { field, value } => {
                self.in_fields(field.as_deref(), |at, field| term(at, field, value))
            }
            Query::Phrase { slop, .. } if *slop > MAX_SLOP => {
                Err(Error::invalid(format!("the slop of a phrase is 0 to {MAX_SLOP}, not {slop}")))
            }
            Query::Phrase { field, text, slop } => {
                self.in_fields(field.as_deref(), |at, field| phrase(at, field, text, *slop))
            }
            Query::Prefix { field, prefix: text } => {
                self.in_fields(field.as_deref(), |at, field| prefix(at, field, text))
            }
            Query::Range { field, lower, upper } => {
                self.in_fields(Some(field), |at, field| range(at, field, lower, upper).map(Some))
            }
            Query::Boolean { must, should, not } => {
                let mut clauses = |queries: &[Query]| -> Result<Vec<Clause>> {
                    let planned = queries.iter().map(|query| self.plan(query, depth + 1));
                    planned.filter_map(Result::transpose).collect()
                };
                let (must, should, not) = (clauses(must)?, clauses(should)?, clauses(not)?);
                Ok(boolean(must, should, not))
            }
        }
    }

    /// The clause in the named field, or in any of the default fields.
    fn in_fields(
        &mut self,
        name: Option<&str>,
        clause: impl Fn(usize, &Field) -> Result<Option<Clause>>,
    ) -> Result<Option<Clause>> {
        if let Some(name) = name {
            let at = self.schema.position(name)?;
            let field = &self.schema.fields[at];
            if !field.indexed {
                return Err(Error::invalid(format!("field `{name}` is not indexed and cannot be searched")));
            }
            return clause(at, field);
        }
        let places = self.schema.default_fields();
        if places.is_empty() {
            return Err(Error::invalid("no field is searched by default here: write `field:value`"));
        }
        self.clauses += places.len() - 1;
        let found = places.into_iter().map(|at| clause(at, &self.schema.fields[at]));
        let mut found: Vec<_> = found.filter_map(Result::transpose).collect::<Result<_>>()?;
        Ok(if found.len() > 1 { boolean(Vec::new(), found, Vec::new()) } else { found.pop() })
    }
}

fn boolean(must: Vec<Clause>, should: Vec<Clause>, not: Vec<Clause>) -> Option<Clause> {
    match (must.is_empty() && should.is_empty(), not.is_empty()) {
        (true, true) => None,
        (true, false) => Some(Clause::Boolean { must: vec![Clause::All], should, not }),
        (false, _) => Some(Clause::Boolean { must, should, not }),
    }
}

fn tokens(field: &Field, text: &str) -> Vec<Token> {
    match field.kind {
        FieldKind::Text { language } => prose(text, language),
        _ => code(text),
    }
}

fn term(at: usize, field: &Field, value: &str) -> Result<Option<Clause>> {
    match field.kind {
        FieldKind::Text { .. } | FieldKind::Code => Ok(words(at, field, value, 0)),
        FieldKind::Keyword => Ok(Some(Clause::Token { field: at, token: value.to_owned() })),
        FieldKind::Facet => {
            let path = value.strip_suffix('/').unwrap_or(value);
            if facet_levels(path).is_none() {
                return Err(unreadable(field, value));
            }
            Ok(Some(Clause::Token { field: at, token: path.to_owned() }))
        }
        _ => {
            let scalar = scalar(field, value)?;
            let (lower, upper) = (Bound::Included(scalar.clone()), Bound::Included(scalar));
            Ok(Some(Clause::Range { field: at, lower, upper }))
        }
    }
}

fn phrase(at: usize, field: &Field, text: &str, slop: u32) -> Result<Option<Clause>> {
    if field.is_tokenized() { Ok(words(at, field, text, slop)) } else { term(at, field, text) }
}

/// One token, or a phrase of the tokens that are no compounds. What is a single identifier or path is also found as a whole, however
/// it was cut: `httpserver2` finds `HTTPServer2`.
fn words(at: usize, field: &Field, text: &str, slop: u32) -> Option<Clause> {
    let (compounds, parts): (Vec<_>, Vec<_>) =
        tokens(field, text).into_iter().partition(|token| token.compound);
    let token = |token: &Token| Clause::Token { field: at, token: token.text.clone() };
    let [first, .., last] = parts.as_slice() else {
        // A single part, or a compound whose parts were too long to keep.
        return parts.first().or(compounds.first()).map(token);
    };
    let tokens = parts.iter().map(|token| (token.position - first.position, token.text.clone())).collect();
    let phrase = Clause::Phrase { field: at, tokens, slop };
    let whole = compounds.iter().find(|whole| whole.start <= first.start && whole.end >= last.end).map(token);
    Some(match whole {
        Some(whole) => Clause::Boolean { must: Vec::new(), should: vec![whole, phrase], not: Vec::new() },
        None => phrase,
    })
}

fn prefix(at: usize, field: &Field, text: &str) -> Result<Option<Clause>> {
    let begins = |prefix: String| (!prefix.is_empty()).then_some(Clause::Prefix { field: at, prefix });
    match field.kind {
        FieldKind::Keyword => Ok(begins(text.to_owned())),
        FieldKind::Code => Ok(begins(fold(text))),
        FieldKind::Text { language } => {
            // Words are kept as stems: `connection*` begins no stem, but its own stem finds what it would begin.
            let prefix = fold(text);
            let stem = stem(&prefix, language);
            let token =
                (stem != prefix && !stem.is_empty()).then_some(Clause::Token { field: at, token: stem });
            let either: Vec<_> = begins(prefix).into_iter().chain(token).collect();
            Ok(boolean(Vec::new(), either, Vec::new()))
        }
        _ => {
            let kind = field.kind.describe();
            Err(Error::invalid(format!(
                "field `{}` holds {kind}: it has no words that `{text}*` could begin",
                field.name
            )))
        }
    }
}

fn range(at: usize, field: &Field, lower: &Bound<String>, upper: &Bound<String>) -> Result<Clause> {
    let read = |bound: &Bound<String>| -> Result<Bound<Scalar>> {
        Ok(match bound {
            Bound::Included(value) => Bound::Included(scalar(field, value)?),
            Bound::Excluded(value) => Bound::Excluded(scalar(field, value)?),
            Bound::Unbounded => Bound::Unbounded,
        })
    };
    if field.is_tokenized() || field.kind == FieldKind::Facet {
        return Err(Error::invalid(format!(
            "field `{}` holds {}: ranges are for keywords, numbers, times and booleans",
            field.name,
            field.kind.describe()
        )));
    }
    Ok(Clause::Range { field: at, lower: read(lower)?, upper: read(upper)? })
}

/// Reads a value as the kind of its field.
fn scalar(field: &Field, value: &str) -> Result<Scalar> {
    let read = match field.kind {
        FieldKind::Integer => value.parse().ok().map(Scalar::Integer),
        FieldKind::Float => value.parse().ok().filter(|number: &f64| number.is_finite()).map(Scalar::Float),
        FieldKind::Timestamp => read_timestamp(value).map(Scalar::Integer),
        FieldKind::Boolean => value.parse().ok().map(Scalar::Boolean),
        _ => Some(Scalar::Keyword(value.to_owned())),
    };
    read.ok_or_else(|| unreadable(field, value))
}

fn unreadable(field: &Field, value: &str) -> Error {
    let shown: String = value.chars().take(60).collect();
    Error::invalid(format!("field `{}` holds {}; `{shown}` is not that", field.name, field.kind.describe()))
}

fn limit(message: String) -> Error {
    Error::new(ErrorKind::LimitExceeded, message)
}
