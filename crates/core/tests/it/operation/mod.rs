//! The room `operation`: one handle, called with types and by name.

mod greeter;
mod guard;
mod health;
mod platform;
mod registry;
mod requests;
mod spans;
mod table;
