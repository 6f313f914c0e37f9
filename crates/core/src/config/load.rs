//! The three layers, put on top of each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    fmt::Display,
    path::{Path, PathBuf},
};

use super::{
    Config, Source, file,
    key::{Declaration, KEYS, Key},
    value::{Setting, Value},
};
use crate::{
    error::{Error, ErrorKind, Result},
    suggest::{did_you_mean, shortened},
};

/// What the environment variables of all keys begin with.
pub(super) const PREFIX: &str = "HEPTAD_";

/// Names the configuration file; no key, for it says where the keys are.
const FILE_VARIABLE: &str = "HEPTAD_CONFIG";

/// Variables with the prefix that are not ours to judge: they steer the project's own tests, whose children open platforms.
fn steers_tests(name: &str) -> bool {
    ["HEPTAD_DATA", "HEPTAD_NOT_RUN"].contains(&name) || name.starts_with("HEPTAD_CRASH_")
}

/// The most problems that one error reports.
const MAX_PROBLEMS: usize = 20;

/// What [`Config::load`] puts together. The environment is passed in, so that loading depends on nothing else.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    file: Option<File>,
    environment: Vec<(String, OsString)>,
    overrides: Vec<(String, OsString)>,
    keys: Vec<&'static Declaration>,
}

#[derive(Clone, Debug)]
enum File {
    OnDisk(PathBuf),
    Text(String, String),
}

impl LoadOptions {
    /// No file, no environment, the keys of the kernel.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads this file, which must exist.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(File::OnDisk(path.into()));
        self
    }

    /// Takes `text` for the file; `name` is what errors call it.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.file = Some(File::Text(name.into(), text.into()));
        self
    }

    /// Takes these variables for the environment, as [`std::env::vars_os`] gives them. Those that do not begin with `HEPTAD_` are passed
    /// over, as are `HEPTAD_DATA`, `HEPTAD_NOT_RUN` and `HEPTAD_CRASH_*`, which steer tests; an empty one counts as not set. `HEPTAD_CONFIG` names the file where [`file`](Self::file) was not called.
    #[must_use]
    pub fn environment<N, V>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let named = variables.into_iter().filter_map(|(name, value)| {
            let (name, value) = (name.into().into_string().ok()?, value.into());
            let ours = name.starts_with(PREFIX) && !steers_tests(&name);
            (ours && !value.is_empty()).then_some((name, value))
        });
        self.environment.extend(named);
        self
    }

    /// Sets a key by name, above file and environment.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Display) -> Self {
        self.overrides.push((key.into(), value.to_string().into()));
        self
    }

    /// Sets `key`, above file and environment.
    #[must_use]
    pub fn with<T: Setting>(self, key: &Key<T>, value: impl Display) -> Self {
        self.set(key.declaration().name, value)
    }

    /// Sets `key` to a path, which need not be UTF-8, above file and environment.
    #[must_use]
    pub fn path<T: Setting>(mut self, key: &Key<T>, path: impl Into<PathBuf>) -> Self {
        self.overrides.push((key.declaration().name.to_owned(), path.into().into()));
        self
    }

    /// Adds the keys of a system.
    #[must_use]
    pub fn keys(mut self, keys: &[&'static Declaration]) -> Self {
        self.keys.extend(keys);
        self
    }

    pub(super) fn resolve(self) -> Result<Config> {
        let declarations = sorted(KEYS.iter().copied().chain(self.keys.iter().copied()).collect());
        let mut layers = Layers { known: &declarations, set: BTreeMap::new(), problems: Vec::new() };
        let named = self.environment.iter().rev().find(|(name, _)| name == FILE_VARIABLE);
        let file = self.file.or_else(|| named.map(|(_, path)| File::OnDisk(path.into())));
        match file {
            Some(File::OnDisk(path)) => layers.file(&path.display().to_string(), &read(&path)?),
            Some(File::Text(name, text)) => layers.file(&name, &text),
            None => {}
        }
        layers.environment(&self.environment);
        layers.overrides(&self.overrides);
        let Layers { set, problems, .. } = layers;
        refuse(problems)?;
        Ok(Config { declarations, set })
    }
}

/// By name, each once.
pub(super) fn sorted(mut declarations: Vec<&'static Declaration>) -> Vec<&'static Declaration> {
    let mut seen = BTreeSet::new();
    declarations.retain(|declaration| seen.insert(declaration.name));
    declarations.sort_by_key(|declaration| declaration.name);
    declarations
}

/// What is set so far; a later layer replaces an earlier one, and is checked even where it is replaced.
struct Layers<'a> {
    known: &'a [&'static Declaration],
    set: BTreeMap<&'static str, (Value, Source)>,
    problems: Vec<Problem>,
}

impl Layers<'_> {
    fn file(&mut self, path: &str, text: &str) {
        let file::Parsed { set, problems } = file::parse(path, text, self.known);
        self.problems.extend(problems);
        for (declaration, value, line) in set {
            self.set.insert(declaration.name, (value, Source::File { path: path.to_owned(), line }));
        }
    }

    fn environment(&mut self, variables: &[(String, OsString)]) {
        let mut long = Vec::new();
        for (variable, text) in variables.iter().filter(|(name, _)| name != FILE_VARIABLE) {
            let source = Source::Environment { variable: variable.clone() };
            if let Some(declaration) = self.known.iter().find(|key| key.variable() == *variable) {
                long.push((*declaration, text, source));
            } else if let Some(declaration) =
                self.known.iter().find(|key| key.short_variable == Some(variable))
            {
                self.value(declaration, text, source);
            } else {
                self.unknown_variable(variable);
            }
        }
        for (declaration, text, source) in long {
            self.value(declaration, text, source);
        }
    }

    fn unknown_variable(&mut self, variable: &str) {
        let names: Vec<String> = self.known.iter().map(|declaration| declaration.variable()).collect();
        let short = self.known.iter().filter_map(|declaration| declaration.short_variable);
        let hint = did_you_mean(variable, names.iter().map(String::as_str).chain(short));
        let variable = shortened(variable, 60);
        self.problems.push(Problem(format!("the environment variable `{variable}` sets no key{hint}")));
    }

    fn overrides(&mut self, overrides: &[(String, OsString)]) {
        for (name, text) in overrides {
            match self.known.iter().find(|declaration| declaration.name == name).copied() {
                Some(declaration) => self.value(declaration, text, Source::Builder),
                None => self.problems.push(unknown(name, "the builder", self.known)),
            }
        }
    }

    fn value(&mut self, declaration: &'static Declaration, value: &OsStr, source: Source) {
        match declaration.kind.parse_os(value) {
            Ok(value) => {
                self.set.insert(declaration.name, (value, source));
            }
            Err(expected) => {
                let shown = if declaration.secret {
                    "***".to_owned()
                } else {
                    shortened(&value.to_string_lossy().escape_debug().to_string(), 60)
                };
                let place = match &source {
                    Source::Builder => "the builder".to_owned(),
                    other => other.to_string(),
                };
                self.problems
                    .push(Problem(format!("`{}` in {place} is `{shown}`; {expected}", declaration.name)));
            }
        }
    }
}

/// A line of the error.
pub(super) struct Problem(pub(super) String);

pub(super) fn unknown(name: &str, place: &str, known: &[&'static Declaration]) -> Problem {
    let hint = did_you_mean(name, known.iter().map(|declaration| declaration.name));
    Problem(format!("`{}` in {place} is not a key{hint}", shortened(name, 60)))
}

fn refuse(problems: Vec<Problem>) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let more = problems.len().saturating_sub(MAX_PROBLEMS);
    let mut lines: Vec<String> = problems.into_iter().take(MAX_PROBLEMS).map(|Problem(line)| line).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    Err(Error::invalid(lines.join("\n")))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let (kind, what) = match error.kind() {
            std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "does not exist"),
            std::io::ErrorKind::InvalidData => (ErrorKind::InvalidInput, "is not UTF-8 text"),
            _ => (ErrorKind::Unavailable, "cannot be read"),
        };
        Error::new(kind, format!("the configuration file {} {what}", path.display())).because(error)
    })
}
