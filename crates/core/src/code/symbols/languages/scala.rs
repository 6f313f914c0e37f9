//! Scala.

use super::{
    super::extract::bound,
    super::rules::{Name, SymbolTable, Used, annotates, call, call_first, define, uses_type},
    Import, SymbolKind as Kind, import, import_path,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("package_clause", Kind::Module),
        define("class_definition", Kind::Class),
        define("object_definition", Kind::Class),
        define("trait_definition", Kind::Trait),
        define("enum_definition", Kind::Enum),
        define("simple_enum_case", Kind::Variant),
        define("full_enum_case", Kind::Variant),
        define("type_definition", Kind::Type),
        define("function_definition", Kind::Function),
        define("function_declaration", Kind::Function),
        define("val_definition", Kind::Variable).named(Name::Each(values)),
        define("var_definition", Kind::Variable).named(Name::Each(values)),
        define("val_declaration", Kind::Variable),
        define("var_declaration", Kind::Variable),
        define("given_definition", Kind::Variable),
    ],
    references: &[
        call("call_expression", "function"),
        call_first("instance_expression"),
        annotates("annotation"),
        uses_type("type_identifier", Used::Whole),
    ],
    imports: &[("import_declaration", imports)],
    annotations: &["annotation"],
    bodies: &["template_body"],
    comments: &["comment", "block_comment"],
    ..SymbolTable::EMPTY
};

/// `val a`, `val a, b` and `val (a, b)`.
fn values(node: Node<'_>) -> Vec<Node<'_>> {
    const BINDING: &[&str] = &["identifier", "identifiers", "tuple_pattern", "typed_pattern"];
    node.child("pattern").filter(|pattern| BINDING.contains(&pattern.kind())).map(bound).unwrap_or_default()
}

fn imports(node: Node<'_>, imports: &mut Vec<Import>) {
    let path: Vec<&str> = node.children_in("path").map(Node::text).filter(|part| *part != ".").collect();
    let path = path.join(".");
    let selectors = node.named_children().find(|child| child.kind() == "namespace_selectors");
    if let Some(selectors) = selectors {
        imports.extend(selectors.named_children().map(|name| {
            let original = name.child("name").unwrap_or(name);
            import(node, &path, Some(original.text()), name.child("alias").map(Node::text))
        }));
    } else if node.named_children().any(|child| child.kind() == "namespace_wildcard") {
        imports.push(import(node, &path, Some("*"), None));
    } else {
        imports.push(import_path(node, &path, ".", None));
    }
}
