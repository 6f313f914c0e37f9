//! Kotlin.

use super::{
    super::rules::{Name, SymbolTable, Used, annotates, call_first, define, uses_type},
    Import, SymbolKind as Kind, first, has_word, import, import_path,
};
use crate::code::Node;

const TYPE: Name = Name::Child(&["type_identifier"]);
const SIMPLE: Name = Name::Child(&["simple_identifier"]);

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("package_header", Kind::Module).named(Name::Child(&["identifier"])),
        define("class_declaration", Kind::Class).named(TYPE).refined(class),
        define("object_declaration", Kind::Class).named(TYPE),
        define("companion_object", Kind::Class).named(TYPE),
        define("enum_entry", Kind::Variant).named(SIMPLE),
        define("type_alias", Kind::Type).named(TYPE),
        define("function_declaration", Kind::Function).named(SIMPLE).owned_by(receiver),
        define("property_declaration", Kind::Variable).named(Name::Each(property)).refined(variable),
        define("class_parameter", Kind::Field).named(SIMPLE).refined(parameter),
    ],
    references: &[
        call_first("call_expression"),
        annotates("annotation"),
        uses_type("type_identifier", Used::Whole),
    ],
    imports: &[("import_header", imports)],
    annotations: &["annotation"],
    bodies: &["class_body", "enum_class_body", "function_body"],
    comments: &["line_comment", "multiline_comment"],
    ..SymbolTable::EMPTY
};

fn class(node: Node<'_>, kind: Kind) -> Option<Kind> {
    Some(if has_word(node, "interface") {
        Kind::Interface
    } else if has_word(node, "enum") {
        Kind::Enum
    } else {
        kind
    })
}

/// The type that an extension function extends.
fn receiver(node: Node<'_>) -> Option<Node<'_>> {
    node.child("receiver")
}

/// `a` of `val a` and also `b` of `val (a, b)`.
fn property(node: Node<'_>) -> Vec<Node<'_>> {
    let list = first(node, "multi_variable_declaration").unwrap_or(node);
    let variables = list.children().filter(|child| child.kind() == "variable_declaration");
    variables.filter_map(|variable| first(variable, "simple_identifier")).collect()
}

fn variable(node: Node<'_>, kind: Kind) -> Option<Kind> {
    let is_constant = first(node, "modifiers").is_some_and(|modifiers| has_word(modifiers, "const"));
    Some(if is_constant { Kind::Constant } else { kind })
}

/// Only parameters with `val` or `var` are properties.
fn parameter(node: Node<'_>, kind: Kind) -> Option<Kind> {
    first(node, "binding_pattern_kind").map(|_| kind)
}

fn imports(node: Node<'_>, imports: &mut Vec<Import>) {
    let Some(path) = first(node, "identifier").map(Node::text) else { return };
    let alias = first(node, "import_alias").and_then(|alias| alias.named_children().next()).map(Node::text);
    imports.push(match first(node, "wildcard_import") {
        Some(_) => import(node, path, Some("*"), None),
        None => import_path(node, path, ".", alias),
    });
}
