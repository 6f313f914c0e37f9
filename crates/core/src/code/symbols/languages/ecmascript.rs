//! JavaScript, TypeScript, JSX and TSX: one table, as the grammars share their names.

use super::{
    super::extract::bound,
    super::rules::{Name, SymbolTable, Used, annotates, call, define, uses_type},
    Import, SymbolKind as Kind, first, has_word, import,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("class_declaration", Kind::Class),
        define("abstract_class_declaration", Kind::Class),
        define("interface_declaration", Kind::Interface),
        define("enum_declaration", Kind::Enum),
        define("enum_assignment", Kind::Variant),
        define("property_identifier", Kind::Variant).named(Name::Whole).refined(named),
        define("type_alias_declaration", Kind::Type),
        define("internal_module", Kind::Module),
        define("module", Kind::Module),
        define("function_declaration", Kind::Function),
        define("generator_function_declaration", Kind::Function),
        define("function_signature", Kind::Function),
        define("method_definition", Kind::Method),
        define("method_signature", Kind::Method),
        define("abstract_method_signature", Kind::Method),
        define("field_definition", Kind::Field).named(Name::Field("property")).refined(by_value),
        define("public_field_definition", Kind::Field).refined(by_value),
        define("property_signature", Kind::Field),
        define("required_parameter", Kind::Field).named(Name::Field("pattern")).refined(parameter),
        define("variable_declarator", Kind::Variable).named(Name::Each(declared)).refined(declarator),
        define("assignment_expression", Kind::Function)
            .named(Name::Find(assigned))
            .refined(by_value)
            .owned_by(prototype),
    ],
    references: &[
        call("call_expression", "function"),
        call("new_expression", "constructor"),
        call("jsx_opening_element", "name"),
        call("jsx_self_closing_element", "name"),
        annotates("decorator"),
        uses_type("type_identifier", Used::Whole),
        uses_type("extends_clause", Used::Field("value")),
        uses_type("class_heritage", Used::Each),
    ],
    imports: &[
        ("import_statement", imports),
        ("export_statement", exports),
        ("variable_declarator", requires),
    ],
    wrappers: &[
        "export_statement",
        "ambient_declaration",
        "lexical_declaration",
        "variable_declaration",
        "expression_statement",
    ],
    annotations: &["decorator"],
    constructors: &["constructor"],
    ..SymbolTable::EMPTY
};

/// What a value makes of the name it is given.
fn by_value(node: Node<'_>, otherwise: Kind) -> Option<Kind> {
    let value = node.child("value").or_else(|| node.child("right"));
    match value.map(Node::kind) {
        Some("arrow_function" | "function_expression" | "generator_function") if otherwise == Kind::Field => {
            Some(Kind::Method)
        }
        Some("arrow_function" | "function_expression" | "generator_function") => Some(Kind::Function),
        Some("class") => Some(Kind::Class),
        _ if node.kind() == "assignment_expression" => None,
        _ => Some(otherwise),
    }
}

/// The bare names in the body of an enumeration.
fn named(node: Node<'_>, kind: Kind) -> Option<Kind> {
    (node.field() == Some("name")).then_some(kind)
}

/// A parameter of a constructor that says who may see it is a field.
fn parameter(node: Node<'_>, kind: Kind) -> Option<Kind> {
    let is_field = first(node, "accessibility_modifier").is_some() || has_word(node, "readonly");
    is_field.then_some(kind)
}

/// The names of a declarator: one, or those of a pattern.
fn declared(node: Node<'_>) -> Vec<Node<'_>> {
    node.child("name").map(bound).unwrap_or_default()
}

fn declarator(node: Node<'_>, kind: Kind) -> Option<Kind> {
    if required(node).is_some() {
        return None;
    }
    let is_constant =
        node.parent().and_then(|list| list.child("kind")).is_some_and(|word| word.text() == "const");
    let kind = if is_constant { Kind::Constant } else { kind };
    match node.child("name").is_some_and(|name| name.kind().ends_with("_pattern")) {
        true => Some(kind),
        false => by_value(node, kind),
    }
}

/// The name that `exports.name = …` and `Type.prototype.name = …` define.
fn assigned(node: Node<'_>) -> Option<Node<'_>> {
    node.child("left").filter(|left| left.kind() == "member_expression")?.child("property")
}

/// `Type` of `Type.prototype.name = …`.
fn prototype(node: Node<'_>) -> Option<Node<'_>> {
    let object = node.child("left")?.child("object")?;
    object.child("property").filter(|property| property.text() == "prototype")?;
    object.child("object")
}

/// The module of `… = require("module")`.
fn required(declarator: Node<'_>) -> Option<&str> {
    let call = declarator.child("value").filter(|value| value.kind() == "call_expression")?;
    call.child("function").filter(|function| function.text() == "require")?;
    call.child("arguments")?
        .named_children()
        .next()
        .filter(|module| module.kind() == "string")
        .map(Node::text)
}

fn requires(node: Node<'_>, imports: &mut Vec<Import>) {
    let (Some(module), Some(name)) = (required(node), node.child("name")) else { return };
    if name.kind() != "object_pattern" {
        return imports.push(import(node, module, None, Some(name.text())));
    }
    imports.extend(name.named_children().map(|part| match (part.child("key"), part.child("value")) {
        (Some(key), Some(value)) => import(node, module, Some(key.text()), Some(value.text())),
        _ => import(node, module, Some(part.text()), None),
    }));
}

fn imports(node: Node<'_>, imports: &mut Vec<Import>) {
    if let Some(clause) = first(node, "import_require_clause") {
        let module = clause.child("source").map_or("", Node::text);
        let alias = clause.named_children().next().map(Node::text);
        return imports.push(import(node, module, None, alias));
    }
    let Some(module) = node.child("source").map(Node::text) else { return };
    let Some(clause) = first(node, "import_clause") else {
        return imports.push(import(node, module, None, None));
    };
    for part in clause.named_children() {
        match part.kind() {
            "namespace_import" => {
                imports.push(import(node, module, Some("*"), part.named_children().next().map(Node::text)));
            }
            "named_imports" => {
                imports.extend(part.named_children().map(|name| specifier(node, module, name)))
            }
            _ => imports.push(import(node, module, Some("default"), Some(part.text()))),
        }
    }
}

/// `export … from` brings in what it passes on.
fn exports(node: Node<'_>, imports: &mut Vec<Import>) {
    let Some(module) = node.child("source").map(Node::text) else { return };
    match first(node, "export_clause") {
        Some(clause) => imports.extend(clause.named_children().map(|name| specifier(node, module, name))),
        None => imports.push(import(node, module, Some("*"), None)),
    }
}

fn specifier(node: Node<'_>, module: &str, specifier: Node<'_>) -> Import {
    import(node, module, specifier.child("name").map(Node::text), specifier.child("alias").map(Node::text))
}
