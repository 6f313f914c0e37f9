//! Code intelligence: languages, parsing, a compact tree, symbols.
//!
//! Data goes one way: [`walk`] finds files and reads them (the only room here that touches a disk), [`Language`] says what they are,
//! [`parse`] turns text into a [`Tree`] of 16 bytes a node, [`Outline::of`] says what the tree defines, uses and imports.
//! [`FactCache`] keeps such facts by content hash, and [`Code`] is the handle with the operations.
//!
//! Parsing never panics or overflows, however deep, long or broken the text is: [`ParseLimits`] bound it, and [`ParseError`] says
//! which of them was reached.

pub mod cache;
mod hazards;
mod index;
pub mod language;
mod lines;
pub mod markdown;
pub mod operations;
mod parse;
mod source;
pub mod symbols;
mod tree;
pub mod walk;

pub use self::{
    cache::FactCache,
    language::Language,
    lines::{LineIndex, Position, Span},
    operations::Code,
    parse::{ParseError, ParseLimits, parse, parse_with},
    source::{Source, SourceError},
    symbols::{Definition, Import, Outline, Reference, ReferenceKind, SymbolKind},
    tree::{Node, NodeId, Tree},
};
