//! C and C++.

use super::{
    super::rules::{Name, SymbolTable, Used, annotates, call, define, uses_type},
    Import, SymbolKind as Kind, has_word, import,
};
use crate::code::Node;

pub(super) static C: SymbolTable = SymbolTable {
    definitions: &[
        define("function_definition", Kind::Function).named(Name::Declarator).owned_by(scope),
        define("declaration", Kind::Variable).named(Name::Declarator).refined(declaration),
        define("field_declaration", Kind::Field).named(Name::Declarator).refined(declaration),
        define("type_definition", Kind::Type).named(Name::Declarator),
        define("alias_declaration", Kind::Type),
        define("struct_specifier", Kind::Struct).refined(with_body),
        define("union_specifier", Kind::Struct).refined(with_body),
        define("class_specifier", Kind::Class).refined(with_body),
        define("enum_specifier", Kind::Enum).refined(with_body),
        define("enumerator", Kind::Variant),
        define("namespace_definition", Kind::Module),
        define("concept_definition", Kind::Interface),
        define("preproc_def", Kind::Macro),
        define("preproc_function_def", Kind::Macro),
    ],
    references: &[
        call("call_expression", "function"),
        call("new_expression", "type"),
        annotates("attribute"),
        uses_type("type_identifier", Used::Whole),
    ],
    imports: &[("preproc_include", includes), ("using_declaration", uses)],
    wrappers: &["template_declaration"],
    doc_marks: &["/*", "//"],
    ..SymbolTable::EMPTY
};

pub(super) static CPP: SymbolTable =
    SymbolTable { separator: "::", doc_marks: &["/**", "/*!", "///", "//!"], ..C };

/// Declarations of functions are functions, `const` ones constants; a type without a declarator declares nothing here.
fn declaration(node: Node<'_>, kind: Kind) -> Option<Kind> {
    let mut at = node.child("declarator")?;
    while let Some(inner) = at.child("declarator").filter(|_| at.kind() != "function_declarator") {
        at = inner;
    }
    // `int (*f)(int)` is a pointer to one.
    let is_pointer =
        || at.child("declarator").is_some_and(|inner| inner.kind() == "parenthesized_declarator");
    if at.kind() == "function_declarator" && !is_pointer() {
        return Some(Kind::Function);
    }
    Some(if has_word(node, "const") || has_word(node, "constexpr") { Kind::Constant } else { kind })
}

/// `struct x y` uses a type, `struct x { … }` defines it.
fn with_body(node: Node<'_>, kind: Kind) -> Option<Kind> {
    node.child("body").map(|_| kind)
}

/// The class of a member that is defined outside of it.
fn scope(node: Node<'_>) -> Option<Node<'_>> {
    let mut scope = None;
    let mut at = node.child("declarator")?;
    for _ in 0..32 {
        scope = at.child("scope").or(scope);
        let name = if at.kind() == "qualified_identifier" { at.child("name") } else { None };
        at = match at.child("declarator").or(name) {
            Some(inner) => inner,
            None => break,
        };
    }
    scope
}

fn includes(node: Node<'_>, imports: &mut Vec<Import>) {
    if let Some(path) = node.child("path") {
        imports.push(import(node, path.text(), None, None));
    }
}

fn uses(node: Node<'_>, imports: &mut Vec<Import>) {
    if let Some(name) = node.named_children().last() {
        let everything = has_word(node, "namespace").then_some("*");
        imports.push(match (everything, name.text().rsplit_once("::")) {
            (None, Some((module, name))) => import(node, module, Some(name), None),
            _ => import(node, name.text(), everything, None),
        });
    }
}
