//! What a file must contain for a rule to match: looked for in the text, before it is parsed.

use std::collections::BTreeMap;

use regex::RegexSet;

/// A condition on the words of a text. Sound: where it does not hold, the rule cannot match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// All of these. Of nothing: always holds.
    All(Vec<Need>),
    /// One of these. Of nothing: never holds.
    Any(Vec<Need>),
    /// This word, by its number in [`Literals`].
    Word(usize),
}

/// The words of all rules, looked for in one pass.
#[derive(Clone, Debug, Default)]
pub struct Literals {
    words: BTreeMap<String, usize>,
    set: Option<RegexSet>,
}

impl Literals {
    /// The number of `word`, which becomes known.
    pub fn intern(&mut self, word: &str) -> usize {
        let next = self.words.len();
        *self.words.entry(word.to_owned()).or_insert(next)
    }

    /// Makes the search ready; words that become known later are not looked for.
    pub fn prepare(&mut self) {
        let mut words: Vec<_> = self.words.iter().collect();
        words.sort_unstable_by_key(|(_, number)| **number);
        let patterns = words.iter().map(|(word, _)| regex::escape(word));
        // Too many words for one automaton: then nothing is ruled out, which is slow and right.
        self.set = RegexSet::new(patterns).ok();
    }

    /// Which words `text` contains, by number; `None`: not known.
    pub fn found_in(&self, text: &str) -> Option<Vec<bool>> {
        let set = self.set.as_ref()?;
        let mut found = vec![false; set.len()];
        set.matches(text).iter().for_each(|number| found[number] = true);
        Some(found)
    }
}

impl Need {
    /// Whether it holds in a text that contains these words.
    pub fn holds(&self, found: &[bool]) -> bool {
        match self {
            Self::All(needs) => needs.iter().all(|need| need.holds(found)),
            Self::Any(needs) => needs.iter().any(|need| need.holds(found)),
            Self::Word(number) => found.get(*number).copied().unwrap_or(true),
        }
    }
}
