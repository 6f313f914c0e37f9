//! How byte-pair tokenizers split text into words before they merge: one rule for each family, by the name that GGUF files have for it.
//!
//! The patterns are those of the families' `tokenizer.json`. Theirs end in `\s+(?!\S)|\s+`: of a run of spaces before a word the last one is left for the
//! word. That look-ahead is done here in code, so that the patterns are regular and matching takes linear time.

use regex::Regex;

use crate::error::{Error, Result};

/// A family's rule.
struct Rule {
    names: &'static [&'static str],
    /// Each splits what the one before left.
    patterns: &'static [&'static str],
    /// A run of spaces that ends in a line break stays whole.
    lines: bool,
    /// Text is brought to normalisation form C first.
    composed: bool,
    /// A word that is a token is that token, whatever the merges say.
    whole_words: bool,
    /// Documents begin with `bos` where the file does not say.
    bos: bool,
}

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+";
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+";
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+";

const RULES: &[Rule] = &[
    rule(&["gpt-2", "gpt2"], &[GPT2], false),
    rule(&["smollm"], &[r"\p{N}", GPT2], false),
    Rule { whole_words: true, bos: true, ..rule(&["llama-bpe", "llama3", "llama-v3"], &[LLAMA3], true) },
    Rule { composed: true, ..rule(&["qwen2"], &[QWEN2], true) },
    rule(&["deepseek-r1-qwen"], &[QWEN2], true),
    rule(&["gpt-4o"], &[GPT4O], true),
];

const fn rule(names: &'static [&'static str], patterns: &'static [&'static str], lines: bool) -> Rule {
    Rule { names, patterns, lines, composed: false, whole_words: false, bos: false }
}

/// A rule made ready.
pub(super) struct Split {
    rule: &'static Rule,
    patterns: Vec<Regex>,
}

impl Split {
    pub(super) fn named(name: &str) -> Result<Self> {
        let Some(rule) = RULES.iter().find(|rule| rule.names.contains(&name)) else {
            let known: Vec<_> = RULES.iter().map(|rule| format!("`{}`", rule.names[0])).collect();
            let shown: String = name.chars().take(60).flat_map(char::escape_debug).collect();
            return Err(Error::Unsupported(format!(
                "`tokenizer.ggml.pre` is `{shown}`, a rule for splitting text that is not known; known are {}",
                known.join(", ")
            )));
        };
        let compile =
            |pattern: &&str| Regex::new(pattern).expect("the patterns are constants that a test compiles");
        Ok(Self { rule, patterns: rule.patterns.iter().map(compile).collect() })
    }

    /// Text is brought to normalisation form C first.
    pub(super) fn composed(&self) -> bool {
        self.rule.composed
    }

    /// A word that is a token is that token.
    pub(super) fn whole_words(&self) -> bool {
        self.rule.whole_words
    }

    /// Documents begin with `bos` where the file does not say.
    pub(super) fn bos(&self) -> bool {
        self.rule.bos
    }

    /// Calls `word` with each word, in order; together they are the text.
    pub(super) fn words(&self, text: &str, word: &mut dyn FnMut(&str)) {
        self.stage(0, text, word);
    }

    fn stage(&self, stage: usize, text: &str, word: &mut dyn FnMut(&str)) {
        let Some(pattern) = self.patterns.get(stage) else { return word(text) };
        let last = stage + 1 == self.patterns.len();
        let mut from = 0;
        while let Some(found) = pattern.find_at(text, from) {
            if found.start() > from {
                self.stage(stage + 1, &text[from..found.start()], word);
            }
            let kept = if last {
                found.len() - self.left_over(found.as_str(), found.end() < text.len())
            } else {
                found.len()
            };
            from = found.start() + kept;
            self.stage(stage + 1, &text[found.start()..from], word);
        }
        if from < text.len() {
            self.stage(stage + 1, &text[from..], word);
        }
    }

    /// How many bytes of a run of spaces are left for the word behind it: `\s+(?!\S)`.
    fn left_over(&self, found: &str, more: bool) -> usize {
        let Some(end) = found.chars().next_back().filter(|c| more && c.is_whitespace()) else { return 0 };
        let stays = self.rule.lines && matches!(end, '\r' | '\n');
        let alone = end.len_utf8() == found.len();
        if stays || alone || !found.chars().all(char::is_whitespace) { 0 } else { end.len_utf8() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        Split::named(name).unwrap().words(text, &mut |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn every_rule_compiles() {
        for name in RULES.iter().flat_map(|rule| rule.names) {
            assert_eq!(words(name, "a").len(), 1);
        }
    }

    #[test]
    fn the_last_space_belongs_to_the_word() {
        assert_eq!(words("gpt2", "a   b\n\nc  "), ["a", "  ", " b", "\n", "\n", "c", "  "]);
        assert_eq!(words("qwen2", "a   b\n\nc \n x  "), ["a", "  ", " b", "\n\n", "c", " \n", " x", "  "]);
    }

    #[test]
    fn digits_stand_as_the_family_has_it() {
        assert_eq!(words("gpt2", "12345"), ["12345"]);
        assert_eq!(words("llama-bpe", "12345"), ["123", "45"]);
        assert_eq!(words("qwen2", "123"), ["1", "2", "3"]);
        assert_eq!(words("smollm", "a 12 b"), ["a", " ", "1", "2", " b"]);
    }

    #[test]
    fn an_unknown_rule_is_refused_with_those_that_are_known() {
        let error = Split::named("klingon").map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("`klingon`") && error.contains("`llama-bpe`"), "{error}");
    }
}
