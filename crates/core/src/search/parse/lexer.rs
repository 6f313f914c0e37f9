//! Cuts a user's line into lexemes.

use std::{collections::VecDeque, ops::Bound};

use crate::error::{Error, Result};

/// The most lexemes of a line.
const MAX_LEXEMES: usize = 4096;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Lexeme {
    Open,
    Close,
    Plus,
    Not,
    And,
    Or,
    Star,
    Field(String),
    Word(String),
    Prefix(String),
    Phrase { text: String, slop: u32 },
    Range { lower: Bound<String>, upper: Bound<String> },
}

impl Lexeme {
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Open => "`(`",
            Self::Close => "`)`",
            Self::Plus => "`+`",
            Self::Not => "`NOT`",
            Self::And => "`AND`",
            Self::Or => "`OR`",
            Self::Star => "`*`",
            Self::Field(_) => "a field",
            Self::Word(_) | Self::Prefix(_) => "a word",
            Self::Phrase { .. } => "a phrase",
            Self::Range { .. } => "a range",
        }
    }
}

/// The lexemes of a line with the bytes they begin at.
pub(super) struct Lexer<'a> {
    line: &'a str,
    lexemes: VecDeque<(usize, Lexeme)>,
    before: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(line: &'a str) -> Result<Self> {
        let mut scanner = Scanner { line, at: 0 };
        let mut lexemes = VecDeque::new();
        while let Some(lexeme) = scanner.lexeme()? {
            if lexemes.len() == MAX_LEXEMES {
                return Err(scanner.error(lexeme.0, "the query has too many words here"));
            }
            lexemes.push_back(lexeme);
        }
        Ok(Self { line, lexemes, before: 0 })
    }

    pub(super) fn peek(&self) -> Option<&Lexeme> {
        self.lexemes.front().map(|(_, lexeme)| lexeme)
    }

    pub(super) fn next(&mut self) -> Option<Lexeme> {
        let (at, lexeme) = self.lexemes.pop_front()?;
        self.before = at;
        Some(lexeme)
    }

    pub(super) fn take(&mut self, wanted: &Lexeme) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    /// Where the last lexeme taken begins.
    pub(super) fn before(&self) -> usize {
        self.before
    }

    pub(super) fn error_before(&self, message: impl Into<String>) -> Error {
        self.error_at(self.before, message)
    }

    pub(super) fn error_at(&self, at: usize, message: impl Into<String>) -> Error {
        error(self.line, at, message)
    }
}

fn error(line: &str, at: usize, message: impl Into<String>) -> Error {
    let character = line[..at].chars().count() + 1;
    let shown: String = line[at..].chars().take(20).collect();
    Error::invalid(format!(
        "the query is malformed at character {character}, `{}`: {}",
        shown.escape_debug(),
        message.into()
    ))
}

struct Scanner<'a> {
    line: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn lexeme(&mut self) -> Result<Option<(usize, Lexeme)>> {
        self.skip_space();
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        let next = self.line[start + first.len_utf8()..].chars().next();
        let prefixes = next.is_some_and(|c| !c.is_whitespace() && c != ')');
        let lexeme = match first {
            '(' => self.single(Lexeme::Open),
            ')' => self.single(Lexeme::Close),
            '+' if prefixes => self.single(Lexeme::Plus),
            '-' if prefixes => self.single(Lexeme::Not),
            '*' if !prefixes => self.single(Lexeme::Star),
            '"' => self.phrase()?,
            '[' | '{' => self.range()?,
            ']' | '}' => {
                return Err(self.error(start, "this closes nothing; put it in quotes to search for it"));
            }
            _ => self.word()?,
        };
        Ok(Some((start, lexeme)))
    }

    fn single(&mut self, lexeme: Lexeme) -> Lexeme {
        self.at += 1;
        lexeme
    }

    fn peek(&self) -> Option<char> {
        self.line[self.at..].chars().next()
    }

    fn skip_space(&mut self) {
        while let Some(c) = self.peek().filter(|c| c.is_whitespace()) {
            self.at += c.len_utf8();
        }
    }

    fn error(&self, at: usize, message: &str) -> Error {
        error(self.line, at, message)
    }

    /// Characters up to one of `ends` or space, with escapes resolved; and whether any was escaped.
    fn bare(&mut self, ends: &[char]) -> Result<(String, bool)> {
        let (mut text, mut escaped) = (String::new(), false);
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace() && !ends.contains(c)) {
            self.at += c.len_utf8();
            text.push(if c == '\\' { self.escaped()? } else { c });
            escaped |= c == '\\';
        }
        Ok((text, escaped))
    }

    fn escaped(&mut self) -> Result<char> {
        let c = self.peek().ok_or_else(|| self.error(self.at - 1, "`\\` has nothing behind it"))?;
        self.at += c.len_utf8();
        Ok(c)
    }

    fn word(&mut self) -> Result<Lexeme> {
        const ENDS: [char; 9] = ['(', ')', '"', '[', ']', '{', '}', '*', ':'];
        let start = self.at;
        let (mut text, mut escaped) = self.bare(&ENDS)?;
        loop {
            match self.peek() {
                // `std::fs` and `a:` are words, `field:value` is a field.
                Some(':') => {
                    let rest = &self.line[self.at + 1..];
                    let names = is_field_name(&text) && !escaped;
                    let double = rest.starts_with(':') || self.line[..self.at].ends_with(':');
                    if names && !double && rest.chars().next().is_some_and(|c| !c.is_whitespace() && c != ')')
                    {
                        self.at += 1;
                        return Ok(Lexeme::Field(text));
                    }
                    self.at += 1;
                    text.push(':');
                    let (more, more_escaped) = self.bare(&ENDS)?;
                    text.push_str(&more);
                    escaped |= more_escaped;
                }
                Some('*') => {
                    let star = self.at;
                    self.at += 1;
                    if text.is_empty() || self.peek().is_some_and(|c| !c.is_whitespace() && c != ')') {
                        return Err(self.error(
                            star,
                            "`*` stands alone or at the end of a word; wildcards elsewhere are not supported",
                        ));
                    }
                    return Ok(Lexeme::Prefix(text));
                }
                _ => break,
            }
        }
        debug_assert!(self.at > start, "a word has at least one character");
        Ok(match text.as_str() {
            "AND" | "&&" if !escaped => Lexeme::And,
            "OR" | "||" if !escaped => Lexeme::Or,
            "NOT" if !escaped => Lexeme::Not,
            _ => Lexeme::Word(text),
        })
    }

    fn phrase(&mut self) -> Result<Lexeme> {
        let start = self.at;
        let text = self.quoted()?;
        let mut slop = 0;
        if self.peek() == Some('~') {
            let digits = self.line[self.at + 1..].chars().take_while(char::is_ascii_digit).count();
            let number = &self.line[self.at + 1..self.at + 1 + digits];
            slop = number.parse().map_err(|_| self.error(start, "behind `~` comes a small number"))?;
            self.at += 1 + digits;
        }
        Ok(Lexeme::Phrase { text, slop })
    }

    fn quoted(&mut self) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped()?),
                _ => text.push(c),
            }
        }
        Err(self.error(start, "the quote is never closed"))
    }

    fn range(&mut self) -> Result<Lexeme> {
        let start = self.at;
        let malformed = |scanner: &Self| {
            scanner
                .error(start, "a range is `[low TO high]`, with `{` `}` to exclude a bound and `*` for none")
        };
        let include_lower = self.peek() == Some('[');
        self.at += 1;
        let lower = self.bound()?.ok_or_else(|| malformed(self))?;
        self.skip_space();
        if self.bare(&[']', '}'])?.0 != "TO" {
            return Err(malformed(self));
        }
        let upper = self.bound()?.ok_or_else(|| malformed(self))?;
        self.skip_space();
        let include_upper = match self.peek() {
            Some(']') => true,
            Some('}') => false,
            _ => return Err(malformed(self)),
        };
        self.at += 1;
        Ok(Lexeme::Range { lower: bound(lower, include_lower), upper: bound(upper, include_upper) })
    }

    /// A bound of a range; `None` where there is none.
    fn bound(&mut self) -> Result<Option<String>> {
        self.skip_space();
        let text = if self.peek() == Some('"') { self.quoted()? } else { self.bare(&[']', '}', '"'])?.0 };
        Ok((!text.is_empty()).then_some(text))
    }
}

fn bound(value: String, included: bool) -> Bound<String> {
    match (value.as_str(), included) {
        ("*", _) => Bound::Unbounded,
        (_, true) => Bound::Included(value),
        (_, false) => Bound::Excluded(value),
    }
}

fn is_field_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
