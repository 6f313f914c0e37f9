//! Cuts the piece of a text that shows best why it matches.

use std::collections::{BTreeMap, BTreeSet};

use super::{Clause, Field, Snippet, Span, tokenize::tokenize};

/// How much of a text is looked at: what matches behind this gives no snippet.
const MAX_SCANNED_BYTES: usize = 1 << 20;

/// What a plan looks for, by field; what it excludes is not among it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needles {
    tokens: BTreeMap<usize, BTreeSet<String>>,
    prefixes: BTreeMap<usize, BTreeSet<String>>,
}

impl Needles {
    /// The needles of a plan.
    pub fn of(clause: &Clause) -> Self {
        let mut needles = Self::default();
        needles.collect(clause);
        needles
    }

    fn collect(&mut self, clause: &Clause) {
        match clause {
            Clause::Token { field, token } => {
                self.tokens.entry(*field).or_default().insert(token.clone());
            }
            Clause::Phrase { field, tokens, .. } => {
                self.tokens.entry(*field).or_default().extend(tokens.iter().map(|(_, token)| token.clone()));
            }
            Clause::Prefix { field, prefix } => {
                self.prefixes.entry(*field).or_default().insert(prefix.clone());
            }
            Clause::Boolean { must, should, .. } => {
                must.iter().chain(should).for_each(|clause| self.collect(clause))
            }
            Clause::All | Clause::Nothing | Clause::Range { .. } => {}
        }
    }

    /// The needle that `token` of the field at `place` is.
    fn find(&self, place: usize, token: &str) -> Option<&str> {
        let exact = self.tokens.get(&place).and_then(|tokens| tokens.get(token));
        let begun = || self.prefixes.get(&place)?.iter().find(|prefix| token.starts_with(prefix.as_str()));
        exact.or_else(begun).map(String::as_str)
    }
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
    let found: Vec<_> = tokens
        .iter()
        .filter_map(|token| Some((token.start, token.end, needles.find(place, &token.text)?)))
        .collect();
    let (first, last) = best_window(&found, max_chars.max(1))?;
    let end = found[first..=last].iter().map(|found| found.1).max()?;
    let (from, to) = widen(scanned, found[first].0, end, max_chars);
    let mut highlights: Vec<Span> = Vec::new();
    for &(start, end, _) in found.iter().filter(|found| found.0 >= from && found.1 <= to) {
        let span = Span { start: start - from, end: end - from };
        match highlights.last_mut() {
            Some(before) if span.start < before.end => before.end = before.end.max(span.end),
            _ => highlights.push(span),
        }
    }
    Some(Snippet { field: field.name.clone(), text: scanned[from..to].to_owned(), highlights })
}

/// The first and last match of the best run of matches that spans at most `max_bytes`.
fn best_window(found: &[(usize, usize, &str)], max_bytes: usize) -> Option<(usize, usize)> {
    let mut inside: BTreeMap<&str, usize> = BTreeMap::new();
    let mut best: Option<((usize, usize), (usize, usize))> = None;
    let mut first = 0;
    for (last, &(_, end, needle)) in found.iter().enumerate() {
        *inside.entry(needle).or_default() += 1;
        while first < last && end.saturating_sub(found[first].0) > max_bytes {
            if let Some(count) = inside.get_mut(found[first].2) {
                *count -= 1;
                if *count == 0 {
                    inside.remove(found[first].2);
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
