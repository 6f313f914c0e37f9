//! Configuration: HCL (Terraform) and Dockerfiles.

use super::{
    super::rules::{Name, SymbolTable, call_first, define},
    Import, SymbolKind as Kind, import,
};
use crate::code::Node;

pub(super) static HCL: SymbolTable = SymbolTable {
    definitions: &[
        define("block", Kind::Block).named(Name::Find(label)),
        define("attribute", Kind::Key).named(Name::Child(&["identifier"])),
    ],
    references: &[call_first("function_call")],
    bodies: &["block_start"],
    doc_marks: &["#", "//", "/*"],
    ..SymbolTable::EMPTY
};

/// The last label of a block, else its type.
fn label(node: Node<'_>) -> Option<Node<'_>> {
    node.children().take_while(|child| child.kind() != "block_start").last()
}

pub(super) static DOCKERFILE: SymbolTable = SymbolTable {
    definitions: &[
        define("from_instruction", Kind::Stage).named(Name::Find(stage)),
        define("arg_pair", Kind::Variable),
        define("env_pair", Kind::Variable),
    ],
    imports: &[("from_instruction", base)],
    doc_marks: &[],
    ..SymbolTable::EMPTY
};

/// The name of a stage; its image where it has none.
fn stage(node: Node<'_>) -> Option<Node<'_>> {
    node.child("as").or_else(|| node.named_children().find(|child| child.kind() == "image_spec"))
}

fn base(node: Node<'_>, imports: &mut Vec<Import>) {
    if let Some(image) = node.named_children().find(|child| child.kind() == "image_spec") {
        imports.push(import(node, image.text(), None, node.child("as").map(Node::text)));
    }
}
