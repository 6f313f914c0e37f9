//! The tables, one file a language or family.

mod bash;
mod c;
mod config;
mod csharp;
mod data;
mod ecmascript;
mod go;
mod java;
mod kotlin;
mod markup;
mod php;
mod python;
mod ruby;
mod rust;
mod scala;
mod swift;

use super::{Import, SymbolKind, rules::SymbolTable};
use crate::code::{Language, Node};

/// The table of a language.
pub(crate) fn table_of(language: Language) -> &'static SymbolTable {
    match language {
        Language::Bash => &bash::TABLE,
        Language::C => &c::C,
        Language::Cpp => &c::CPP,
        Language::CSharp => &csharp::TABLE,
        Language::Css => &markup::CSS,
        Language::Dockerfile => &config::DOCKERFILE,
        Language::Go => &go::TABLE,
        Language::Hcl => &config::HCL,
        Language::Html => &markup::HTML,
        Language::Java => &java::TABLE,
        Language::JavaScript | Language::Tsx | Language::TypeScript => &ecmascript::TABLE,
        Language::Json => &data::JSON,
        Language::Kotlin => &kotlin::TABLE,
        Language::Markdown => &SymbolTable::EMPTY,
        Language::Php => &php::TABLE,
        Language::Python => &python::TABLE,
        Language::Ruby => &ruby::TABLE,
        Language::Rust => &rust::TABLE,
        Language::Scala => &scala::TABLE,
        Language::Swift => &swift::TABLE,
        Language::Yaml => &data::YAML,
    }
}

/// The import of a module, or of a name from it, by `node`.
fn import(node: Node<'_>, module: &str, name: Option<&str>, alias: Option<&str>) -> Import {
    let quotes = ['"', '\'', '`', '<', '>'];
    Import {
        module: module.trim().trim_matches(quotes).to_owned(),
        name: name.map(str::to_owned),
        alias: alias.map(str::to_owned),
        span: node.span(),
    }
}

/// The import of everything that the path says: all before the last separator is the module, the rest the name.
fn import_path(node: Node<'_>, path: &str, separator: &str, alias: Option<&str>) -> Import {
    match path.rsplit_once(separator) {
        Some((module, name)) if !module.is_empty() => import(node, module, Some(name), alias),
        _ => import(node, path, None, alias),
    }
}

/// The first child of a kind.
fn first<'t>(node: Node<'t>, kind: &str) -> Option<Node<'t>> {
    node.children().find(|child| child.kind() == kind)
}

/// Whether a child of `node` before its name has this text: `const`, `static`, `enum`.
fn has_word(node: Node<'_>, word: &str) -> bool {
    node.children().take(8).any(|child| child.text() == word)
}

/// A name in capitals is a constant.
fn constant_if_capitals(name: &str, otherwise: SymbolKind) -> SymbolKind {
    let capitals = name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase);
    if capitals { SymbolKind::Constant } else { otherwise }
}
