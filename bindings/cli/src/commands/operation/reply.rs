//! Waits for what an operation gives, and prints it.

use std::process::ExitCode;

use futures_util::{
    StreamExt as _,
    future::{Either, select},
    pin_mut,
    stream::BoxStream,
};
use heptad::core::{
    Result,
    operation::{Effect, Spec},
};
use serde_json::Value;

use super::form::Form;
use crate::{
    exit,
    output::{Console, Format},
};

/// As many items of a stream are written at once, if they are there.
const BATCH: usize = 256;

/// Prints one result. By convention a response with `failed: true` is an answer that a script must notice.
pub(super) fn whole(console: &Console, spec: &Spec, form: Form<'_>, mut response: Value) -> Result<ExitCode> {
    let failed = response.get("failed") == Some(&Value::Bool(true));
    match form.rendered(&mut response) {
        Some(text) => console.print_rendered(&text)?,
        None => {
            if spec.effect == Effect::Table && console.format != Format::Json {
                response = rows(response);
            }
            console.print(&console.format.whole(&response, console.width))?;
        }
    }
    Ok(ExitCode::from(if failed { exit::GATE } else { exit::SUCCESS }))
}

/// The columns of a table as a list of objects, one for each row.
fn rows(table: Value) -> Value {
    let count = table.get("rows").and_then(Value::as_u64).and_then(|rows| usize::try_from(rows).ok());
    let (Some(count), Some(columns)) = (count, table.get("columns").and_then(Value::as_array)) else {
        return table;
    };
    let cell = |column: &Value, row: usize| {
        let value = column.get("values").and_then(|values| values.get(row)).cloned().unwrap_or_default();
        Some((column.get("name")?.as_str()?.to_owned(), value))
    };
    (0..count).map(|row| columns.iter().filter_map(|column| cell(column, row)).collect::<Value>()).collect()
}

/// Prints items as they come, those that are there at once together. Ctrl-C ends it without a complaint, but not as a success: whoever
/// reads the output must know that it is not all.
pub(super) async fn stream(console: &Console, items: BoxStream<'static, Result<Value>>) -> Result<ExitCode> {
    let mut batches = items.ready_chunks(BATCH);
    let mut table = Vec::new();
    let mut code = exit::SUCCESS;
    let interrupt = tokio::signal::ctrl_c();
    pin_mut!(interrupt);
    loop {
        // The interrupt is asked first: a stream that is always ready must not drown it.
        let batch = match select(interrupt.as_mut(), batches.next()).await {
            Either::Right((Some(batch), _)) => batch,
            Either::Right((None, _)) => break,
            Either::Left(_) => {
                code = exit::INTERRUPTED;
                break;
            }
        };
        let mut text = String::new();
        let mut failure = None;
        for item in batch {
            match item {
                Ok(item) if console.format == Format::Table => table.push(item),
                Ok(item) => text += &console.format.item(&item),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        console.print(&text)?;
        if let Some(error) = failure {
            return Err(error);
        }
    }
    if console.format == Format::Table {
        console.print(&console.format.whole(&Value::Array(table), console.width))?;
    }
    Ok(ExitCode::from(code))
}

#[cfg(test)]
mod tests;
