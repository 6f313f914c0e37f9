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
        define("assignment", Kind::Constant).named(Name::Each(constants)),
        define("call", Kind::Field).named(Name::Each(attributes)),
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

/// `A` and `B` of `A, B = 1, 2`.
fn constants(node: Node<'_>) -> Vec<Node<'_>> {
    let Some(left) = node.child("left") else { return Vec::new() };
    let is_constant = |part: &Node<'_>| part.kind() == "constant";
    if is_constant(&left) { vec![left] } else { left.named_children().filter(is_constant).collect() }
}

/// `a` and `b` of `attr_reader :a, :b`.
fn attributes(node: Node<'_>) -> Vec<Node<'_>> {
    const MAKERS: &[&str] = &["attr_reader", "attr_writer", "attr_accessor"];
    let makes = node.child("receiver").is_none()
        && node.child("method").is_some_and(|method| MAKERS.contains(&method.text()));
    let arguments = node.child("arguments").filter(|_| makes);
    arguments
        .into_iter()
        .flat_map(Node::named_children)
        .filter(|name| name.kind() == "simple_symbol")
        .collect()
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
