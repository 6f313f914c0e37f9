//! The room `operation`.
