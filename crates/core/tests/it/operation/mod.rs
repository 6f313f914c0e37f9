//! The room `operation`: one handle, called with types and by name.

mod greeter;
mod guard;
mod registry;
mod requests;
mod table;
