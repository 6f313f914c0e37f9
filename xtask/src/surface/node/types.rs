//! Interfaces for records, and names for texts to choose from and for the variants of unions.

use std::fmt::Write as _;

use super::{
    docs::comment,
    kinds::{Side, Sides, key, quoted},
};
use crate::surface::{
    Definition, Documented, Field, Record, Shape, Type, Union, Variant, definitions::pascal,
};

/// Every declaration with its name.
pub(super) fn declarations(sides: &Sides<'_>) -> Vec<(String, String)> {
    let mut declared = Vec::new();
    for definition in &sides.surface.types {
        for side in sides.declared(&definition.name) {
            let text = body(sides, definition, side);
            if !text.is_empty() {
                let variants = match &definition.shape {
                    Shape::Union(union) => {
                        union.variants.iter().map(|it| variant(sides, definition, it, side)).collect()
                    }
                    _ => Vec::new(),
                };
                declared.extend(variants.into_iter().map(|name| (name, String::new())));
                declared.push((sides.name(&definition.name, side), text));
            }
        }
    }
    declared
}

/// The name of a variant: `Part` that is a `tool_call` is a `ToolCallPart`.
fn variant(sides: &Sides<'_>, definition: &Definition, variant: &Variant, side: Side) -> String {
    pascal(&variant.tag) + &sides.name(&definition.name, side)
}

/// How a type is declared on that side.
pub(super) fn body(sides: &Sides<'_>, definition: &Definition, side: Side) -> String {
    let name = sides.name(&definition.name, side);
    let doc = &definition.doc;
    match &definition.shape {
        Shape::Record(record) => interface(sides, &name, doc, record, None, side),
        Shape::Choice(texts) => choice(&name, doc, texts),
        Shape::Union(union) => of_variants(sides, definition, union, side),
        Shape::Alias(_) => String::new(),
    }
}

fn choice(name: &str, doc: &str, texts: &[Documented]) -> String {
    let mut text = format!("{}export type {name} =", comment(doc, &[], 0));
    if texts.iter().all(|text| text.doc.is_empty()) {
        let texts: Vec<String> = texts.iter().map(|text| quoted(&text.name)).collect();
        let _ = writeln!(text, " {};\n", texts.join(" | "));
    } else {
        for one in texts {
            let _ = write!(text, "\n{}  | {}", comment(&one.doc, &[], 2), quoted(&one.name));
        }
        text += ";\n\n";
    }
    text
}

fn of_variants(sides: &Sides<'_>, definition: &Definition, union: &Union, side: Side) -> String {
    let mut text = String::new();
    let mut names = Vec::new();
    for each in &union.variants {
        let name = variant(sides, definition, each, side);
        text += &interface(sides, &name, &each.doc, &each.record, Some((&union.tag, &each.tag)), side);
        names.push(name);
    }
    let name = sides.name(&definition.name, side);
    let _ = writeln!(
        text,
        "{}export type {name} = {};\n",
        comment(&format!("{}\n\nTold by its `{}`.", definition.doc, union.tag), &[], 0),
        names.join(" | ")
    );
    text
}

fn interface(
    sides: &Sides<'_>,
    name: &str,
    doc: &str,
    record: &Record,
    tag: Option<(&str, &str)>,
    side: Side,
) -> String {
    let mut text = format!("{}export interface {name} {{\n", comment(doc, &[], 0));
    if let Some((tag, value)) = tag {
        let _ = writeln!(text, "  readonly {}: {};", key(tag), quoted(value));
    }
    for field in &record.fields {
        text += &declared(sides, field, side);
    }
    if record.further.is_some() {
        text += "  /** Any further field. */\n  readonly [name: string]: unknown;\n";
    }
    text + "}\n\n"
}

fn declared(sides: &Sides<'_>, field: &Field, side: Side) -> String {
    let kind = sides.kind(&field.kind, side);
    let name = key(&field.name);
    match side {
        Side::Given if field.always => format!("{}  readonly {name}: {kind};\n", comment(&field.doc, &[], 2)),
        Side::Given => {
            // What is none is left out.
            let kind = match sides.surface.resolve(&field.kind) {
                Type::Optional(kind) => sides.kind(kind, side),
                _ => kind,
            };
            format!("{}  readonly {name}?: {kind};\n", comment(&field.doc, &[], 2))
        }
        Side::Taken if field.required => {
            format!("{}  readonly {name}: {kind};\n", comment(&field.doc, &[], 2))
        }
        Side::Taken => {
            let default = Some(&field.default).filter(|default| !default.is_null());
            let tags: Vec<String> =
                default.iter().map(|default| format!("@defaultValue `{default}`")).collect();
            let none = if kind == "unknown" { "" } else { " | undefined" };
            format!("{}  readonly {name}?: {kind}{none};\n", comment(&field.doc, &tags, 2))
        }
    }
}
