//! Code intelligence: languages, parsing, a compact tree, symbols.
//!
//! Data goes one way: [`walk`] finds files and reads them (the only room here that touches a disk), [`Language`] says what they are,
//! [`parse`] turns text into a [`Tree`] of 16 bytes a node.
//!
//! Parsing never panics or overflows, however deep, long or broken the text is: [`ParseLimits`] bound it, and [`ParseError`] says
//! which of them was reached.

mod hazards;
pub mod language;
mod lines;
mod parse;
mod source;
mod tree;

pub use self::{
    language::Language,
    lines::{LineIndex, Position, Span},
    parse::{ParseError, ParseLimits, parse, parse_with},
    source::{Source, SourceError},
    tree::{Node, NodeId, Tree},
};
