//! Formulas as they are written: read once, compiled for each language.

use heptad_core::code::Language;
use regex::Regex;

use super::{
    super::RuleError,
    table::{Table, Value},
};
use crate::pattern::{Condition, Formula, Names, Pattern, Term};

pub(super) const KEYS: [&str; 8] =
    ["pattern", "any", "all", "not", "inside", "not_inside", "where", "where_not"];

/// The deepest formula, in levels.
const MAX_DEPTH: usize = 20;

/// A formula that has not been compiled.
pub(super) struct FormulaSource<'f> {
    term: TermSource<'f>,
    not: Vec<FormulaSource<'f>>,
    inside: Vec<FormulaSource<'f>>,
    not_inside: Vec<FormulaSource<'f>>,
    conditions: Vec<(&'f str, Regex, bool, Value<'f>)>,
}

enum TermSource<'f> {
    Pattern(Value<'f>),
    All(Vec<FormulaSource<'f>>),
    Any(Vec<FormulaSource<'f>>),
}

impl<'f> FormulaSource<'f> {
    /// Reads the keys of a formula; other keys are the caller's.
    pub(super) fn read(table: &Table<'f>) -> Result<Self, RuleError> {
        Self::read_at(table, 0)
    }

    fn read_at(table: &Table<'f>, depth: usize) -> Result<Self, RuleError> {
        if depth > MAX_DEPTH {
            return Err(table.error(format!("formulas nest at most {MAX_DEPTH} levels deep")));
        }
        let terms: Vec<_> = ["pattern", "any", "all"].into_iter().filter_map(|key| table.get(key)).collect();
        let list = |key: &str| table.get(key).map_or(Ok(Vec::new()), |value| Self::list(&value, depth));
        let term = match (&terms[..], table.get("pattern"), table.get("any")) {
            ([value], Some(_), _) => {
                value.string()?;
                TermSource::Pattern(*value)
            }
            ([value], None, Some(_)) => TermSource::Any(Self::list_of_some(value, depth)?),
            ([value], None, None) => TermSource::All(Self::list_of_some(value, depth)?),
            _ => {
                return Err(table.error("a formula has exactly one of `pattern`, `any` and `all`".to_owned()));
            }
        };
        let mut conditions = Vec::new();
        for (key, found) in [("where", true), ("where_not", false)] {
            let Some(value) = table.get(key) else { continue };
            for (name, value) in value.table()?.entries() {
                let regex = Regex::new(value.string()?);
                let regex = regex
                    .map_err(|error| value.error(format!("this is not a regular expression: {error}")))?;
                conditions.push((name.strip_prefix('$').unwrap_or(name), regex, found, value));
            }
        }
        let (not, inside, not_inside) = (list("not")?, list("inside")?, list("not_inside")?);
        Ok(Self { term, not, inside, not_inside, conditions })
    }

    fn list(value: &Value<'f>, depth: usize) -> Result<Vec<Self>, RuleError> {
        let read = |value: Value<'f>| {
            if value.is_string() {
                let term = TermSource::Pattern(value);
                let (not, inside, not_inside) = (Vec::new(), Vec::new(), Vec::new());
                return Ok(Self { term, not, inside, not_inside, conditions: Vec::new() });
            }
            let table = value.table()?;
            table.only_keys(&KEYS)?;
            Self::read_at(&table, depth + 1)
        };
        value.list()?.into_iter().map(read).collect()
    }

    fn list_of_some(value: &Value<'f>, depth: usize) -> Result<Vec<Self>, RuleError> {
        let list = Self::list(value, depth)?;
        if list.is_empty() { Err(value.error("the list is empty".to_owned())) } else { Ok(list) }
    }

    /// Compiles it for one language.
    pub(super) fn compile(&self, language: Language, names: &mut Names) -> Result<Formula, RuleError> {
        let all = |sources: &[Self], names: &mut Names| -> Result<Vec<Formula>, RuleError> {
            sources.iter().map(|source| source.compile(language, names)).collect()
        };
        let term = match &self.term {
            TermSource::Pattern(value) => {
                let pattern = Pattern::compile(language, value.string()?, names);
                Term::Pattern(pattern.map_err(|error| value.error(error.to_string()))?)
            }
            TermSource::All(sources) => Term::All(all(sources, names)?),
            TermSource::Any(sources) => Term::Any(all(sources, names)?),
        };
        let (not, inside) = (all(&self.not, names)?, all(&self.inside, names)?);
        let not_inside = all(&self.not_inside, names)?;
        let conditions = self.conditions.iter().map(|(name, regex, found, _)| Condition {
            name: names.intern(name),
            regex: regex.clone(),
            found: *found,
        });
        let conditions = conditions.collect();
        Ok(Formula { term, not, inside, not_inside, conditions })
    }

    /// The names that its own patterns bind: those of what must match.
    fn bound(&self, names: &mut Names, language: Language) -> Result<(), RuleError> {
        let positive: &[Self] = match &self.term {
            TermSource::Pattern(value) => {
                // The pattern has been compiled before, so it compiles.
                Pattern::compile(language, value.string()?, names)
                    .map_err(|error| value.error(error.to_string()))?;
                &[]
            }
            TermSource::All(sources) | TermSource::Any(sources) => sources,
        };
        positive.iter().chain(&self.inside).try_for_each(|source| source.bound(names, language))
    }

    /// Refuses conditions on metavariables that no pattern of the formula has.
    pub(super) fn check_conditions(&self, language: Language) -> Result<(), RuleError> {
        let mut names = Names::default();
        self.bound(&mut names, language)?;
        for (name, _, _, value) in &self.conditions {
            if names.get(name).is_none() {
                let known: Vec<_> = names.iter().map(|name| format!("`${name}`")).collect();
                let message = format!("no pattern here has `${name}`; they have {}", known.join(", "));
                return Err(value.error(message));
            }
        }
        let nested: &[Self] = match &self.term {
            TermSource::Pattern(_) => &[],
            TermSource::All(sources) | TermSource::Any(sources) => sources,
        };
        let parts = nested.iter().chain(&self.not).chain(&self.inside).chain(&self.not_inside);
        parts.into_iter().try_for_each(|source| source.check_conditions(language))
    }
}
