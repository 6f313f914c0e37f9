//! Reads rule files. Every key and value is looked at with its place in the file, so that an error can name it.

mod formula;
mod table;

use heptad_core::code::Language;
use toml::de::{DeTable, DeValue};

use self::{formula::FormulaSource, table::Table};
use super::{CompiledRule, Rule, RuleError};
use crate::{
    model::{Confidence, RuleInfo, Severity},
    pattern::{Names, Need},
};

const KEYS: [&str; 10] =
    ["id", "languages", "severity", "confidence", "cwe", "message", "explanation", "remedy", "bad", "good"];

/// Reads and compiles the rules in `text`; `file` is its name for errors and for [`RuleInfo::pack`].
///
/// # Errors
/// The first [`RuleError::File`]: text that is not TOML, keys that are unknown or missing, values of the wrong type, patterns and
/// regular expressions that cannot be compiled, ids that appear twice.
pub fn read(file: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let place = table::Place { file, text, rule: None };
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        place.error(at, format!("this is not TOML: {}", error.message()))
    })?;
    let mut rules: Vec<Rule> = Vec::new();
    for (key, value) in document.get_ref() {
        if key.get_ref() != "rule" {
            return Err(place.unknown_key(key, &["rule"]));
        }
        let DeValue::Array(tables) = value.get_ref() else {
            return Err(
                place.error(value.span().start, "`rule` is a list of tables: write `[[rule]]`".to_owned())
            );
        };
        for rule in tables.iter() {
            let table = Table::new(&place, rule, "a rule")?;
            let id = table.required("id")?.string()?;
            let place = table::Place { rule: Some(id), ..place };
            let rule = read_rule(Table::new(&place, rule, "a rule")?, id)?;
            if rules.iter().any(|known| known.info.id == id) {
                return Err(table.required("id")?.error(format!("the id `{id}` appears twice")));
            }
            rules.push(rule);
        }
    }
    Ok(rules)
}

fn read_rule(table: Table<'_>, id: &str) -> Result<Rule, RuleError> {
    let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !id.chars().all(is_id) || id.ends_with('-') {
        return Err(table
            .required("id")?
            .error(format!("`{id}` is not an id: lower-case words joined by `-`")));
    }
    table.only_keys(&[&KEYS[..], &formula::KEYS[..]].concat())?;
    let languages = languages(&table)?;
    let source = FormulaSource::read(&table)?;
    let mut compiled = Vec::new();
    for language in &languages {
        let mut names = Names::default();
        let formula = source.compile(*language, &mut names)?;
        source.check_conditions(*language)?;
        compiled.push(CompiledRule { language: *language, formula, names, need: Need::All(Vec::new()) });
    }
    let text =
        |key: &str| table.get(key).map_or(Ok(String::new()), |value| Ok(value.string()?.trim().to_owned()));
    let info = RuleInfo {
        id: id.to_owned(),
        pack: table.file().to_owned(),
        languages: languages.iter().map(|language| language.name().to_owned()).collect(),
        severity: table.required("severity")?.one_of(Severity::ALL, Severity::as_str)?,
        confidence: table.required("confidence")?.one_of(Confidence::ALL, Confidence::as_str)?,
        cwe: cwe(&table)?,
        message: table.required("message")?.string()?.trim().to_owned(),
        explanation: text("explanation")?,
        remedy: text("remedy")?,
        bad: strings(&table, "bad")?,
        good: strings(&table, "good")?,
    };
    Ok(Rule { info, compiled })
}

fn languages(table: &Table<'_>) -> Result<Vec<Language>, RuleError> {
    let mut languages = Vec::new();
    for value in table.required("languages")?.list()? {
        let name = value.string()?;
        let language = name.parse::<Language>().map_err(|error| value.error(error.message().to_owned()))?;
        languages.push(language);
        if language == Language::TypeScript {
            languages.push(Language::Tsx);
        }
    }
    languages.sort_unstable();
    languages.dedup();
    if languages.is_empty() {
        return Err(table.required("languages")?.error("a rule reads at least one language".to_owned()));
    }
    Ok(languages)
}

fn cwe(table: &Table<'_>) -> Result<Vec<String>, RuleError> {
    let Some(list) = table.get("cwe") else { return Ok(Vec::new()) };
    let read = |value: table::Value<'_>| {
        let text = value.string()?;
        let number = text.strip_prefix("CWE-").unwrap_or_default();
        if number.is_empty() || !number.bytes().all(|c| c.is_ascii_digit()) {
            return Err(value.error(format!("`{text}` is not a weakness: write it as in `CWE-78`")));
        }
        Ok(text.to_owned())
    };
    list.list()?.into_iter().map(read).collect()
}

fn strings(table: &Table<'_>, key: &str) -> Result<Vec<String>, RuleError> {
    let Some(list) = table.get(key) else { return Ok(Vec::new()) };
    list.list()?.into_iter().map(|value| value.string().map(str::to_owned)).collect()
}
