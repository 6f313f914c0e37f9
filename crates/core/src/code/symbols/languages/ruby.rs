//! Ruby.

use super::{
    super::rules::{Name, SymbolTable, Used, call, define, uses_type},
    Import, SymbolKind as Kind, import,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    separator: "::",
    definitions: &[
        define("module", Kind::Module),
        define("class", Kind::Class),
        define("method", Kind::Function).refined(method),
        define("singleton_method", Kind::Method),
        define("assignment", Kind::Constant).named(Name::Find(constant)),
    ],
    references: &[call("call", "method"), uses_type("superclass", Used::Each)],
    imports: &[("call", requires)],
    bodies: &["body_statement"],
    doc_marks: &["#"],
    constructors: &["initialize"],
    ..SymbolTable::EMPTY
};

/// Functions of a module are its methods as those of a class are.
fn method(node: Node<'_>, kind: Kind) -> Option<Kind> {
    node.child("name").map(|name| if name.text() == "initialize" { Kind::Method } else { kind })
}

fn constant(node: Node<'_>) -> Option<Node<'_>> {
    node.child("left").filter(|left| left.kind() == "constant")
}

fn requires(node: Node<'_>, imports: &mut Vec<Import>) {
    let is_require = node
        .child("method")
        .is_some_and(|method| matches!(method.text(), "require" | "require_relative" | "load" | "autoload"));
    let file = node
        .child("arguments")
        .filter(|_| is_require)
        .and_then(|arguments| arguments.named_children().last());
    if let Some(file) = file.filter(|file| file.kind() == "string") {
        imports.push(import(node, file.text(), None, None));
    }
}
