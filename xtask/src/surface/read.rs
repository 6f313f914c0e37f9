//! From the registry to the [`Surface`].

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Definition, Documented, Gives, Operation, Surface, System, Type, definitions::Definitions};
use crate::Result;

/// The API that the registry describes. `operations` and `errors` are the texts of the committed files.
///
/// # Errors
/// Where a schema says something that no surface could, with the operation and the place.
pub fn surface(operations: &str, errors: &str) -> Result<Surface> {
    let operations = parsed(operations, "bindings/operations.json")?;
    let errors = parsed(errors, "bindings/errors.json")?;
    let listed = operations.as_array().ok_or("the registry is no list of operations")?;
    let mut definitions = Definitions::default();
    for operation in listed {
        definitions.gather(operation)?;
    }
    let names = definitions.named();
    let mut systems: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for operation in listed {
        let full = text(operation, "name")?;
        let (system, name) = full.split_once('.').ok_or_else(|| format!("`{full}` is in no system"))?;
        let named = |side: &str| -> Result<String> {
            let title = text(&operation[side], "title").map_err(|e| format!("{full}, {side}: {e}"))?;
            names.get(system, &title)
        };
        let request = named("request")?;
        let response = named("response")?;
        let gives = match text(operation, "effect")?.as_str() {
            "streams" => Gives::Stream,
            "table" => Gives::Table,
            _ => Gives::One,
        };
        let response = if response == "Table" { Type::Table } else { Type::Named(response) };
        let request = (request != "Empty").then_some(request);
        let operation =
            Operation { name: name.to_owned(), doc: text(operation, "doc")?, gives, request, response };
        systems.entry(system.to_owned()).or_default().push(operation);
    }
    let mut types: Vec<Definition> = definitions.into_types(&names)?;
    types.retain(|definition| definition.name != "Empty");
    let errors = errors["errors"].as_array().into_iter().flatten();
    let errors = errors.map(|error| Ok(Documented { name: text(error, "kind")?, doc: text(error, "doc")? }));
    Ok(Surface {
        systems: systems.into_iter().map(|(name, operations)| System { name, operations }).collect(),
        types,
        errors: errors.collect::<Result<_>>()?,
    })
}

fn parsed(text: &str, file: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))
}

pub(super) fn text(value: &Value, key: &str) -> Result<String> {
    value[key].as_str().map(str::to_owned).ok_or_else(|| format!("there is no text `{key}`"))
}
