//! Holes: what a pattern says that the language cannot.
//!
//! Before a pattern is parsed with the grammar of its language, its holes are written as names that every grammar accepts; in the tree
//! they are recognised by those names. A name of the code under review never passes through here, so the words need not be secret.

use super::{Grammar, Name, Names};

const GAP: &str = "HEPTAD_GAP";
const HOLE: &str = "HEPTAD_HOLE_";
const GAP_HOLE: &str = "HEPTAD_GAPS_";

/// A hole, as it is recognised in the tree of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hole<'p> {
    /// `...`
    Gap,
    /// `$...NAME`
    NamedGap(&'p str),
    /// `$NAME`
    One(&'p str),
}

impl<'p> Hole<'p> {
    /// The hole that `text` stands for.
    pub(super) fn of(text: &'p str) -> Option<Self> {
        let text = text.trim_end_matches(';');
        if text.strip_prefix("**").unwrap_or(text) == GAP {
            return Some(Self::Gap);
        }
        let name = |prefix| text.strip_prefix(prefix).filter(|name| is_name(name));
        name(GAP_HOLE).map(Self::NamedGap).or_else(|| name(HOLE).map(Self::One))
    }

    /// Whether `text` contains a hole: such text cannot be compared as it is.
    pub(super) fn within(text: &str) -> bool {
        text.contains("HEPTAD_GAP") || text.contains(HOLE)
    }
}

/// Whether `name` can be written behind a `$`: capitals, digits and `_`, not beginning with a digit.
pub(super) fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|c| c.is_ascii_uppercase() || c == b'_');
    first && name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_')
}

/// Writes the holes of `pattern` as names that the grammar accepts, and makes their names known.
pub(super) fn write_holes(pattern: &str, grammar: &Grammar, names: &mut Names) -> String {
    let mut out = String::with_capacity(pattern.len() + 64);
    let mut brackets = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some((prefix, name, length)) = metavariable(rest) {
            let _: Name = names.intern(name);
            out.push_str(prefix);
            out.push_str(name);
            rest = &rest[length..];
            continue;
        }
        if let Some(after) = rest.strip_prefix("...").filter(|after| !is_spread(after, grammar)) {
            let innermost = brackets.last();
            if grammar.splat_in_braces && innermost == Some(&'{') && !is_quoted(&out) {
                out.push_str("**");
            }
            let statement = matches!(innermost, None | Some('{')) && ends_line(&out, after);
            out.push_str(GAP);
            if grammar.semicolons && statement {
                out.push(';');
            }
            rest = after;
            continue;
        }
        match c {
            '(' | '[' | '{' => brackets.push(c),
            ')' | ']' | '}' => drop(brackets.pop()),
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// The metavariable that `text` begins with: its prefix in the tree, its name, and its length in bytes.
fn metavariable(text: &str) -> Option<(&'static str, &str, usize)> {
    let after = text.strip_prefix('$')?;
    let (prefix, after) = after.strip_prefix("...").map_or((HOLE, after), |after| (GAP_HOLE, after));
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    let name = &after[..end];
    is_name(name).then(|| (prefix, name, text.len() - after.len() + end))
}

/// Whether `...` before `after` is JavaScript's spread: something follows it at once.
fn is_spread(after: &str, grammar: &Grammar) -> bool {
    let next = after.chars().next();
    grammar.semicolons
        && !after.starts_with("${")
        && next.is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '$' | '[' | '('))
}

/// Whether the text so far stops right behind an opening quote: `{"...": 1}` has a string in its braces, not a gap.
fn is_quoted(before: &str) -> bool {
    before.ends_with(['"', '\'', '`'])
}

/// Whether a gap between `before` and `after` is a statement of its own: it has a line to itself and is no element of a list.
fn ends_line(before: &str, after: &str) -> bool {
    let line_ends = after.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
    let last = before.trim_end().chars().next_back();
    let next = after.trim_start().chars().next();
    line_ends && !matches!(last, Some(',' | ':')) && !matches!(next, None | Some(',' | ')' | ']'))
}

#[cfg(test)]
mod tests {
    use heptad_core::code::Language;

    use super::{super::Names, *};

    #[test]
    fn holes_are_written_as_the_grammar_accepts_them() {
        let cases = [
            (Language::Python, "f($X, ...)", "f(HEPTAD_HOLE_X, HEPTAD_GAP)"),
            (Language::Python, "f($...ARGS)", "f(HEPTAD_GAPS_ARGS)"),
            (Language::Python, "{..., 'a': '...'}", "{**HEPTAD_GAP, 'a': 'HEPTAD_GAP'}"),
            (Language::JavaScript, "f(...rest)", "f(...rest)"),
            (Language::JavaScript, "f(...$X)", "f(...HEPTAD_HOLE_X)"),
            (Language::JavaScript, "`...${$X}...`", "`HEPTAD_GAP${HEPTAD_HOLE_X}HEPTAD_GAP`"),
            (Language::JavaScript, "$(x, $el)", "$(x, $el)"),
            (Language::JavaScript, "a()\n...\nb()", "a()\nHEPTAD_GAP;\nb()"),
            (Language::JavaScript, "{a: 1,\n...\n}", "{a: 1,\nHEPTAD_GAP\n}"),
        ];
        for (language, pattern, written) in cases {
            let grammar = Grammar::of(language).expect("a supported language");
            assert_eq!(write_holes(pattern, grammar, &mut Names::default()), written);
        }
    }
}
