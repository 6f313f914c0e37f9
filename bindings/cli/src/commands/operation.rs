//! Calls one operation and shows what it gives.

use std::process::ExitCode;

use futures_util::{
    StreamExt as _,
    future::{Either, select},
    pin_mut,
    stream::BoxStream,
};
use heptad::core::{
    Error, ErrorKind, Result,
    operation::{Effect, Operation, Reply},
};
use serde_json::Value;

use super::Call;
use crate::{exit, output::Format, platform::Platform, progress, request, runtime, signature::Signature};

/// As many items of a stream are written at once, if they are there.
const BATCH: usize = 256;

pub(crate) fn run(call: &Call<'_>, operation: &Operation) -> Result<ExitCode> {
    let signature = Signature::of(operation.spec);
    let asked = call.matches.get_one::<String>("format").map(String::as_str);
    let own = asked.filter(|asked| signature.formats.iter().any(|format| format == asked));
    if asked.is_some() && own.is_none() && asked.and_then(Format::named).is_none() {
        let known: Vec<_> =
            signature.formats.iter().map(String::as_str).chain(Format::ALL.iter().map(|it| it.1)).collect();
        return Err(Error::invalid(format!("`--format` takes one of {}", known.join(", ")))
            .in_operation(operation.spec.full_name));
    }
    let request = request::build(&signature.flags, own, call.matches)
        .map_err(|error| error.in_operation(operation.spec.full_name))?;
    let rendered = !signature.formats.is_empty() && (own.is_some() || asked.is_none());
    runtime::block_on(async {
        let watcher = progress::watcher(call.globals);
        let platform = Platform::open(call.globals, watcher.clone()).await?;
        if operation.spec.effect == Effect::Writes && !platform.is_kept() {
            call.console
                .note("no database was named, so nothing of this is kept (`--db PATH`, or HEPTAD_DB)");
        }
        let shown = match (operation.invoke)(platform.context(), request) {
            Reply::One(reply) => {
                let reply = interruptible(reply).await;
                watcher.finish();
                reply.and_then(|response| show(call, operation, response, rendered))
            }
            Reply::Many(items) => stream(call, items).await,
        };
        platform.close().await;
        shown
    })
}

/// The result of `work`, or `Cancelled` as soon as somebody presses Ctrl-C.
async fn interruptible<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let interrupt = tokio::signal::ctrl_c();
    pin_mut!(work, interrupt);
    match select(work, interrupt).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(Error::new(ErrorKind::Cancelled, "interrupted")),
    }
}

fn show(call: &Call<'_>, operation: &Operation, mut response: Value, rendered: bool) -> Result<ExitCode> {
    let console = call.console;
    let failed = response.get("failed") == Some(&Value::Bool(true));
    match response.get("rendered").and_then(Value::as_str) {
        Some(text) if rendered => console.print_rendered(text)?,
        _ => {
            if operation.spec.effect == Effect::Table && console.format != Format::Json {
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

/// Prints items as they come, those that are there at once together. Ctrl-C ends it without a complaint.
async fn stream(call: &Call<'_>, items: BoxStream<'static, Result<Value>>) -> Result<ExitCode> {
    let console = call.console;
    let mut batches = items.ready_chunks(BATCH);
    let mut table = Vec::new();
    let mut exit = exit::SUCCESS;
    let interrupt = tokio::signal::ctrl_c();
    pin_mut!(interrupt);
    loop {
        let batch = match select(batches.next(), interrupt.as_mut()).await {
            Either::Left((Some(batch), _)) => batch,
            Either::Left((None, _)) => break,
            Either::Right(_) => {
                exit = exit::INTERRUPTED;
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
    Ok(ExitCode::from(exit))
}
