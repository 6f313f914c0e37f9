//! Python.

use super::{
    super::extract::bound,
    super::rules::{Name, SymbolTable, Used, annotates, call, define, uses_type},
    Import, SymbolKind as Kind, constant_if_capitals, import,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("class_definition", Kind::Class),
        define("function_definition", Kind::Function),
        define("type_alias_statement", Kind::Type).named(Name::Field("left")),
        define("assignment", Kind::Variable).named(Name::Each(assigned)).refined(variable),
    ],
    references: &[
        call("call", "function"),
        annotates("decorator"),
        uses_type("type", Used::First),
        uses_type("class_definition", Used::EachIn("superclasses")),
    ],
    imports: &[
        ("import_statement", imports),
        ("import_from_statement", imports_from),
        ("future_import_statement", imports_from),
    ],
    wrappers: &["decorated_definition", "expression_statement"],
    annotations: &["decorator"],
    docstrings: true,
    constructors: &["__init__", "__new__"],
    ..SymbolTable::EMPTY
};

/// The names that an assignment binds: not what it changes in an object or a list.
fn assigned(node: Node<'_>) -> Vec<Node<'_>> {
    const PATTERNS: &[&str] = &["identifier", "pattern_list", "tuple_pattern"];
    let Some(left) = node.child("left").filter(|left| PATTERNS.contains(&left.kind())) else {
        return Vec::new();
    };
    let is_bound = |part: &Node<'_>| PATTERNS.contains(&part.kind());
    if left.is_leaf() { vec![left] } else { left.named_children().filter(is_bound).flat_map(bound).collect() }
}

fn variable(node: Node<'_>, kind: Kind) -> Option<Kind> {
    node.child("left").map(|left| constant_if_capitals(left.text(), kind))
}

/// The names of an import statement, with what they are called here.
fn names(node: Node<'_>) -> impl Iterator<Item = (&str, Option<&str>)> {
    node.children_in("name").map(|name| match name.child("name") {
        Some(original) => (original.text(), name.child("alias").map(Node::text)),
        None => (name.text(), None),
    })
}

fn imports(node: Node<'_>, imports: &mut Vec<Import>) {
    imports.extend(names(node).map(|(name, alias)| import(node, name, None, alias)));
}

fn imports_from(node: Node<'_>, imports: &mut Vec<Import>) {
    let module = node.child("module_name").map_or("__future__", Node::text);
    imports.extend(names(node).map(|(name, alias)| import(node, module, Some(name), alias)));
    if node.children().any(|child| child.kind() == "wildcard_import") {
        imports.push(import(node, module, Some("*"), None));
    }
}
