//! The event bus, from outside.

mod cost;
mod envelope;
mod local;
mod operations;
mod unreadable;
