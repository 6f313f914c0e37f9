//! Swift.

use super::{
    super::rules::{Name, SymbolTable, Used, annotates, call, call_first, define, uses_type},
    Import, SymbolKind as Kind, first, has_word, import,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("class_declaration", Kind::Class).named(Name::Find(name)).refined(class),
        define("protocol_declaration", Kind::Interface),
        define("enum_entry", Kind::Variant),
        define("typealias_declaration", Kind::Type).named(Name::Find(name)),
        define("associatedtype_declaration", Kind::Type).named(Name::Find(name)),
        define("function_declaration", Kind::Function).named(Name::Find(name)),
        define("protocol_function_declaration", Kind::Function).named(Name::Find(name)),
        define("init_declaration", Kind::Constructor).named(Name::Child(&["init"])),
        define("property_declaration", Kind::Variable).named(Name::Each(bound_names)).refined(variable),
        define("protocol_property_declaration", Kind::Field).named(Name::Find(bound)),
    ],
    references: &[
        call_first("call_expression"),
        call("constructor_expression", "constructed_type"),
        annotates("attribute"),
        uses_type("type_identifier", Used::Whole),
    ],
    imports: &[("import_declaration", imports)],
    annotations: &["attribute"],
    comments: &["comment", "multiline_comment"],
    doc_marks: &["///", "/**"],
    ..SymbolTable::EMPTY
};

/// The first of several nodes in the field `name`: the others are types.
fn name(node: Node<'_>) -> Option<Node<'_>> {
    node.child("name")
}

fn bound(node: Node<'_>) -> Option<Node<'_>> {
    node.child("name")?.child("bound_identifier")
}

/// `a` and `b` of `let a = 1, b = 2`.
fn bound_names(node: Node<'_>) -> Vec<Node<'_>> {
    node.children_in("name")
        .flat_map(|pattern| match pattern.child("bound_identifier") {
            Some(name) => vec![name],
            None if pattern.kind() == "pattern" => super::super::extract::bound(pattern),
            None => Vec::new(),
        })
        .collect()
}

fn class(node: Node<'_>, kind: Kind) -> Option<Kind> {
    Some(match node.children().find(|child| !child.is_named()).map(Node::text) {
        Some("struct") => Kind::Struct,
        Some("enum") => Kind::Enum,
        Some("extension") => Kind::Implementation,
        _ => kind,
    })
}

fn variable(node: Node<'_>, kind: Kind) -> Option<Kind> {
    let is_let = first(node, "value_binding_pattern").is_some_and(|binding| has_word(binding, "let"));
    Some(if is_let { Kind::Constant } else { kind })
}

fn imports(node: Node<'_>, imports: &mut Vec<Import>) {
    if let Some(module) = first(node, "identifier") {
        imports.push(import(node, module.text(), None, None));
    }
}
