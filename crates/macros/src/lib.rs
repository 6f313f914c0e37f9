//! The `#[operations]` attribute.

use proc_macro::TokenStream;

/// Declares the methods of a handle as operations.
#[proc_macro_attribute]
pub fn operations(_attribute: TokenStream, item: TokenStream) -> TokenStream {
    item
}
