//! What is found, and by which patterns.

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use regex::{Regex, RegexBuilder};

use super::Found;
use crate::error::{Error, Result};

/// Rules that find what must not be sent.
#[derive(Clone, Debug)]
pub struct Redaction {
    rules: Vec<Rule>,
    restore: bool,
}

#[derive(Clone, Debug)]
struct Rule {
    name: String,
    pattern: Regex,
    check: Check,
}

/// Whether what a pattern found is what it is looked for.
type Check = fn(&str) -> bool;

/// How much memory the automaton of one pattern may take.
const MAX_PATTERN_BYTES: usize = 4 << 20;

/// The longest pattern, in bytes.
const MAX_PATTERN_TEXT: usize = 2_000;

/// The built-in rules: the shapes that providers document for their keys, then what points to people. In this order, for a key may hold
/// what looks like something else.
static BUILT_IN: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let any: Check = |_| true;
    let rules: [(&str, &str, Check); 9] = [
        (
            "PRIVATE_KEY",
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
            any,
        ),
        ("API_KEY", r"\bsk-[A-Za-z0-9_-]{16,}", any),
        ("AWS_KEY", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", any),
        ("GITHUB_TOKEN", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})", any),
        ("SLACK_TOKEN", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}", any),
        ("JWT", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+", any),
        ("BEARER_TOKEN", r"(?i:\bbearer\s+)[A-Za-z0-9._~+/-]{20,}=*", any),
        ("EMAIL", r"\b[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}\b", any),
        ("CARD_NUMBER", r"\b[0-9](?:[ -]?[0-9]){12,18}\b", is_card),
    ];
    rules
        .into_iter()
        .map(|(name, pattern, check)| Rule {
            name: name.to_owned(),
            pattern: Regex::new(pattern).expect("the patterns are constants, and a test compiles them"),
            check,
        })
        .collect()
});

impl Redaction {
    /// The built-in rules: private keys, keys of providers (`sk-…`, AWS, GitHub, Slack), JSON web tokens, bearer tokens, e-mail
    /// addresses, numbers of payment cards (by their check digit).
    pub fn built_in() -> Self {
        Self { rules: BUILT_IN.clone(), restore: false }
    }

    /// No rules.
    pub fn none() -> Self {
        Self { rules: Vec::new(), restore: false }
    }

    /// Adds a rule: what `pattern` (a regular expression) finds becomes `[NAME_1]`, `[NAME_2]` …
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the name has anything but `A-Z 0-9 _`, or the pattern is malformed, too large or
    /// finds nothing at all.
    pub fn rule(mut self, name: &str, pattern: &str) -> Result<Self> {
        let shown = || crate::suggest::shortened(&name.escape_debug().to_string(), 40);
        if name.is_empty()
            || name.len() > 40
            || !name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_')
        {
            return Err(Error::invalid(format!(
                "`{}` is no name of a redaction: 1 to 40 of A-Z 0-9 _",
                shown()
            )));
        }
        if pattern.len() > MAX_PATTERN_TEXT {
            let message = format!(
                "the pattern of the redaction `{}` is malformed or too large: it has more than {MAX_PATTERN_TEXT} bytes",
                shown()
            );
            return Err(Error::invalid(message));
        }
        let pattern = RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).build();
        let pattern = pattern.map_err(|error| {
            Error::invalid(format!("the pattern of the redaction `{}` is malformed or too large", shown()))
                .because(error)
        })?;
        if pattern.is_match("") {
            return Err(Error::invalid(format!(
                "the pattern of the redaction `{}` finds the empty text",
                shown()
            )));
        }
        self.rules.push(Rule { name: name.to_owned(), pattern, check: |_| true });
        Ok(self)
    }

    /// The rules of `other` behind these.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self.restore |= other.restore;
        self
    }

    /// Puts what was taken out back into the answer, wherever the model writes a placeholder: for the caller it is as if nothing had been
    /// taken out, and the provider never saw it.
    #[must_use]
    pub fn restoring(mut self) -> Self {
        self.restore = true;
        self
    }

    pub(super) fn restores(&self) -> bool {
        self.restore
    }

    /// Where in `text` each rule finds something.
    pub(super) fn places(&self, text: &str) -> impl Iterator<Item = Range<usize>> {
        self.rules.iter().flat_map(move |rule| {
            let hits = rule.pattern.find_iter(text);
            hits.filter(|hit| (rule.check)(hit.as_str())).map(|hit| hit.range())
        })
    }

    /// `text` without what the rules find.
    pub(super) fn text<'t>(&self, text: &'t str, found: &mut Found) -> Cow<'t, str> {
        self.rules.iter().fold(Cow::Borrowed(text), |text, rule| {
            if !rule.pattern.is_match(&text) {
                return text;
            }
            let replaced = rule.pattern.replace_all(&text, |hit: &regex::Captures<'_>| {
                if (rule.check)(&hit[0]) { found.placeholder(&rule.name, &hit[0]) } else { hit[0].to_owned() }
            });
            Cow::Owned(replaced.into_owned())
        })
    }
}

/// Whether the digits end in their check digit (Luhn, ISO/IEC 7812-1).
fn is_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}
