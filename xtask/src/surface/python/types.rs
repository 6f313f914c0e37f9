//! The module `heptad.types`: a class for each record and each variant of a union, and names for texts to choose from.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{
    docs::{Section, docstring},
    identifier,
    kinds::{given, literal, native, quoted, taken, taken_by},
};
use crate::{
    Result,
    surface::{Definition, Field, Record, Shape, Surface, Union, Variant, definitions::pascal},
};

/// The name of the class of a variant: `Part` that is a `tool_call` is a `ToolCallPart`.
fn class(definition: &Definition, variant: &Variant) -> String {
    pascal(&variant.tag) + &definition.name
}

/// Every name that the module has.
pub(super) fn names(surface: &Surface) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for definition in &surface.types {
        names.extend(own_names(definition));
    }
    names
}

/// The names that a type has: unions also those of their variants.
pub(super) fn own_names(definition: &Definition) -> Vec<String> {
    match &definition.shape {
        Shape::Alias(_) => Vec::new(),
        Shape::Union(union) => {
            let variants = union.variants.iter().map(|variant| class(definition, variant));
            variants.chain([definition.name.clone()]).collect()
        }
        _ => vec![definition.name.clone()],
    }
}

fn exported(surface: &Surface) -> String {
    let names = names(surface).iter().map(|name| format!("    \"{name}\",\n")).collect::<String>();
    format!("__all__ = [\n    \"Json\",\n{names}]\n")
}

pub(super) fn module(surface: &Surface) -> Result<String> {
    let mut text = String::from(
        "\"\"\"What operations take and give. Records do not change; what they hold stays in Rust until it is asked for.\"\"\"\n\n\
         from typing import Literal, Union\n\nfrom heptad._native import Record, register_union\n\n",
    );
    text += &exported(surface);
    text += "\nJson = Union[None, bool, int, float, str, \"list[Json]\", \"dict[str, Json]\"]\n";
    for definition in &surface.types {
        match &definition.shape {
            Shape::Record(record) => {
                text += &record_class(surface, &definition.name, &definition.doc, record, None)?
            }
            Shape::Choice(texts) => {
                let texts: Vec<String> =
                    texts.iter().map(|text| format!("Literal[{}]", quoted(&text.name))).collect();
                let _ = write!(text, "\n{} = Union[{}]\n", definition.name, texts.join(", "));
            }
            Shape::Union(union) => text += &union_classes(surface, definition, union)?,
            Shape::Alias(_) => {}
        }
    }
    Ok(text)
}

fn union_classes(surface: &Surface, definition: &Definition, union: &Union) -> Result<String> {
    let mut text = String::new();
    let (mut classes, mut tags) = (Vec::new(), Vec::new());
    for variant in &union.variants {
        let name = class(definition, variant);
        text +=
            &record_class(surface, &name, &variant.doc, &variant.record, Some((&union.tag, &variant.tag)))?;
        tags.push(format!("{}: {name}", quoted(&variant.tag)));
        classes.push(name);
    }
    let _ = write!(
        text,
        "\n\nregister_union(\"{}\", \"{}\", {{{}}})\n{} = Union[{}]\n",
        definition.name,
        union.tag,
        tags.join(", "),
        definition.name,
        classes.join(", ")
    );
    Ok(text)
}

fn record_class(
    surface: &Surface,
    name: &str,
    doc: &str,
    record: &Record,
    tag: Option<(&str, &str)>,
) -> Result<String> {
    let attributes = record.fields.iter().map(|field| {
        (format!("{} : {}", identifier(&field.name), given(surface, &field.kind)), field.doc.clone())
    });
    let section = Section { title: "Attributes", entries: attributes.collect() };
    let mut text =
        format!("\n\nclass {name}(Record):\n{}\n    __slots__ = ()\n", docstring(doc, &[section], 4));
    if let Some((tag, value)) = tag {
        let _ = writeln!(
            text,
            "    {} = {}\n    _tag = ({}, {})",
            identifier(tag),
            quoted(value),
            quoted(tag),
            quoted(value)
        );
    }
    if record.further.is_some() {
        text +=
            "    _open = True\n\n    def __getattr__(self, name):\n        return self._further(name)\n\n";
    }
    text += "    _fields = (\n";
    for field in &record.fields {
        let _ = writeln!(
            text,
            "        ({}, {}, {}, {}),",
            quoted(&identifier(&field.name)),
            quoted(&native(surface, &field.kind)),
            if field.required { "True" } else { "False" },
            literal(&field.default),
        );
    }
    Ok(text + "    )\n")
}

pub(super) fn stub(surface: &Surface) -> Result<String> {
    let mut text = String::from(
        "from collections.abc import Iterable, Mapping\nfrom datetime import datetime\nfrom os import PathLike\nfrom typing import Final, Literal, TypeAlias\n\n\
         from heptad._native import Record, Rows\n\n\
         Json: TypeAlias = None | bool | int | float | str | list[Json] | dict[str, Json]\n\n",
    );
    text += &exported(surface);
    for definition in &surface.types {
        match &definition.shape {
            Shape::Record(record) => text += &record_stub(surface, &definition.name, record, None)?,
            Shape::Choice(texts) => {
                let texts: Vec<String> = texts.iter().map(|text| quoted(&text.name)).collect();
                let _ = write!(text, "\n{} = Literal[{}]\n", definition.name, texts.join(", "));
            }
            Shape::Union(union) => {
                for variant in &union.variants {
                    let name = class(definition, variant);
                    text += &record_stub(surface, &name, &variant.record, Some((&union.tag, &variant.tag)))?;
                }
                let classes: Vec<String> =
                    union.variants.iter().map(|variant| class(definition, variant)).collect();
                let _ = write!(text, "\n{} = {}\n", definition.name, classes.join(" | "));
            }
            Shape::Alias(_) => {}
        }
    }
    Ok(text)
}

fn record_stub(surface: &Surface, name: &str, record: &Record, tag: Option<(&str, &str)>) -> Result<String> {
    let mut text = format!("\nclass {name}(Record):\n");
    if let Some((tag, value)) = tag {
        let _ = writeln!(text, "    {tag}: Final = {}", quoted(value));
    }
    let names: String =
        record.fields.iter().map(|field| format!("\"{}\", ", identifier(&field.name))).collect();
    let _ = writeln!(text, "    __match_args__ = ({})", names.trim_end());
    let (required, others): (Vec<&Field>, Vec<&Field>) =
        record.fields.iter().partition(|field| field.required);
    // By place as long as nothing optional comes before.
    let places = record.fields.iter().take_while(|field| field.required).count();
    text += "    def __new__(\n        cls,\n";
    for field in &record.fields[..places] {
        let _ = writeln!(text, "        {}: {},", identifier(&field.name), taken_by(surface, field));
    }
    if places < record.fields.len() {
        text += "        *,\n";
    }
    for field in required.iter().filter(|field| !record.fields[..places].contains(field)) {
        let _ = writeln!(text, "        {}: {},", identifier(&field.name), taken_by(surface, field));
    }
    for field in others {
        let kind = taken_by(surface, field);
        let none = if kind.ends_with("| None") || kind == "object" { "" } else { " | None" };
        let _ = writeln!(text, "        {}: {kind}{none} = ...,", identifier(&field.name));
    }
    if let Some(further) = &record.further {
        let _ = writeln!(text, "        **further: {},", taken(surface, further));
    }
    let _ = writeln!(text, "    ) -> {name}: ...");
    for field in &record.fields {
        let _ = writeln!(
            text,
            "    @property\n    def {}(self) -> {}: ...",
            identifier(&field.name),
            given(surface, &field.kind)
        );
    }
    if let Some(further) = &record.further {
        let _ = writeln!(text, "    def __getattr__(self, name: str, /) -> {}: ...", given(surface, further));
    }
    Ok(text)
}
