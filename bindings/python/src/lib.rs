//! The native module of the Python package `heptad`.
//!
//! It knows no system and no type by name: the generated classes in `python/heptad/` say which fields there are, and every operation is called
//! through the registry. What an operation gives stays in Rust; Python sees it through the descriptors in `record`.

mod consumer;
mod convert;
mod errors;
mod html;
mod kind;
mod models;
mod operation;
mod platform;
mod progress;
mod record;
mod runtime;
mod sequence;
mod stream;
mod waiting;

use pyo3::prelude::*;

#[pymodule(gil_used = false, name = "_native")]
mod native {
    #[pymodule_export]
    use crate::{
        consumer::{Deliveries, Delivery},
        kind::register_union,
        operation::Operation,
        platform::{Native, open, open_async},
        record::Record,
        sequence::Rows,
        stream::{AsyncStream, Stream},
    };
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
