//! The room `code`.

mod hostile;
mod language;
mod lines;
mod symbols;
mod tree;
