//! Bash.

use super::{
    super::rules::{SymbolTable, call_first, define},
    Import, SymbolKind as Kind, constant_if_capitals, import,
};
use crate::code::Node;

pub(super) static TABLE: SymbolTable = SymbolTable {
    definitions: &[
        define("function_definition", Kind::Function),
        define("variable_assignment", Kind::Variable).refined(variable),
    ],
    references: &[call_first("command_name")],
    imports: &[("command", sources)],
    wrappers: &["declaration_command"],
    doc_marks: &["#"],
    ..SymbolTable::EMPTY
};

fn variable(node: Node<'_>, kind: Kind) -> Option<Kind> {
    node.child("name").map(|name| constant_if_capitals(name.text(), kind))
}

fn sources(node: Node<'_>, imports: &mut Vec<Import>) {
    let is_source = node.child("name").is_some_and(|name| matches!(name.text(), "source" | "."));
    if let Some(file) = node.child("argument").filter(|_| is_source) {
        imports.push(import(node, file.text(), None, None));
    }
}
