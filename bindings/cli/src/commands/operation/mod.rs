//! Calls one operation and shows what it gives: [`form`] is who renders it and how, [`reply`] is waiting for it and printing it.

mod form;
mod reply;

use std::process::ExitCode;

use heptad::core::{
    Result,
    operation::{Effect, Operation, Reply},
};

pub(crate) use self::form::Form;
use super::Call;
use crate::{platform::Platform, progress, request, runtime, signature::Signature};

pub(crate) fn run(call: &Call<'_>, operation: &Operation) -> Result<ExitCode> {
    let spec = operation.spec;
    let signature = Signature::of(spec);
    let named = |error: heptad::core::Error| error.in_operation(spec.full_name);
    let form = Form::choose(call.matches, &signature.formats).map_err(named)?;
    let mut request = request::build(&signature.flags, call.matches).map_err(named)?;
    form.set_in(&mut request);
    runtime::block_on(async {
        let watcher = progress::watcher(call.globals);
        let platform = Platform::open_for(spec.full_name, call.globals, watcher.clone()).await?;
        // What renders a report is of use without a database; what only keeps something is not.
        if spec.effect == Effect::Writes && signature.formats.is_empty() && !platform.is_kept() {
            call.console.note("nothing of this is kept: no database was named (`--db PATH`)");
        }
        match (operation.invoke)(platform.context(), request) {
            Reply::One(response) => {
                let response = runtime::interruptible(response).await;
                watcher.finish();
                response.and_then(|response| reply::whole(call.console, spec, form, response))
            }
            Reply::Many(items) => reply::stream(call.console, items).await,
        }
    })
}
