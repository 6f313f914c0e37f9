//! Calling an operation by name: JSON to request, the typed call, response to JSON. Called by generated code only.

use std::future::Future;

use futures_core::Stream;
use futures_util::{FutureExt as _, StreamExt as _};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Context, Handle, Reply, Spec, Table, guard, request};
use crate::error::{Error, Result};

/// An operation with one result.
pub fn one<H, R, T, F>(
    spec: &'static Spec,
    context: Context,
    request: Value,
    run: impl FnOnce(H, R) -> F + Send + 'static,
) -> Reply
where
    H: Handle,
    R: DeserializeOwned + Send,
    T: Serialize + Send,
    F: Future<Output = Result<T>> + Send,
{
    let reply = async move {
        let response = match request::read(spec, request) {
            Ok(request) => run(H::new(context), request).await?,
            Err(error) => return Err(guard::refuse(&context, spec, error).await),
        };
        write(spec, &response)
    };
    Reply::One(reply.boxed())
}

/// An operation whose result is a table.
pub fn table<H, R, F>(
    spec: &'static Spec,
    context: Context,
    request: Value,
    run: impl FnOnce(H, R) -> F + Send + 'static,
) -> Reply
where
    H: Handle,
    R: DeserializeOwned + Send,
    F: Future<Output = Result<Table>> + Send,
{
    one(spec, context, request, run)
}

/// An operation that streams.
pub fn stream<H, R, T, S>(
    spec: &'static Spec,
    context: Context,
    request: Value,
    run: impl FnOnce(H, R) -> S,
) -> Reply
where
    H: Handle,
    R: DeserializeOwned,
    T: Serialize + 'static,
    S: Stream<Item = Result<T>> + Send + 'static,
{
    match request::read(spec, request) {
        Ok(request) => {
            let items = run(H::new(context), request);
            Reply::Many(items.map(move |item| item.and_then(|item| write(spec, &item))).boxed())
        }
        Err(error) => {
            let refused = async move { Err(guard::refuse(&context, spec, error).await) };
            Reply::Many(futures_util::stream::once(refused).boxed())
        }
    }
}

fn write<T: Serialize>(spec: &'static Spec, response: &T) -> Result<Value> {
    serde_json::to_value(response).map_err(|error| {
        Error::internal("the response has no JSON form").because(error).in_operation(spec.full_name)
    })
}
