//! TOML values that know where they stand.

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use heptad_core::suggest::closest;

use super::super::RuleError;

/// What is being read: for errors.
#[derive(Clone, Copy)]
pub(super) struct Place<'f> {
    pub(super) file: &'f str,
    pub(super) text: &'f str,
    pub(super) rule: Option<&'f str>,
}

impl Place<'_> {
    /// An error at byte `at`.
    pub(super) fn error(&self, at: usize, message: String) -> RuleError {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        RuleError::File { file: self.file.to_owned(), line, rule: self.rule.map(str::to_owned), message }
    }

    /// The error of a key that is none of `known`.
    pub(super) fn unknown_key(&self, key: &Spanned<DeString<'_>>, known: &[&str]) -> RuleError {
        let name = key.get_ref();
        let hint = match closest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.join(", ")),
        };
        self.error(key.span().start, format!("`{name}` is not a key here; {hint}"))
    }
}

/// A table and its place.
#[derive(Clone, Copy)]
pub(super) struct Table<'f> {
    place: &'f Place<'f>,
    table: &'f DeTable<'f>,
    at: usize,
}

impl<'f> Table<'f> {
    /// The table that `value` is; `what` says what it should have been.
    pub(super) fn new(
        place: &'f Place<'f>,
        value: &'f Spanned<DeValue<'f>>,
        what: &str,
    ) -> Result<Self, RuleError> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(Self { place, table, at: value.span().start }),
            other => Err(place.error(value.span().start, format!("{what} is a table, not {}", kind(other)))),
        }
    }

    pub(super) fn file(&self) -> &'f str {
        self.place.file
    }

    pub(super) fn error(&self, message: String) -> RuleError {
        self.place.error(self.at, message)
    }

    /// Refuses keys that are none of `known`.
    pub(super) fn only_keys(&self, known: &[&str]) -> Result<(), RuleError> {
        match self.table.keys().find(|key| !known.contains(&key.get_ref().as_ref())) {
            Some(key) => Err(self.place.unknown_key(key, known)),
            None => Ok(()),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Value<'f>> {
        self.entries().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    pub(super) fn required(&self, key: &'static str) -> Result<Value<'f>, RuleError> {
        self.get(key).ok_or_else(|| self.error(format!("the key `{key}` is missing")))
    }

    /// Keys and values.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'f str, Value<'f>)> + use<'f> {
        let place = self.place;
        self.table.iter().map(move |(key, value)| {
            let key: &str = key.get_ref();
            (key, Value { place, key, value })
        })
    }
}

/// A value, its key and its place.
#[derive(Clone, Copy)]
pub(super) struct Value<'f> {
    place: &'f Place<'f>,
    key: &'f str,
    value: &'f Spanned<DeValue<'f>>,
}

impl<'f> Value<'f> {
    pub(super) fn error(&self, message: String) -> RuleError {
        self.place.error(self.value.span().start, format!("`{}`: {message}", self.key))
    }

    pub(super) fn string(&self) -> Result<&'f str, RuleError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text),
            other => Err(self.error(format!("this is a string, not {}", kind(other)))),
        }
    }

    /// The entries of a list.
    pub(super) fn list(&self) -> Result<Vec<Self>, RuleError> {
        match self.value.get_ref() {
            DeValue::Array(values) => Ok(values.iter().map(|value| Self { value, ..*self }).collect()),
            other => Err(self.error(format!("this is a list, not {}: write `[…]`", kind(other)))),
        }
    }

    pub(super) fn table(&self) -> Result<Table<'f>, RuleError> {
        Table::new(self.place, self.value, &format!("`{}`", self.key))
    }

    pub(super) fn is_string(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::String(_))
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy, const N: usize>(
        &self,
        all: [T; N],
        name: fn(T) -> &'static str,
    ) -> Result<T, RuleError> {
        let word = self.string()?;
        all.into_iter().find(|value| name(*value) == word).ok_or_else(|| {
            let known = all.map(name).join(", ");
            self.error(format!("`{word}` is none of {known}"))
        })
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
