//! PHP.

use super::{
    super::rules::{Name, SymbolTable, Used, annotates, call, define, uses_type},
    Import, SymbolKind as Kind, first, import, import_path,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    separator: "::",
    definitions: &[
        define("namespace_definition", Kind::Module),
        define("class_declaration", Kind::Class),
        define("interface_declaration", Kind::Interface),
        define("trait_declaration", Kind::Trait),
        define("enum_declaration", Kind::Enum),
        define("enum_case", Kind::Variant),
        define("function_definition", Kind::Function),
        define("method_declaration", Kind::Method),
        define("property_element", Kind::Field),
        define("property_promotion_parameter", Kind::Field),
        define("const_element", Kind::Constant).named(Name::Child(&["name"])),
    ],
    references: &[
        call("function_call_expression", "function"),
        call("member_call_expression", "name"),
        call("nullsafe_member_call_expression", "name"),
        call("scoped_call_expression", "name"),
        annotates("attribute"),
        uses_type("named_type", Used::Whole),
        uses_type("base_clause", Used::Each),
    ],
    imports: &[
        ("namespace_use_declaration", uses),
        ("require_expression", includes),
        ("require_once_expression", includes),
        ("include_expression", includes),
        ("include_once_expression", includes),
    ],
    wrappers: &["const_declaration", "property_declaration"],
    annotations: &["attribute_list"],
    constructors: &["__construct"],
    ..SymbolTable::EMPTY
};

fn uses(node: Node<'_>, imports: &mut Vec<Import>) {
    let group = node.child("body");
    let prefix = first(node, "namespace_name").filter(|_| group.is_some());
    for clause in
        group.unwrap_or(node).named_children().filter(|child| child.kind() == "namespace_use_clause")
    {
        let alias = clause.child("alias").map(Node::text);
        let Some(name) = clause.named_children().next() else { continue };
        imports.push(match prefix {
            Some(prefix) => import(node, prefix.text(), Some(name.text()), alias),
            None => import_path(node, name.text(), "\\", alias),
        });
    }
}

fn includes(node: Node<'_>, imports: &mut Vec<Import>) {
    if let Some(file) = node.named_children().next().filter(|file| file.kind().contains("string")) {
        imports.push(import(node, file.text(), None, None));
    }
}
