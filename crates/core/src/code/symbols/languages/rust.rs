//! Rust.

use super::{
    super::rules::{Name, SymbolTable, Used, annotates, call, define, uses_type},
    Import, SymbolKind as Kind, import, import_path,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    separator: "::",
    definitions: &[
        define("function_item", Kind::Function),
        define("function_signature_item", Kind::Function),
        define("struct_item", Kind::Struct),
        define("union_item", Kind::Struct),
        define("enum_item", Kind::Enum),
        define("enum_variant", Kind::Variant),
        define("trait_item", Kind::Trait),
        define("impl_item", Kind::Implementation).named(Name::Find(implemented)),
        define("mod_item", Kind::Module),
        define("type_item", Kind::Type),
        define("associated_type", Kind::Type),
        define("const_item", Kind::Constant),
        define("static_item", Kind::Variable),
        define("field_declaration", Kind::Field),
        define("macro_definition", Kind::Macro),
    ],
    references: &[
        call("call_expression", "function"),
        call("macro_invocation", "macro"),
        call("struct_expression", "name"),
        annotates("attribute"),
        uses_type("type_identifier", Used::Whole),
    ],
    imports: &[("use_declaration", uses), ("extern_crate_declaration", extern_crate)],
    annotations: &["attribute_item"],
    bodies: &["macro_rule"],
    comments: &["line_comment", "block_comment"],
    doc_marks: &["///", "/**"],
    ..SymbolTable::EMPTY
};

/// The name of the type that a block implements, without its parameters.
fn implemented(node: Node<'_>) -> Option<Node<'_>> {
    super::super::extract::tail(node.child("type")?)
}

fn extern_crate(node: Node<'_>, imports: &mut Vec<Import>) {
    if let Some(name) = node.child("name") {
        imports.push(import(node, name.text(), None, node.child("alias").map(Node::text)));
    }
}

/// The names of a `use` tree, left to right, without recursion.
fn uses(node: Node<'_>, imports: &mut Vec<Import>) {
    let mut open: Vec<(String, Node<'_>)> =
        node.child("argument").map(|tree| (String::new(), tree)).into_iter().collect();
    while let Some((path, tree)) = open.pop() {
        // A path that is longer than any real one is hostile nesting: each level would copy it.
        if path.len() > 1_000 {
            continue;
        }
        let join = |part: &str| if path.is_empty() { part.to_owned() } else { format!("{path}::{part}") };
        let part = tree.child("path").map_or("", Node::text);
        match tree.kind() {
            "scoped_use_list" | "use_list" => {
                let path = if part.is_empty() { path.clone() } else { join(part) };
                let list = tree.child("list").unwrap_or(tree);
                let at = open.len();
                open.extend(list.named_children().map(|inner| (path.clone(), inner)));
                open[at..].reverse();
            }
            "use_as_clause" => {
                let alias = tree.child("alias").map(Node::text);
                imports.push(import_path(node, &join(part), "::", alias));
            }
            "use_wildcard" => {
                let part = tree.named_children().next().map_or("", Node::text);
                let module = if part.is_empty() { path.clone() } else { join(part) };
                imports.push(import(node, &module, Some("*"), None));
            }
            "self" if !path.is_empty() => imports.push(import_path(node, &path, "::", None)),
            _ => imports.push(import_path(node, &join(tree.text()), "::", None)),
        }
    }
}
