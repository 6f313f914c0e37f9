//! HTML and CSS.

use super::{
    super::rules::{Name, SymbolTable, define},
    Import, SymbolKind as Kind, first, import,
};
use crate::code::Node;

pub(super) static HTML: SymbolTable = SymbolTable {
    definitions: &[define("element", Kind::Element).named(Name::Find(id))],
    imports: &[("script_element", loads), ("element", loads)],
    bodies: &["text", "element"],
    doc_marks: &[],
    ..SymbolTable::EMPTY
};

/// The value of an attribute of an element.
fn attribute<'t>(element: Node<'t>, name: &str) -> Option<Node<'t>> {
    let tag = element.named_children().next().filter(|tag| tag.kind().ends_with("_tag"))?;
    let named =
        |attribute: &Node<'_>| first(*attribute, "attribute_name").is_some_and(|found| found.text() == name);
    let value = tag
        .named_children()
        .filter(|child| child.kind() == "attribute")
        .find(named)?
        .named_children()
        .last()?;
    Some(first(value, "attribute_value").unwrap_or(value))
}

fn id(element: Node<'_>) -> Option<Node<'_>> {
    attribute(element, "id")
}

/// Scripts and style sheets.
fn loads(element: Node<'_>, imports: &mut Vec<Import>) {
    let tag = element.named_children().next().and_then(|tag| first(tag, "tag_name")).map_or("", Node::text);
    let name = match tag {
        "script" => "src",
        "link" => "href",
        _ => return,
    };
    if let Some(file) = attribute(element, name) {
        imports.push(import(element, file.text(), None, None));
    }
}

pub(super) static CSS: SymbolTable = SymbolTable {
    definitions: &[
        define("rule_set", Kind::Rule).named(Name::Child(&["selectors"])),
        define("keyframes_statement", Kind::Rule).named(Name::Child(&["keyframes_name"])),
    ],
    imports: &[("import_statement", loads_sheet)],
    bodies: &["block", "keyframe_block_list"],
    doc_marks: &["/*"],
    ..SymbolTable::EMPTY
};

fn loads_sheet(node: Node<'_>, imports: &mut Vec<Import>) {
    if let Some(file) = node.descendants().take(16).find(|part| part.kind() == "string_value") {
        imports.push(import(node, file.text(), None, None));
    }
}
