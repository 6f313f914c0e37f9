//! The event bus, from outside.

mod local;
