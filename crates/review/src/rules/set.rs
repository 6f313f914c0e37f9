//! Rules ready to be applied.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use heptad_core::{code::Language, suggest::closest};

use super::{CompiledRule, PACKS, Rule, RuleError, read};
use crate::{
    model::RuleInfo,
    pattern::{Literals, supported_languages},
};

/// Rules, ordered by id, with what is needed to apply them fast.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    literals: Literals,
    /// The ids of all rules there are, also those that were not chosen.
    known: BTreeSet<String>,
}

/// Which rules to take.
#[derive(Clone, Debug, Default)]
pub struct Choice<'c> {
    /// Ids (`python-eval`), beginnings of ids (`python-*`) or names of packs; empty: all.
    pub rules: &'c [String],
    /// Names of languages; empty: all.
    pub languages: &'c [String],
}

impl RuleSet {
    /// The built-in rules; compiled once in the life of a process.
    ///
    /// # Errors
    /// [`RuleError`] where a built-in rule needs a language whose grammar this build lacks.
    pub fn built_in() -> Result<Arc<Self>, RuleError> {
        static BUILT_IN: OnceLock<Result<Arc<RuleSet>, RuleError>> = OnceLock::new();
        let read_all = || {
            let mut rules = Vec::new();
            for (pack, text) in PACKS {
                rules.extend(read(pack, text)?);
            }
            RuleSet::new(rules).map(Arc::new)
        };
        BUILT_IN.get_or_init(read_all).clone()
    }

    /// These rules.
    ///
    /// # Errors
    /// [`RuleError`] where two rules have the same id.
    pub fn new(mut rules: Vec<Rule>) -> Result<Self, RuleError> {
        rules.sort_by(|a, b| a.info.id.cmp(&b.info.id));
        if let Some([first, second]) = rules.windows(2).find(|pair| pair[0].info.id == pair[1].info.id) {
            return Err(RuleError::File {
                file: second.info.pack.clone(),
                line: 1,
                rule: Some(second.info.id.clone()),
                message: format!("a rule of this id exists already in {}", first.info.pack),
            });
        }
        let mut literals = Literals::default();
        for compiled in rules.iter_mut().flat_map(|rule| &mut rule.compiled) {
            compiled.need = compiled.formula.need(&mut literals);
        }
        literals.prepare();
        let known = rules.iter().map(|rule| rule.info.id.clone()).collect();
        Ok(Self { rules, literals, known })
    }

    /// The rules of this set and `others` that are asked for.
    ///
    /// # Errors
    /// [`RuleError`] where a rule, a pack or a language that is asked for does not exist, or an id appears twice.
    pub fn choose(&self, others: Vec<Rule>, choice: &Choice<'_>) -> Result<Self, RuleError> {
        let mut rules: Vec<Rule> = self.rules.iter().cloned().chain(others).collect();
        let known = rules.iter().map(|rule| rule.info.id.clone()).collect();
        for name in choice.rules {
            if !rules.iter().any(|rule| is_named(&rule.info, name)) {
                let known = rules.iter().flat_map(|rule| [rule.info.id.as_str(), rule.info.pack.as_str()]);
                let suggestion = closest(name, known).map(str::to_owned);
                return Err(RuleError::Unknown { name: name.clone(), suggestion });
            }
        }
        if !choice.rules.is_empty() {
            rules.retain(|rule| choice.rules.iter().any(|name| is_named(&rule.info, name)));
        }
        if !choice.languages.is_empty() {
            let languages = languages(choice.languages)?;
            for rule in &mut rules {
                rule.compiled.retain(|compiled| languages.contains(&compiled.language));
            }
            rules.retain(|rule| !rule.compiled.is_empty());
        }
        Ok(Self { known, ..Self::new(rules)? })
    }

    /// The rules, ordered by id.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The documentation of the rules, ordered by id.
    pub fn infos(&self) -> Vec<RuleInfo> {
        self.rules.iter().map(|rule| rule.info.clone()).collect()
    }

    /// Whether there is a rule of this id, chosen or not.
    pub fn knows(&self, id: &str) -> bool {
        self.known.contains(id)
    }

    /// Whether a rule reads this language.
    pub fn reads(&self, language: Language) -> bool {
        self.for_language(language).next().is_some()
    }

    /// The rules that read this language, ordered by id.
    pub fn for_language(&self, language: Language) -> impl Iterator<Item = (&RuleInfo, &CompiledRule)> {
        self.rules.iter().filter_map(move |rule| {
            let compiled = rule.compiled.iter().find(|compiled| compiled.language == language)?;
            Some((&rule.info, compiled))
        })
    }

    /// The rules that can match in `text`, ordered by id: the others need words that it does not contain.
    pub fn candidates(&self, language: Language, text: &str) -> Vec<(&RuleInfo, &CompiledRule)> {
        let found = self.literals.found_in(text);
        let may = |compiled: &CompiledRule| found.as_ref().is_none_or(|found| compiled.need.holds(found));
        self.for_language(language).filter(|(_, compiled)| may(compiled)).collect()
    }
}

fn is_named(info: &RuleInfo, name: &str) -> bool {
    info.id == name
        || info.pack == name
        || name.strip_suffix('*').is_some_and(|start| info.id.starts_with(start))
}

fn languages(names: &[String]) -> Result<Vec<Language>, RuleError> {
    let mut languages = Vec::new();
    for name in names {
        let language = name.parse::<Language>();
        let language = language.map_err(|error| RuleError::Language(error.message().to_owned()))?;
        if !supported_languages().any(|known| known == language) {
            let known: Vec<_> = supported_languages().map(Language::name).collect();
            let message = format!("there are no rules for {language}; there are for {}", known.join(", "));
            return Err(RuleError::Language(message));
        }
        languages.push(language);
        if language == Language::TypeScript {
            languages.push(Language::Tsx);
        }
    }
    Ok(languages)
}
