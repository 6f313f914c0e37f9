//! The room `code`.

mod cache;
mod definitions;
mod hazards;
mod hostile;
mod language;
mod lines;
mod markdown;
mod operations;
mod symbols;
mod tree;
mod walk;
