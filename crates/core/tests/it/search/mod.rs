//! The room `search`.

mod parse;
mod tokenize;

#[cfg(feature = "tantivy")]
mod catalog;
#[cfg(feature = "tantivy")]
mod cranfield;
#[cfg(all(feature = "tantivy", feature = "sqlite"))]
pub(crate) mod crash;
#[cfg(all(feature = "tantivy", feature = "sqlite"))]
mod drop_crash;
#[cfg(feature = "tantivy")]
mod hybrid;
#[cfg(feature = "tantivy")]
mod operations;
#[cfg(feature = "tantivy")]
mod removal;
#[cfg(feature = "tantivy")]
mod tantivy;
