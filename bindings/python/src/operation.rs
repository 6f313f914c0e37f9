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
    /// What each is where it is not given.
    defaults: Vec<Value>,
    /// The class of the request, whose records can be given in place of the fields.
    request: Option<String>,
    gives: String,
    kind: OnceLock<Kind>,
}

#[pymethods]
impl Operation {
    #[new]
    #[pyo3(signature = (name, fields, defaults, request, gives, /))]
    fn new(
        name: String,
        fields: Vec<String>,
        defaults: Vec<Bound<'_, PyAny>>,
        request: Option<String>,
        gives: String,
    ) -> PyResult<Self> {
        let fields = fields.iter().map(|field| key(field).to_owned()).collect();
        let defaults = defaults.iter().map(convert::json).collect::<PyResult<_>>()?;
        Ok(Self { name, fields, defaults, request, gives, kind: OnceLock::new() })
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
            defaults: Vec::new(),
            request: None,
            gives: "any".to_owned(),
            kind: OnceLock::new(),
        }
    }

    /// The request that the values of the fields make; `None` stands for one that is not given. Or the request itself: by its name, or in place of the
    /// first field.
    pub(crate) fn request(
        &self,
        values: &Bound<'_, PyTuple>,
        whole: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Value> {
        if let Some(whole) = whole {
            let Some(record) = self.whole(whole)? else {
                let class = self.request.as_deref().unwrap_or("request");
                let message =
                    format!("{} takes a {class} by its place: give fields by their names", self.name);
                return Err(PyTypeError::new_err(message));
            };
            self.alone(values, 0)?;
            return Ok(record);
        }
        if let Ok(first) = values.get_item(0)
            && let Some(record) = self.whole(&first)?
        {
            self.alone(values, 1)?;
            return Ok(record);
        }
        let mut fields = Map::new();
        for (name, value) in self.fields.iter().zip(values) {
            if !value.is_none() {
                fields.insert(name.clone(), convert::json(&value)?);
            }
        }
        Ok(Value::Object(fields))
    }

    /// The value of the request where `record` is one.
    fn whole(&self, record: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
        let (Some(request), Ok(record)) = (&self.request, record.cast::<Record>()) else { return Ok(None) };
        let shape = Shape::of(&record.get_type())?;
        Ok((shape.get().name() == request).then(|| record.get().value().clone()))
    }

    /// Beside a request nothing else is given.
    fn alone(&self, values: &Bound<'_, PyTuple>, from: usize) -> PyResult<()> {
        for ((name, default), value) in self.fields.iter().zip(&self.defaults).zip(values).skip(from) {
            if !value.is_none() && convert::json(&value)? != *default {
                let message =
                    format!("{} was given a request and `{name}`: put it into the request", self.name);
                return Err(PyTypeError::new_err(message));
            }
        }
        Ok(())
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
