//! C#.

use super::{
    super::rules::{SymbolTable, Used, annotates, call, define, uses_type},
    Import, SymbolKind as Kind, has_word, import,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("namespace_declaration", Kind::Module),
        define("file_scoped_namespace_declaration", Kind::Module),
        define("class_declaration", Kind::Class),
        define("record_declaration", Kind::Struct),
        define("struct_declaration", Kind::Struct),
        define("interface_declaration", Kind::Interface),
        define("enum_declaration", Kind::Enum),
        define("enum_member_declaration", Kind::Variant),
        define("delegate_declaration", Kind::Type),
        define("method_declaration", Kind::Method),
        define("constructor_declaration", Kind::Constructor),
        define("local_function_statement", Kind::Function),
        define("property_declaration", Kind::Field),
        define("variable_declarator", Kind::Variable),
    ],
    references: &[
        call("invocation_expression", "function"),
        call("object_creation_expression", "type"),
        annotates("attribute"),
        uses_type("generic_name", Used::Whole),
        uses_type("base_list", Used::Each),
    ],
    imports: &[("using_directive", uses)],
    wrappers: &["field_declaration", "event_field_declaration", "variable_declaration"],
    annotations: &["attribute_list"],
    bodies: &["accessor_list"],
    doc_marks: &["///", "/**"],
    ..SymbolTable::EMPTY
};

fn uses(node: Node<'_>, imports: &mut Vec<Import>) {
    let alias = node.child("name").map(Node::text);
    let everything = has_word(node, "static").then_some("*");
    if let Some(module) = node.named_children().last() {
        imports.push(import(node, module.text(), everything, alias));
    }
}
