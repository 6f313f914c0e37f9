//! The file: TOML flattened to dotted keys, each with its line.

use toml::de::{DeTable, DeValue};

use super::{
    key::Declaration,
    load::{Problem, unknown},
    value::{Kind, Value},
};
use crate::suggest::shortened;

/// A configuration file is small; a larger one is something else.
const MAX_BYTES: usize = 256 << 10;

/// What the file sets, with the line where it does.
pub(super) struct Parsed {
    pub(super) set: Vec<(&'static Declaration, Value, usize)>,
    pub(super) problems: Vec<Problem>,
}

/// Reads `text`, the file called `path`.
pub(super) fn parse(path: &str, text: &str, known: &[&'static Declaration]) -> Parsed {
    if text.len() > MAX_BYTES {
        let message =
            format!("{path} has {} bytes; a configuration file has at most {MAX_BYTES}", text.len());
        return Parsed { set: Vec::new(), problems: vec![Problem(message)] };
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { path, lines: Lines::of(text), known, set: Vec::new(), problems: Vec::new() };
    match DeTable::parse(text) {
        Ok(table) => reader.table("", table.get_ref()),
        Err(error) => {
            let line = reader.lines.at(error.span().map_or(0, |span| span.start));
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            reader.problem(line, format!("{path}:{line} is not TOML: {message}"));
        }
    }
    reader.problems.sort_by_key(|(line, _)| *line);
    Parsed { set: reader.set, problems: reader.problems.into_iter().map(|(_, problem)| problem).collect() }
}

struct Reader<'a> {
    path: &'a str,
    lines: Lines,
    known: &'a [&'static Declaration],
    set: Vec<(&'static Declaration, Value, usize)>,
    problems: Vec<(usize, Problem)>,
}

impl Reader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = if prefix.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{prefix}.{}", key.get_ref())
            };
            let line = self.lines.at(key.span().start);
            match (self.find(&name), value.get_ref()) {
                (Some(declaration), value) => self.value(declaration, value, line),
                (None, DeValue::Table(table)) if self.is_section(&name) => self.table(&name, table),
                (None, _) if self.is_section(&name) => {
                    self.problem(
                        line,
                        format!(
                            "`{name}` in {}:{line} is a section: write `[{name}]` and its keys below",
                            self.path
                        ),
                    );
                }
                (None, DeValue::Table(table)) if !table.is_empty() => self.table(&name, table),
                (None, _) => {
                    let problem = unknown(&name, &format!("{}:{line}", self.path), self.known);
                    self.problems.push((line, problem));
                }
            }
        }
    }

    fn value(&mut self, declaration: &'static Declaration, value: &DeValue<'_>, line: usize) {
        match typed(&declaration.kind, value) {
            Ok(value) => self.set.push((declaration, self.anchored(value), line)),
            Err(expected) => {
                let shown = if declaration.secret { "***".to_owned() } else { shown(value) };
                let name = declaration.name;
                self.problem(line, format!("`{name}` in {}:{line} is `{shown}`; {expected}", self.path));
            }
        }
    }

    /// A relative path starts from the file's folder, wherever the process was started.
    fn anchored(&self, value: Value) -> Value {
        match value {
            Value::Path(path) => {
                let folder = std::path::Path::new(self.path).parent();
                Value::Path(folder.map_or_else(|| path.clone(), |folder| folder.join(&path)))
            }
            other => other,
        }
    }

    fn find(&self, name: &str) -> Option<&'static Declaration> {
        self.known.iter().find(|declaration| declaration.name == name).copied()
    }

    fn is_section(&self, name: &str) -> bool {
        self.known.iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    fn problem(&mut self, line: usize, message: String) {
        self.problems.push((line, Problem(message)));
    }
}

/// The value, if TOML's type is that of the kind.
fn typed(kind: &Kind, value: &DeValue<'_>) -> Result<Value, String> {
    let text = match (kind, value) {
        (Kind::Text | Kind::Path | Kind::Duration | Kind::Choice(_), DeValue::String(text)) => {
            text.to_string()
        }
        (Kind::List, DeValue::Array(items)) => {
            let text = |item: &DeValue<'_>| item.as_str().map(str::to_owned).ok_or_else(|| kind.to_string());
            let texts = items.iter().map(|item| text(item.get_ref())).collect::<Result<Vec<_>, _>>()?;
            serde_json::Value::from(texts).to_string()
        }
        (Kind::Flag, DeValue::Boolean(flag)) => flag.to_string(),
        (Kind::Integer(..), DeValue::Integer(number)) => {
            match i128::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => number.to_string(),
                Err(_) => return Err(kind.to_string()),
            }
        }
        (Kind::Text | Kind::Path | Kind::Duration | Kind::Choice(_), _) => {
            return Err(format!("{kind}, in quotes"));
        }
        _ => return Err(kind.to_string()),
    };
    kind.parse(&text)
}

/// The value for a message: what was written, or what it is where that would be long.
fn shown(value: &DeValue<'_>) -> String {
    const LONGEST: usize = 60;
    let text = match value {
        DeValue::String(text) => text.escape_debug().to_string(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "[…]".to_owned(),
        DeValue::Table(_) => "{…}".to_owned(),
    };
    shortened(&text, LONGEST)
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(
            text.bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(offset, _)| offset + 1)
                .collect(),
        )
    }

    /// The line of a byte offset, from 1.
    fn at(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|start| *start <= offset)
    }
}
