//! The `#[operations]` attribute: the methods of a handle become operations that every surface can reach.
//!
//! Nothing else lives here, for a procedural macro must be a crate of its own. Data goes one way: `parse` reads the impl and refuses
//! what is not an operation, `expand` writes the declarations. Use it as `heptad_core::operation::operations`; the module
//! `heptad_core::operation` shows a complete example.

mod expand;
mod parse;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Declares the methods of a handle as operations.
///
/// On `impl Handle { … }`, with `system = "…"` as its argument. A method with `#[operation(…)]` becomes an operation; every other item of
/// the impl stays as it is.
///
/// `#[operation(effect, permission = "…", name = "…")]` takes:
/// - one effect: `reads`, `writes`, `streams` or `table`;
/// - `permission`, by default `system.name`;
/// - `name`, by default the name of the method.
///
/// The method has a documentation comment (its first line is the summary on every surface), takes `&self` and at most one request, and
/// is `async fn … -> Result<T>`, with `Result<Table>` for `table`, or for `streams` a plain `fn … -> impl Stream<Item = Result<T>>`. A
/// streaming body must not borrow from `self`: clone the handle, for the stream outlives the call.
///
/// Generated are the guarded method itself (permission, span, count) and `OPERATIONS`, the list that a registry takes.
#[proc_macro_attribute]
pub fn operations(attribute: TokenStream, item: TokenStream) -> TokenStream {
    parse::handle(attribute.into(), item.into())
        .map_or_else(syn::Error::into_compile_error, expand::handle)
        .into()
}
