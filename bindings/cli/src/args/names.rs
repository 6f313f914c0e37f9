//! How flags are called, and that no two are called the same.

use std::collections::BTreeSet;

use super::Flag;
use crate::schema::{Property, Shape};

/// Flags that every command has.
const RESERVED: &[&str] =
    &["color", "config", "db", "format", "help", "json", "no-progress", "quiet", "verbose", "version"];

/// The names given so far.
#[derive(Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    pub(super) fn flag(&mut self, path: Vec<String>, property: &Property, positional: bool) -> Flag {
        let plain = path.iter().map(|name| kebab(name)).collect::<Vec<_>>().join(".");
        let long = if self.is_free(&plain) { plain } else { self.qualified(&plain) };
        self.0.insert(long.clone());
        let negation = (property.shape == Shape::Switch && !property.nullable && !property.required)
            .then(|| match long.rsplit_once('.') {
                Some((object, name)) => format!("{object}.no-{name}"),
                None => format!("no-{long}"),
            })
            .filter(|name| self.is_free(name));
        self.0.extend(negation.clone());
        Flag { path, property: property.clone(), long, negation, positional }
    }

    fn is_free(&self, name: &str) -> bool {
        !RESERVED.contains(&name) && !self.0.contains(name)
    }

    /// `request.name`, and should a request have that as well, `request.request.name`.
    fn qualified(&self, plain: &str) -> String {
        let mut name = format!("request.{plain}");
        while !self.is_free(&name) {
            name.insert_str(0, "request.");
        }
        name
    }
}

/// `fail_on` and `failOn` as `fail-on`.
pub(crate) fn kebab(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 2);
    let mut previous = '-';
    for letter in name.chars() {
        if letter.is_uppercase() && (previous.is_lowercase() || previous.is_ascii_digit()) {
            kebab.push('-');
        }
        match letter {
            '_' | ' ' => kebab.push('-'),
            letter => kebab.extend(letter.to_lowercase()),
        }
        previous = letter;
    }
    kebab
}
