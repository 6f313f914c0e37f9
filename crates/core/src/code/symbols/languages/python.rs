//! Python.

use super::{
    super::rules::{Name, SymbolTable, Used, annotates, call, define, uses_type},
    Import, SymbolKind as Kind, constant_if_capitals, import,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("class_definition", Kind::Class),
        define("function_definition", Kind::Function),
        define("type_alias_statement", Kind::Type).named(Name::Field("left")),
        define("assignment", Kind::Variable).named(Name::Find(assigned)).refined(variable),
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

fn assigned(node: Node<'_>) -> Option<Node<'_>> {
    node.child("left").filter(|left| left.kind() == "identifier")
}

fn variable(node: Node<'_>, kind: Kind) -> Option<Kind> {
    assigned(node).map(|name| constant_if_capitals(name.text(), kind))
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
