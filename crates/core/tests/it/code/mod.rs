//! The room `code`.
