//! A plan in tantivy's terms.

use std::ops::Bound;

use ::tantivy::{
    Term,
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, ExistsQuery,
        InvertedIndexRangeQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery,
    },
    schema::{Field as Column, IndexRecordOption},
};

use super::{
    fields::{Fields, column_name},
    steady::Steady,
};
use crate::{
    error::{Error, Result},
    search::{Clause, Scalar, Schema},
    store::KeyRange,
};

/// The tantivy query of `clause`.
pub(super) fn build(clause: &Clause, schema: &Schema, fields: &Fields) -> Result<Box<dyn Query>> {
    let column = |place: usize| -> Result<Column> {
        let known = fields.indexed.get(place).copied().flatten();
        known.ok_or_else(|| Error::internal(format!("the plan names field {place}, which is not indexed")))
    };
    let boost = |place: usize| schema.fields[place].boost;
    Ok(match clause {
        Clause::All => Box::new(AllQuery),
        Clause::Nothing => Box::new(EmptyQuery),
        Clause::Token { field, token } => {
            let record = if schema.fields[*field].is_tokenized() {
                IndexRecordOption::WithFreqs
            } else {
                IndexRecordOption::Basic
            };
            let query = TermQuery::new(Term::from_field_text(column(*field)?, token), record);
            boosted(Box::new(query), boost(*field))
        }
        Clause::Phrase { field, tokens, slop } => {
            let column = column(*field)?;
            let terms = tokens.iter().map(|(at, token)| (*at as usize, Term::from_field_text(column, token)));
            let query = PhraseQuery::new_with_offset_and_slop(terms.collect(), *slop);
            boosted(Box::new(query), boost(*field))
        }
        Clause::Prefix { field, prefix } => {
            // The run of tokens with this prefix is the run of ids with it.
            let run = KeyRange::prefix("tokens", prefix.as_str());
            let term = |text: &str| column(*field).map(|column| Term::from_field_text(column, text));
            let upper = run.end.map_or(Ok(Bound::Unbounded), |end| term(&end).map(Bound::Excluded))?;
            let query = InvertedIndexRangeQuery::new(Bound::Included(term(&run.start)?), upper);
            Box::new(ConstScoreQuery::new(Box::new(query), boost(*field)))
        }
        Clause::Range { field, lower, upper } => {
            Box::new(ConstScoreQuery::new(range(*field, column(*field)?, lower, upper), boost(*field)))
        }
        Clause::Boolean { must, should, not } => {
            let mut clauses = Vec::with_capacity(must.len() + should.len() + not.len());
            for (occur, group) in [(Occur::Must, must), (Occur::Should, should), (Occur::MustNot, not)] {
                for clause in group {
                    let query = build(clause, schema, fields)?;
                    clauses
                        .push((occur, if occur == Occur::MustNot { Box::new(Steady(query)) } else { query }));
                }
            }
            Box::new(BooleanQuery::new(clauses))
        }
    })
}

/// `query` among the documents that match every one of `filters`, which add nothing to the score.
pub(super) fn filtered(query: Box<dyn Query>, filters: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    if filters.is_empty() {
        return query;
    }
    let filters = filters.into_iter().map(|filter| {
        let silent: Box<dyn Query> = Box::new(ConstScoreQuery::new(filter, 0.0));
        (Occur::Must, silent)
    });
    Box::new(BooleanQuery::new(std::iter::once((Occur::Must, query)).chain(filters).collect()))
}

fn boosted(query: Box<dyn Query>, boost: f32) -> Box<dyn Query> {
    if boost == 1.0 { query } else { Box::new(BoostQuery::new(query, boost)) }
}

fn range(place: usize, column: Column, lower: &Bound<Scalar>, upper: &Bound<Scalar>) -> Box<dyn Query> {
    if is_empty(lower, upper) {
        return Box::new(EmptyQuery);
    }
    // Numbers are compared in their column; what is no number, term by term.
    let is_number = |bound: &Bound<Scalar>| match bound {
        Bound::Included(value) | Bound::Excluded(value) => {
            matches!(value, Scalar::Integer(_) | Scalar::Float(_))
        }
        Bound::Unbounded => false,
    };
    let numbers = is_number(lower) || is_number(upper);
    let (lower, upper) =
        (lower.as_ref().map(|value| term(column, value)), upper.as_ref().map(|value| term(column, value)));
    match (&lower, &upper) {
        (Bound::Unbounded, Bound::Unbounded) => Box::new(ExistsQuery::new(column_name(place), false)),
        _ if numbers => Box::new(RangeQuery::new(lower, upper)),
        _ => Box::new(InvertedIndexRangeQuery::new(lower, upper)),
    }
}

/// Whether nothing can lie between the bounds.
fn is_empty(lower: &Bound<Scalar>, upper: &Bound<Scalar>) -> bool {
    match (lower, upper) {
        (Bound::Included(low), Bound::Included(high)) => low > high,
        (Bound::Included(low) | Bound::Excluded(low), Bound::Included(high) | Bound::Excluded(high)) => {
            low >= high
        }
        _ => false,
    }
}

fn term(column: Column, value: &Scalar) -> Term {
    match value {
        Scalar::Integer(number) => Term::from_field_i64(column, *number),
        Scalar::Float(number) => Term::from_field_f64(column, *number),
        Scalar::Boolean(value) => Term::from_field_bool(column, *value),
        Scalar::Keyword(text) => Term::from_field_text(column, text),
    }
}
