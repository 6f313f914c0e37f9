//! The one place that every call goes through: permission, span, count.

use std::future::Future;

use futures_core::Stream;
use futures_util::{StreamExt as _, stream::BoxStream};

use super::{Context, Spec};
use crate::error::{Error, ErrorKind, Result};

/// Runs `body` as the operation `spec` if the principal of `context` may.
///
/// # Errors
/// [`PermissionDenied`](ErrorKind::PermissionDenied) where they may not; else what `body` fails with, with the operation's name added.
pub async fn call<T>(
    context: &Context,
    spec: &'static Spec,
    body: impl Future<Output = Result<T>>,
) -> Result<T> {
    check(context, spec)?;
    body.await.map_err(|error| error.in_operation(spec.full_name))
}

/// The same for an operation that streams: a caller without the permission gets one item, the error.
pub fn stream<T: Send + 'static>(
    context: &Context,
    spec: &'static Spec,
    body: impl Stream<Item = Result<T>> + Send + 'static,
) -> BoxStream<'static, Result<T>> {
    match check(context, spec) {
        Ok(()) => body.map(|item| item.map_err(|error| error.in_operation(spec.full_name))).boxed(),
        Err(error) => futures_util::stream::once(async { Err(error) }).boxed(),
    }
}

fn check(context: &Context, spec: &'static Spec) -> Result<()> {
    if context.principal.may(spec.permission) {
        return Ok(());
    }
    let message = format!("`{}` lacks the permission `{}`", context.principal.id, spec.permission);
    Err(Error::new(ErrorKind::PermissionDenied, message).in_operation(spec.full_name))
}
