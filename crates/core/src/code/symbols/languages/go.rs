//! Go.

use super::{
    super::rules::{Name, SymbolTable, Used, call, define, uses_type},
    Import, SymbolKind as Kind, import,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("package_clause", Kind::Module).named(Name::Child(&["package_identifier"])),
        define("function_declaration", Kind::Function),
        define("method_declaration", Kind::Method).owned_by(receiver),
        define("type_spec", Kind::Type).refined(by_type),
        define("type_alias", Kind::Type),
        define("const_spec", Kind::Constant),
        define("var_spec", Kind::Variable),
        define("field_declaration", Kind::Field),
        define("method_elem", Kind::Method).named(Name::Child(&["field_identifier"])),
    ],
    references: &[
        call("call_expression", "function"),
        call("composite_literal", "type"),
        uses_type("type_identifier", Used::Whole),
    ],
    imports: &[("import_spec", imports)],
    wrappers: &["type_declaration", "const_declaration", "var_declaration", "var_spec_list"],
    doc_marks: &["//", "/*"],
    ..SymbolTable::EMPTY
};

/// The type of a method's receiver.
fn receiver(node: Node<'_>) -> Option<Node<'_>> {
    let parameter = node.child("receiver")?.named_children().next()?.child("type")?;
    let named = |part: &Node<'_>| part.kind() == "type_identifier";
    parameter.descendants().take(16).find(named)
}

fn by_type(node: Node<'_>, kind: Kind) -> Option<Kind> {
    Some(match node.child("type").map(Node::kind) {
        Some("struct_type") => Kind::Struct,
        Some("interface_type") => Kind::Interface,
        _ => kind,
    })
}

fn imports(node: Node<'_>, imports: &mut Vec<Import>) {
    let Some(path) = node.child("path") else { return };
    let name = node.child("name");
    let is_dot = name.is_some_and(|name| name.kind() == "dot");
    let alias = name.map(Node::text).filter(|_| !is_dot);
    imports.push(import(node, path.text(), is_dot.then_some("*"), alias));
}
