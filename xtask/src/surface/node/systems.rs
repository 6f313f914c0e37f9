//! The handles of the systems: a class with a method of one line for each operation, and how it is declared.

use std::fmt::Write as _;

use super::{
    docs::comment,
    kinds::{Side, Sides},
};
use crate::{
    Result,
    surface::{Gives, Operation, Record, Shape, Surface, definitions::pascal},
};

/// `a_name` as `aName`.
fn camel(name: &str) -> String {
    let name = pascal(name);
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

pub(super) fn script(surface: &Surface) -> String {
    let mut text = String::new();
    for system in &surface.systems {
        let _ = writeln!(text, "class {} extends System {{", pascal(&system.name));
        for operation in &system.operations {
            let (parameters, request) = if operation.request.is_some() {
                ("request, options", "request")
            } else {
                ("options", "undefined")
            };
            let way = if operation.gives == Gives::Stream { "_stream" } else { "_call" };
            let _ = writeln!(
                text,
                "  {}({parameters}) {{ return this.{way}(\"{}.{}\", {request}, options); }}",
                camel(&operation.name),
                system.name,
                operation.name,
            );
        }
        text += "}\n\n";
    }
    text += "class Heptad extends Opened {\n";
    for system in &surface.systems {
        let _ = writeln!(
            text,
            "  get {}() {{ return this._system({}); }}",
            camel(&system.name),
            pascal(&system.name)
        );
    }
    text + "}\n"
}

/// The handles that the platform has.
pub(super) fn handle_declarations(surface: &Surface) -> String {
    surface.systems.iter().fold(String::new(), |mut text, system| {
        let class = pascal(&system.name);
        let _ = writeln!(
            text,
            "  /** The operations of the system `{}`. */\n  readonly {}: {class};",
            system.name,
            camel(&system.name)
        );
        text
    })
}

pub(super) fn declarations(sides: &Sides<'_>) -> Result<String> {
    let mut text = String::new();
    for system in &sides.surface.systems {
        let _ = writeln!(
            text,
            "/** The operations of the system `{}`. */\nexport interface {} {{",
            system.name,
            pascal(&system.name)
        );
        for operation in &system.operations {
            text += &method(sides, operation)?;
        }
        text += "}\n\n";
    }
    Ok(text)
}

fn method(sides: &Sides<'_>, operation: &Operation) -> Result<String> {
    let gives = sides.kind(&operation.response, Side::Given);
    let gives = match operation.gives {
        Gives::One => format!("Promise<{gives}>"),
        Gives::Stream => format!("Stream<{gives}>"),
        Gives::Table => {
            return Err(format!("{} gives a table, which has no form in Node yet", operation.name));
        }
    };
    let request = operation.request.as_deref().map(|name| {
        let needed = match sides.surface.definition(name).map(|definition| &definition.shape) {
            Some(Shape::Record(Record { fields, .. })) => fields.iter().any(|field| field.required),
            _ => true,
        };
        let optional = if needed { "" } else { "?" };
        format!("request{optional}: {}, ", sides.name(name, Side::Taken))
    });
    Ok(format!(
        "{}  {}({}options?: CallOptions): {gives};\n",
        comment(&operation.doc, &[], 2),
        camel(&operation.name),
        request.unwrap_or_default(),
    ))
}
