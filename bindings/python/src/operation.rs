//! An operation as the generated methods know it.

use std::sync::OnceLock;

use pyo3::{exceptions::PyTypeError, prelude::*, types::PyTuple};
use serde_json::{Map, Value};

use crate::{
    convert,
    kind::Kind,
    record::{Node, Record, Shape, key},
};

/// The name of an operation, the fields of its request in the order in which the method takes them, and what it gives.
#[pyclass(frozen, module = "heptad._native")]
pub(crate) struct Operation {
    pub(crate) name: String,
    fields: Vec<String>,
    /// The class of the request, whose records can be given in place of the fields.
    request: Option<String>,
    gives: String,
    kind: OnceLock<Kind>,
}

#[pymethods]
impl Operation {
    #[new]
    #[pyo3(signature = (name, fields, request, gives, /))]
    fn new(name: String, fields: Vec<String>, request: Option<String>, gives: String) -> Self {
        let fields = fields.iter().map(|field| key(field).to_owned()).collect();
        Self { name, fields, request, gives, kind: OnceLock::new() }
    }

    fn __repr__(&self) -> String {
        format!("<operation {}>", self.name)
    }
}

impl Operation {
    /// One of which only the name is known.
    pub(crate) fn unknown(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            fields: Vec::new(),
            request: None,
            gives: "any".to_owned(),
            kind: OnceLock::new(),
        }
    }

    /// The request that the values of the fields make. `None` stands for one that is not given.
    pub(crate) fn request(&self, values: &Bound<'_, PyTuple>) -> PyResult<Value> {
        if let Some(request) = &self.request
            && let Ok(first) = values.get_item(0)
            && let Ok(record) = first.cast::<Record>()
            && Shape::of(&first.get_type())?.get().name() == request
        {
            return Ok(record.get().value().clone());
        }
        if values.len() > self.fields.len() {
            return Err(PyTypeError::new_err(format!("{} takes {} fields", self.name, self.fields.len())));
        }
        let mut fields = Map::new();
        for (name, value) in self.fields.iter().zip(values) {
            if !value.is_none() {
                fields.insert(name.clone(), convert::json(&value)?);
            }
        }
        Ok(Value::Object(fields))
    }

    /// What it gave, in Python.
    pub(crate) fn given<'py>(&self, py: Python<'py>, value: Value) -> PyResult<Bound<'py, PyAny>> {
        let kind = match self.kind.get() {
            Some(kind) => kind,
            None => {
                let kind = Kind::parse(&self.gives)?;
                self.kind.get_or_init(|| kind)
            }
        };
        kind.python(py, Node::new(value))
    }
}
