//! Java.

use super::{
    super::rules::{Name, SymbolTable, Used, annotates, call, define, uses_type},
    Import, SymbolKind as Kind, constant_if_capitals, import, import_path,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("package_declaration", Kind::Module).named(Name::Child(&["scoped_identifier", "identifier"])),
        define("class_declaration", Kind::Class),
        define("interface_declaration", Kind::Interface),
        define("annotation_type_declaration", Kind::Interface),
        define("enum_declaration", Kind::Enum),
        define("enum_constant", Kind::Variant),
        define("record_declaration", Kind::Struct),
        define("method_declaration", Kind::Method),
        define("annotation_type_element_declaration", Kind::Method),
        define("constructor_declaration", Kind::Constructor),
        define("compact_constructor_declaration", Kind::Constructor),
        define("variable_declarator", Kind::Variable).refined(field),
    ],
    references: &[
        call("method_invocation", "name"),
        call("object_creation_expression", "type"),
        annotates("annotation"),
        annotates("marker_annotation"),
        uses_type("type_identifier", Used::Whole),
    ],
    imports: &[("import_declaration", imports)],
    wrappers: &["field_declaration"],
    annotations: &["annotation", "marker_annotation"],
    comments: &["line_comment", "block_comment"],
    ..SymbolTable::EMPTY
};

fn field(node: Node<'_>, kind: Kind) -> Option<Kind> {
    node.child("name").map(|name| constant_if_capitals(name.text(), kind))
}

fn imports(node: Node<'_>, imports: &mut Vec<Import>) {
    let Some(path) = node.named_children().find(|child| child.kind().ends_with("identifier")) else { return };
    imports.push(match node.children().any(|child| child.kind() == "asterisk") {
        true => import(node, path.text(), Some("*"), None),
        false => import_path(node, path.text(), ".", None),
    });
}
