//! `heptad operations`: everything that can be called. No store is opened.

use std::process::ExitCode;

use clap::{Arg, Command};
use heptad::core::{
    Error, Result,
    operation::{Operation, Spec},
    suggest::did_you_mean,
};
use serde_json::{Value, json};

use super::Call;
use crate::output::markdown;

pub(super) fn command() -> Command {
    Command::new("operations")
        .about("List everything that can be called")
        .arg(Arg::new("name").value_name("SYSTEM|OPERATION").help("Only this system, or this operation"))
        .after_help("As JSON each comes with its documentation and the JSON Schemas of request and response.")
}

pub(super) fn run(call: &Call<'_>) -> Result<ExitCode> {
    let wanted = call.matches.get_one::<String>("name").map(|name| name.replace('-', "_"));
    let fits = |operation: &&Operation| {
        let Spec { system, full_name, .. } = operation.spec;
        wanted.as_deref().is_none_or(|wanted| wanted == *system || wanted == *full_name)
    };
    let entry = if call.console.format.is_json() { declaration } else { row };
    let list: Vec<_> = call.registry.iter().filter(fits).map(|operation| entry(operation.spec)).collect();
    if let (Some(wanted), true) = (wanted, list.is_empty()) {
        let known = call.registry.iter().flat_map(|it| [it.spec.full_name, it.spec.system]);
        let hint = did_you_mean(&wanted, known);
        return Err(Error::not_found(format!(
            "there is no system and no operation `{wanted}` in this build{hint}"
        )));
    }
    call.console.print(&call.console.format.whole(&Value::Array(list), call.console.width))?;
    Ok(ExitCode::SUCCESS)
}

fn row(spec: &Spec) -> Value {
    let summary = anstream::adapter::strip_str(&markdown::inline(spec.summary())).to_string();
    json!({ "name": spec.full_name, "effect": spec.effect, "permission": spec.permission, "summary": summary })
}

/// All there is to know: what the typed surfaces of other languages are generated from.
fn declaration(spec: &Spec) -> Value {
    json!({
        "name": spec.full_name,
        "summary": spec.summary(),
        "doc": spec.doc,
        "effect": spec.effect,
        "permission": spec.permission,
        "request": (spec.request)().to_value(),
        "response": (spec.response)().to_value(),
    })
}
