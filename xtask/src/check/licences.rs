//! Every package's licence is allowed by deny.toml. The same list serves `cargo deny`, which is a large build; this runs everywhere.

use toml::Table;

use super::{Findings, House, deny};

pub(super) fn look(house: &House) -> Findings {
    let (list, graph) = match deny::read(house) {
        Ok(read) => read,
        Err(findings) => return findings,
    };
    let allowed = allowed(&list);
    let wrong =
        graph.packages.iter().filter(|package| !satisfied(&package.licence, &allowed)).map(|package| {
            let licence = if package.licence.is_empty() { "no licence" } else { &package.licence };
            let what = format!("`{} {}` has {licence}", package.name, package.version);
            deny::violation(
                what,
                "do without the package, or add its licence to [licenses] allow after reading it",
            )
        });
    Findings { note: Some(format!("{} packages", graph.packages.len())), ..wrong.collect() }
}

fn allowed(deny: &Table) -> Vec<String> {
    let list = deny.get("licenses").and_then(|licenses| licenses.get("allow")?.as_array());
    list.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Whether an SPDX expression can be met with the allowed licences. `AND` binds tighter than `OR`; the old `/` means `OR`.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    words.peek().is_some() && either(&mut words, allowed) && words.next().is_none()
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn either(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= both(words, allowed);
    }
    met
}

fn both(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    match words.next() {
        Some("(") => {
            let met = either(words, allowed);
            words.next_if_eq(&")").is_some() && met
        }
        Some(name) => {
            // `Apache-2.0 WITH LLVM-exception` gives more than `Apache-2.0` does.
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            allowed.iter().any(|licence| licence == name)
        }
        None => false,
    }
}
