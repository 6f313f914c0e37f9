//! Vectors beside a scan that is too simple to be wrong.

mod laws;
mod refused;
