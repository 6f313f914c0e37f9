//! Cuts the piece of a text that shows best why it matches.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Clause, Document, Field, Highlight, Schema, Snippet, Span,
    tokenize::{Token, tokenize},
};
use crate::error::Result;

/// How much of a text is looked at: what matches behind this gives no snippet.
const MAX_SCANNED_BYTES: usize = 1 << 20;

/// What a plan looks for, by field; what it excludes is not among it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needles {
    fields: BTreeMap<usize, FieldNeedles>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct FieldNeedles {
    tokens: BTreeSet<String>,
    prefixes: BTreeSet<String>,
    /// Tokens that count only where they stand together.
    phrases: BTreeSet<Vec<(u32, String)>>,
}

/// A place in a text where a needle is.
#[derive(Clone, Copy)]
struct Match<'a> {
    start: usize,
    end: usize,
    needle: &'a str,
}

impl Needles {
    /// The needles of a plan.
    pub fn of(clause: &Clause) -> Self {
        let mut needles = Self::default();
        needles.collect(clause);
        needles
    }

    fn at(&mut self, field: usize) -> &mut FieldNeedles {
        self.fields.entry(field).or_default()
    }

    fn collect(&mut self, clause: &Clause) {
        match clause {
            Clause::Token { field, token } => {
                self.at(*field).tokens.insert(token.clone());
            }
            Clause::Phrase { field, tokens, slop: 0 } => {
                self.at(*field).phrases.insert(tokens.clone());
            }
            Clause::Phrase { field, tokens, .. } => {
                self.at(*field).tokens.extend(tokens.iter().map(|(_, token)| token.clone()));
            }
            Clause::Prefix { field, prefix } => {
                self.at(*field).prefixes.insert(prefix.clone());
            }
            Clause::Boolean { must, should, .. } => {
                must.iter().chain(should).for_each(|clause| self.collect(clause))
            }
            Clause::All | Clause::Nothing | Clause::Range { .. } => {}
        }
    }
}

impl FieldNeedles {
    /// Where the needles are among `tokens`, in the order of the text.
    fn matches(&self, tokens: &[Token]) -> Vec<Match<'_>> {
        let mut places: BTreeMap<(u32, &str), &Token> = BTreeMap::new();
        let mut found = Vec::new();
        for token in tokens {
            let begun = || self.prefixes.iter().find(|prefix| token.text.starts_with(prefix.as_str()));
            if let Some(needle) = self.tokens.get(&token.text).or_else(begun) {
                found.push(Match { start: token.start, end: token.end, needle });
            }
            if !self.phrases.is_empty() {
                places.insert((token.position, &token.text), token);
            }
        }
        for phrase in &self.phrases {
            let begins =
                places.keys().filter(|(_, text)| *text == phrase[0].1).map(|(position, _)| *position);
            for begin in begins {
                let together = phrase
                    .iter()
                    .map(|(at, token)| places.get(&(begin + at, token.as_str())).zip(Some(token)));
                let together: Option<Vec<_>> = together.collect();
                let matches = together.into_iter().flatten();
                found.extend(matches.map(|(token, needle)| Match {
                    start: token.start,
                    end: token.end,
                    needle,
                }));
            }
        }
        found.sort_by_key(|found| (found.start, found.end));
        found
    }
}

/// The snippets that `highlight` asks for, one for each field with a match.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) where a field is named that the schema lacks.
pub(super) fn snippets(
    document: &Document,
    schema: &Schema,
    highlight: &Highlight,
    needles: &Needles,
) -> Result<Vec<Snippet>> {
    for name in &highlight.fields {
        schema.position(name)?;
    }
    let shown = |name: &String| highlight.fields.is_empty() || highlight.fields.contains(name);
    let fields = schema.fields.iter().enumerate();
    let fields = fields.filter(|(_, field)| field.is_tokenized() && shown(&field.name));
    let cut = fields.filter_map(|(place, field)| {
        snippet(&document.text(&field.name)?, field, place, needles, highlight.max_chars)
    });
    Ok(cut.collect())
}

/// The piece of `text`, a value of `field`, with the most different needles, then with the most; `None` where there is none.
///
/// It has at most about `max_chars` characters, begins and ends between words where it can, and what overlaps in it is joined.
pub fn snippet(
    text: &str,
    field: &Field,
    place: usize,
    needles: &Needles,
    max_chars: usize,
) -> Option<Snippet> {
    let scanned = &text[..floor_boundary(text, MAX_SCANNED_BYTES)];
    let tokens = tokenize(&field.kind, scanned);
    let found = needles.fields.get(&place)?.matches(&tokens);
    let (first, last) = best_window(&found, max_chars.max(1))?;
    let end = found[first..=last].iter().map(|found| found.end).max()?;
    let (from, to) = widen(scanned, found[first].start, end, max_chars);
    let mut highlights: Vec<Span> = Vec::new();
    for found in found.iter().filter(|found| found.start >= from && found.end <= to) {
        let span = Span { start: found.start - from, end: found.end - from };
        match highlights.last_mut() {
            // What touches is one identifier or compound.
            Some(before) if span.start <= before.end => before.end = before.end.max(span.end),
            _ => highlights.push(span),
        }
    }
    Some(Snippet { field: field.name.clone(), text: scanned[from..to].to_owned(), highlights })
}

/// The first and last match of the best run of matches that spans at most `max_bytes`.
fn best_window(found: &[Match<'_>], max_bytes: usize) -> Option<(usize, usize)> {
    let mut inside: BTreeMap<&str, usize> = BTreeMap::new();
    let mut best: Option<((usize, usize), (usize, usize))> = None;
    let mut first = 0;
    for (last, &Match { end, needle, .. }) in found.iter().enumerate() {
        *inside.entry(needle).or_default() += 1;
        while first < last && end.saturating_sub(found[first].start) > max_bytes {
            if let Some(count) = inside.get_mut(found[first].needle) {
                *count -= 1;
                if *count == 0 {
                    inside.remove(found[first].needle);
                }
            }
            first += 1;
        }
        let worth = (inside.len(), last - first + 1);
        if best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, (first, last)));
        }
    }
    best.map(|(_, window)| window)
}

/// Widens `start..end` on both sides to about `max_chars` characters, ending between words.
fn widen(text: &str, start: usize, end: usize, max_chars: usize) -> (usize, usize) {
    let spare = max_chars.saturating_sub(text[start..end].chars().count());
    let back =
        |count: usize| text[..start].char_indices().rev().take(count).last().map_or(start, |(at, _)| at);
    let forth = |count: usize| {
        text[end..].char_indices().take(count).last().map_or(end, |(at, c)| end + at + c.len_utf8())
    };
    let before = text[back(spare / 2)..start].chars().count();
    let to = forth(spare - before);
    let after = text[end..to].chars().count();
    let from = back(spare - after);
    let cut_before = from > 0 && !text[..from].ends_with(char::is_whitespace);
    let from = match text[from..start].find(char::is_whitespace) {
        Some(space) if cut_before => from + space,
        _ => from,
    };
    let cut_after = to < text.len() && !text[to..].starts_with(char::is_whitespace);
    let to = match text[end..to].rfind(char::is_whitespace) {
        Some(space) if cut_after => end + space,
        _ => to,
    };
    let trimmed = text[from..to].trim_start();
    let from = to - trimmed.len();
    (from, from + trimmed.trim_end().len())
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}
