//! The query language of a user's line.
//!
//! ```text
//! line      = clause*                                words are alternatives, or all needed: see `Operator`
//! clause    = ["+" | "-"] or                         needed, unwanted
//! or        = and ("OR" and)*
//! and       = not ("AND" not)*
//! not       = ["NOT" | "-"] primary
//! primary   = "(" line ")" | [field ":"] value
//! value     = word | prefix "*" | phrase | range | comparison | "(" line ")" | "*"
//! phrase    = '"' text '"' ["~" slop]
//! range     = ("[" | "{") (value | "*") "TO" (value | "*") ("]" | "}")        [ ] include the bound, { } exclude it
//! comparison = (">=" | "<=" | ">" | "<") word                                 behind `field:` only
//! ```
//! `\` takes the meaning from the character after it. Errors say at which character of the line.

mod lexer;

use std::ops::Bound;

use serde::{Deserialize, Serialize};

use self::lexer::{Lexeme, Lexer};
use super::Query;
use crate::error::{Error, ErrorKind, Result};

/// The most bytes of a line.
pub const MAX_QUERY_BYTES: usize = 16 << 10;
/// How deep queries may be nested.
pub(super) const MAX_DEPTH: usize = 64;

/// What words that stand beside each other mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Any of them; more of them rank higher.
    #[default]
    Any,
    /// All of them.
    All,
}

/// Reads the line of a user. An empty line matches nothing.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) where it is malformed, with the character in the message;
/// [`LimitExceeded`](ErrorKind::LimitExceeded) where it is longer than [`MAX_QUERY_BYTES`] or nested more than 64 deep.
pub fn parse(line: &str, operator: Operator) -> Result<Query> {
    parse_at_depth(line, operator, 0)
}

pub(super) fn parse_at_depth(line: &str, operator: Operator, depth: usize) -> Result<Query> {
    if line.len() > MAX_QUERY_BYTES {
        let message = format!("a query has at most {MAX_QUERY_BYTES} bytes, this one has {}", line.len());
        return Err(Error::new(ErrorKind::LimitExceeded, message));
    }
    let lexer = Lexer::new(line)?;
    let mut parser = Parser { lexer, operator, depth, field: None };
    let query = parser.line()?;
    match parser.lexer.next() {
        None => Ok(query),
        Some(lexeme) => Err(parser.lexer.error_before(format!("{} closes nothing", lexeme.describe()))),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    operator: Operator,
    depth: usize,
    /// The field that the parentheses around belong to.
    field: Option<String>,
}

impl Parser<'_> {
    fn line(&mut self) -> Result<Query> {
        let (mut must, mut should, mut not) = (Vec::new(), Vec::new(), Vec::new());
        while !matches!(self.lexer.peek(), None | Some(Lexeme::Close)) {
            if self.lexer.take(&Lexeme::Plus) {
                must.push(self.or()?);
                continue;
            }
            match self.or()? {
                Query::Boolean { must: inner, should: either, not: mut unwanted }
                    if inner.is_empty() && either.is_empty() =>
                {
                    not.append(&mut unwanted);
                }
                query if self.operator == Operator::All => must.push(query),
                query => should.push(query),
            }
        }
        Ok(match (must.len(), should.len(), not.len()) {
            (1, 0, 0) => must.remove(0),
            (0, 1, 0) => should.remove(0),
            _ => Query::Boolean { must, should, not },
        })
    }

    fn or(&mut self) -> Result<Query> {
        let mut either = vec![self.and()?];
        while self.lexer.take(&Lexeme::Or) {
            either.push(self.and()?);
        }
        Ok(if either.len() == 1 { either.remove(0) } else { Query::any(either) })
    }

    fn and(&mut self) -> Result<Query> {
        let mut all = vec![self.not()?];
        while self.lexer.take(&Lexeme::And) {
            all.push(self.not()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Query::all(all) })
    }

    fn not(&mut self) -> Result<Query> {
        if self.lexer.take(&Lexeme::Not) { Ok(Query::not(self.primary()?)) } else { self.primary() }
    }

    fn primary(&mut self) -> Result<Query> {
        let Some(lexeme) = self.lexer.next() else {
            return Err(self.lexer.error_before("something to search for is missing at the end"));
        };
        match lexeme {
            Lexeme::Field(name) => {
                let outer = self.field.replace(name);
                let query = self.primary_in_field();
                self.field = outer;
                query
            }
            Lexeme::Open => self.group(),
            Lexeme::Star => Ok(Query::MatchAll),
            Lexeme::Word(value) => Ok(Query::Term { field: self.field.clone(), value }),
            Lexeme::Prefix(prefix) => Ok(Query::Prefix { field: self.field.clone(), prefix }),
            Lexeme::Phrase { text, slop } => Ok(Query::Phrase { field: self.field.clone(), text, slop }),
            Lexeme::Range { lower, upper } => match self.field.clone() {
                Some(field) => Ok(Query::Range { field, lower, upper }),
                None => Err(self.lexer.error_before("a range needs a field: `year:[1990 TO 1999]`")),
            },
            other => {
                let found = other.describe();
                Err(self.lexer.error_before(format!("something to search for is missing before {found}")))
            }
        }
    }

    /// What may only stand behind `field:`.
    fn primary_in_field(&mut self) -> Result<Query> {
        if let Some(Lexeme::Word(word)) = self.lexer.peek()
            && let Some((field, lower, upper)) = self.field.clone().and_then(|field| comparison(field, word))
        {
            self.lexer.next();
            return Ok(Query::Range { field, lower, upper });
        }
        if matches!(self.lexer.peek(), Some(Lexeme::Star | Lexeme::Field(_))) {
            self.lexer.next();
            return Err(self.lexer.error_before("behind `field:` comes a word, a phrase, a range or `(`"));
        }
        self.primary()
    }

    fn group(&mut self) -> Result<Query> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("the query is nested more than {MAX_DEPTH} deep");
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        let opened = self.lexer.before();
        let query = self.line()?;
        if !self.lexer.take(&Lexeme::Close) {
            return Err(self
                .lexer
                .error_at(opened, "`(` is never closed; put text with parentheses in quotes"));
        }
        self.depth -= 1;
        Ok(query)
    }
}

fn comparison(field: String, word: &str) -> Option<(String, Bound<String>, Bound<String>)> {
    type Bounds = (Bound<String>, Bound<String>);
    type Sign = (&'static str, fn(String) -> Bounds);
    let signs: [Sign; 4] = [
        (">=", |value| (Bound::Included(value), Bound::Unbounded)),
        ("<=", |value| (Bound::Unbounded, Bound::Included(value))),
        (">", |value| (Bound::Excluded(value), Bound::Unbounded)),
        ("<", |value| (Bound::Unbounded, Bound::Excluded(value))),
    ];
    let (value, bounds) = signs.iter().find_map(|(sign, bounds)| Some((word.strip_prefix(sign)?, bounds)))?;
    let (lower, upper) = bounds(value.to_owned());
    (!value.is_empty()).then_some((field, lower, upper))
}
