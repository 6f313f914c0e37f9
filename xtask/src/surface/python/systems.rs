//! A module for each system: its handle, whose methods wait, and its twin, whose methods are awaited.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{
    docs::{Section, docstring, plain},
    identifier,
    kinds::{given, literal, native, taken_by},
    types::own_names,
};
use crate::{
    Result,
    surface::{Field, Gives, Operation, Record, Shape, Surface, System, definitions::pascal},
};

/// The two handles.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Waits,
    Awaited,
}

impl Way {
    fn class(self, system: &System) -> String {
        match self {
            Self::Waits => pascal(&system.name),
            Self::Awaited => format!("Async{}", pascal(&system.name)),
        }
    }
}

fn constant(operation: &Operation) -> String {
    format!("_{}", operation.name.to_uppercase())
}

/// The fields of the request of an operation: those that can be given by their place, and the others.
fn parameters<'a>(surface: &'a Surface, operation: &Operation) -> (Vec<&'a Field>, Vec<&'a Field>) {
    let nothing: &[Field] = &[];
    let request = operation.request.as_deref().and_then(|name| surface.definition(name));
    let fields = match request.map(|definition| &definition.shape) {
        Some(Shape::Record(Record { fields, .. })) => fields,
        _ => nothing,
    };
    let flagged = fields.iter().any(|field| field.positional);
    let by_place = |field: &&Field| if flagged { field.positional } else { field.required };
    let (mut places, others): (Vec<&Field>, Vec<&Field>) = fields.iter().partition(by_place);
    // What must be given comes before what need not.
    places.sort_by_key(|field| !field.required);
    (places, others)
}

pub(super) fn module(surface: &Surface, system: &System) -> Result<String> {
    let mut text = format!(
        "\"\"\"The operations of the system `{}`.\"\"\"\n\nimport heptad.types as _types\nfrom heptad._native import Operation as _Operation\n\
         from heptad._system import AsyncSystem, System\n{}\n__all__ = [{}]\n\n",
        system.name,
        imports(surface, system),
        all(surface, system),
    );
    for operation in &system.operations {
        let (places, others) = parameters(surface, operation);
        let fields = places
            .iter()
            .chain(&others)
            .map(|field| format!("\"{}\", ", identifier(&field.name)))
            .collect::<String>();
        let request = operation.request.as_ref().map_or("None".into(), |name| format!("\"{name}\""));
        let _ = writeln!(
            text,
            "{} = _Operation(\"{}.{}\", ({}), {request}, \"{}\")",
            constant(operation),
            system.name,
            operation.name,
            fields.trim_end(),
            native(surface, &operation.response)
        );
    }
    for way in [Way::Waits, Way::Awaited] {
        let base = if way == Way::Waits { "System" } else { "AsyncSystem" };
        let _ = write!(
            text,
            "\n\nclass {}({base}):\n    \"\"\"The operations of the system `{}`.\"\"\"\n\n    __slots__ = ()\n",
            way.class(system),
            system.name
        );
        for operation in &system.operations {
            text += &method(surface, operation, way)?;
        }
    }
    Ok(text)
}

/// The names of types that a system speaks of.
fn spoken(surface: &Surface, system: &System) -> BTreeSet<String> {
    let own = surface.types.iter().filter(|definition| definition.systems.contains(&system.name));
    own.flat_map(own_names).collect()
}

fn imports(surface: &Surface, system: &System) -> String {
    let names: Vec<String> =
        spoken(surface, system).into_iter().map(|name| format!("    {name},\n")).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("from heptad.types import (\n{})\n", names.concat())
    }
}

fn all(surface: &Surface, system: &System) -> String {
    let handles = [Way::Waits.class(system), Way::Awaited.class(system)];
    let names = handles.into_iter().chain(spoken(surface, system));
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

fn method(surface: &Surface, operation: &Operation, way: Way) -> Result<String> {
    let (places, others) = parameters(surface, operation);
    let mut signature = vec!["self".to_owned()];
    let parameter = |field: &&Field| {
        let default = if field.required { String::new() } else { format!("={}", literal(&field.default)) };
        identifier(&field.name) + &default
    };
    // In place of the first a request can be given: then the others are in it.
    signature.extend(places.iter().take(1).map(parameter));
    signature.extend(places.iter().skip(1).map(|field| {
        let default = if field.required { "None".into() } else { literal(&field.default) };
        format!("{}={default}", identifier(&field.name))
    }));
    if places.is_empty() && operation.request.is_some() {
        signature.push("request=None".into());
        signature.push("/".into());
    }
    if !others.is_empty() {
        signature.push("*".into());
    }
    signature.extend(others.iter().map(|field| {
        let default = if field.required { "None".into() } else { literal(&field.default) };
        format!("{}={default}", identifier(&field.name))
    }));
    let entries = places.iter().chain(&others).map(|field| {
        (format!("{} : {}", identifier(&field.name), taken_by(surface, field)), field.doc.clone())
    });
    let gives = given(surface, &operation.response);
    let gives = if operation.gives == Gives::Stream { format!("iterator of {gives}") } else { gives };
    let sections = [
        Section { title: "Parameters", entries: entries.collect() },
        Section { title: "Returns", entries: vec![(gives, String::new())] },
    ];
    let call = match (operation.gives, way) {
        (Gives::Stream, Way::Waits) => "stream",
        (Gives::Stream, Way::Awaited) => "stream_async",
        (_, Way::Waits) => "call",
        (_, Way::Awaited) => "call_async",
    };
    if operation.gives == Gives::Table {
        return Err(format!("{} gives a table, which has no form in Python yet", operation.name));
    }
    let values = places
        .iter()
        .chain(&others)
        .map(|field| format!(", {}", identifier(&field.name)))
        .collect::<String>();
    let name = identifier(&operation.name);
    let constant = constant(operation);
    let mut text = format!(
        "\n    def {name}({}):\n{}",
        signature.join(", "),
        docstring(&plain(&operation.doc), &sections, 8)
    );
    if places.is_empty() && operation.request.is_some() {
        let _ = write!(
            text,
            "        if request is not None:\n            return self._native.{call}({constant}, request)\n"
        );
    }
    let _ = writeln!(text, "        return self._native.{call}({constant}{values})");
    Ok(text)
}

pub(super) fn stub(surface: &Surface, system: &System) -> Result<String> {
    let mut text = format!(
        "from collections.abc import Awaitable, Iterable, Mapping\nfrom datetime import datetime\nfrom os import PathLike\nfrom typing import Literal, overload\n\n\
         from heptad._native import AsyncStream, Rows, Stream\nfrom heptad._system import AsyncSystem, System\n{}\n__all__ = [{}]\n",
        imports(surface, system),
        all(surface, system),
    );
    for way in [Way::Waits, Way::Awaited] {
        let base = if way == Way::Waits { "System" } else { "AsyncSystem" };
        let _ = write!(text, "\nclass {}({base}):\n", way.class(system));
        for operation in &system.operations {
            text += &method_stub(surface, operation, way);
        }
    }
    Ok(text)
}

fn method_stub(surface: &Surface, operation: &Operation, way: Way) -> String {
    let gives = given(surface, &operation.response);
    let gives = match (operation.gives, way) {
        (Gives::Stream, Way::Waits) => format!("Stream[{gives}]"),
        (Gives::Stream, Way::Awaited) => format!("AsyncStream[{gives}]"),
        (_, Way::Waits) => gives,
        (_, Way::Awaited) => format!("Awaitable[{gives}]"),
    };
    let (places, others) = parameters(surface, operation);
    let parameter = |field: &&Field| {
        let kind = taken_by(surface, field);
        let kind = if field.required || kind.ends_with("| None") || kind == "object" {
            kind
        } else {
            kind + " | None"
        };
        let default = if field.required { "" } else { " = ..." };
        format!("        {}: {kind}{default},\n", identifier(&field.name))
    };
    let overload = if operation.request.is_some() { "    @overload\n" } else { "" };
    let mut text = format!("{overload}    def {}(\n        self,\n", identifier(&operation.name));
    text.extend(places.iter().map(parameter));
    if !others.is_empty() {
        text += "        *,\n";
    }
    text.extend(others.iter().map(parameter));
    let _ = writeln!(text, "    ) -> {gives}: ...");
    if let Some(request) = &operation.request {
        let mut given = match places.first() {
            Some(first) => vec![format!("{}: {request}", identifier(&first.name))],
            None => vec![format!("request: {request} | None = None"), "/".into()],
        };
        // What else must be given is in the request.
        let needed = places.iter().skip(1).chain(&others).filter(|field| field.required);
        given.extend(needed.map(|field| format!("{}: None = None", identifier(&field.name))));
        let _ = writeln!(
            text,
            "    @overload\n    def {}(self, {}) -> {gives}: ...",
            identifier(&operation.name),
            given.join(", ")
        );
    }
    text
}

/// The handles of all systems.
fn all_handles(surface: &Surface, way: Way) -> String {
    surface.systems.iter().fold(String::new(), |mut text, system| {
        let class = way.class(system);
        let _ = write!(
            text,
            "\n    @cached_property\n    def {}(self):\n        \"\"\"The operations of the system `{0}`.\"\"\"\n        from heptad.{0} import {class}\n\n        return {class}(self._native)\n",
            system.name
        );
        text
    })
}

pub(super) fn all_of(surface: &Surface) -> String {
    let mut text = String::from(
        "\"\"\"The ways to the systems. A module is read when its system is first asked for.\"\"\"\n\nfrom functools import cached_property\n\n",
    );
    for (class, way) in [("Systems", Way::Waits), ("AsyncSystems", Way::Awaited)] {
        let _ = write!(
            text,
            "\nclass {class}:\n    \"\"\"A handle for each system.\"\"\"\n\n    def __init__(self, native):\n        self._native = native\n{}\n",
            all_handles(surface, way)
        );
    }
    text
}

pub(super) fn all_stub(surface: &Surface) -> String {
    let mut text =
        String::from("from functools import cached_property\n\nfrom heptad._native import Native\n");
    for system in &surface.systems {
        let _ = writeln!(
            text,
            "from heptad.{} import {}, {}",
            system.name,
            Way::Awaited.class(system),
            Way::Waits.class(system)
        );
    }
    for (class, way) in [("Systems", Way::Waits), ("AsyncSystems", Way::Awaited)] {
        let _ = write!(text, "\nclass {class}:\n    def __init__(self, native: Native) -> None: ...\n");
        for system in &surface.systems {
            let _ = write!(
                text,
                "    @cached_property\n    def {}(self) -> {}: ...\n",
                system.name,
                way.class(system)
            );
        }
    }
    text
}
