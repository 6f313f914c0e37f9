//! What a field holds, as the generated classes say it, and how that is seen from Python.
//!
//! `str`, `int`, `float`, `bool`, `time`, `any`, the name of a record or a union; `[K]` some in order, `{K}` some by name, `K?` perhaps none.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use pyo3::{
    exceptions::{PyRuntimeError, PyTypeError},
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyList, PyMappingProxy, PyType},
};
use serde_json::Value;

use crate::{record::Node, sequence::Rows};

/// What a field holds.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Text, a number, a truth value or nothing: JSON says which.
    Plain,
    /// A floating-point number, also where JSON writes it without a point.
    Number,
    Time,
    Any,
    List(Arc<Kind>),
    Map(Arc<Kind>),
    Named(Named),
}

/// A record or a union, by name: it may be declared later.
#[derive(Debug)]
pub(crate) struct Named {
    name: String,
    found: OnceLock<Arc<Declared>>,
}

/// What has a name.
#[derive(Debug)]
pub(crate) enum Declared {
    Record(Py<PyType>),
    Union { tag: String, variants: HashMap<String, Py<PyType>> },
}

static DECLARED: Mutex<Option<HashMap<String, Arc<Declared>>>> = Mutex::new(None);

/// Makes `name` known.
pub(crate) fn declare(name: String, declared: Declared) {
    let mut all = DECLARED.lock().unwrap_or_else(PoisonError::into_inner);
    all.get_or_insert_default().insert(name, Arc::new(declared));
}

/// A union: the field that tells its records apart, and the class for each of its values.
#[pyfunction]
pub(crate) fn register_union(name: String, tag: String, variants: HashMap<String, Py<PyType>>) {
    declare(name, Declared::Union { tag, variants });
}

impl Kind {
    /// What `text` says.
    pub(crate) fn parse(text: &str) -> PyResult<Self> {
        let inner = |begin: char, end: char| text.strip_prefix(begin).and_then(|text| text.strip_suffix(end));
        if let Some(text) = text.strip_suffix('?') {
            // That it is perhaps nothing JSON says.
            return Self::parse(text);
        }
        if let Some(text) = inner('[', ']') {
            return Self::parse(text).map(|kind| Self::List(Arc::new(kind)));
        }
        if let Some(text) = inner('{', '}') {
            return Self::parse(text).map(|kind| Self::Map(Arc::new(kind)));
        }
        Ok(match text {
            "str" | "int" | "bool" => Self::Plain,
            "float" => Self::Number,
            "time" => Self::Time,
            "any" => Self::Any,
            name if name.chars().all(char::is_alphanumeric) => {
                Self::Named(Named { name: name.to_owned(), found: OnceLock::new() })
            }
            _ => return Err(PyTypeError::new_err(format!("`{text}` is no kind of field"))),
        })
    }

    /// What `node` is in Python.
    pub(crate) fn python<'py>(&self, py: Python<'py>, node: Node) -> PyResult<Bound<'py, PyAny>> {
        match (self, node.value()) {
            (_, Value::Null) => Ok(py.None().into_bound(py)),
            (Self::Number, Value::Number(number)) => {
                Ok(number.as_f64().unwrap_or(f64::NAN).into_pyobject(py)?.into_any())
            }
            (Self::Time, Value::String(text)) => time(py, text),
            (Self::List(kind), Value::Array(_)) => {
                Ok(Bound::new(py, Rows::new(Arc::clone(kind), node))?.into_any())
            }
            (Self::Map(kind), Value::Object(fields)) => {
                let dict = PyDict::new(py);
                for (name, value) in fields {
                    dict.set_item(name, kind.python(py, node.part(value))?)?;
                }
                Ok(PyMappingProxy::new(py, dict.as_mapping()).into_any())
            }
            (Self::Named(named), Value::Object(_)) => {
                let declared = named.declared()?;
                let class = declared.class(node.value())?;
                class.bind(py).call1((node,))
            }
            (_, value) => plain(py, value),
        }
    }
}

impl Named {
    fn declared(&self) -> PyResult<&Declared> {
        if let Some(found) = self.found.get() {
            return Ok(found);
        }
        let all = DECLARED.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.as_ref().and_then(|all| all.get(&self.name)).cloned();
        let found =
            found.ok_or_else(|| PyRuntimeError::new_err(format!("there is no type `{}`", self.name)))?;
        Ok(self.found.get_or_init(|| found))
    }
}

impl Declared {
    fn class(&self, value: &Value) -> PyResult<&Py<PyType>> {
        match self {
            Self::Record(class) => Ok(class),
            Self::Union { tag, variants } => {
                let tag = value.get(tag).and_then(Value::as_str).unwrap_or_default();
                variants.get(tag).ok_or_else(|| {
                    PyRuntimeError::new_err(format!(
                        "a record of a kind that this version does not know: `{tag}`"
                    ))
                })
            }
        }
    }
}

/// JSON as Python's own values: new ones, which are the caller's to change.
pub(crate) fn plain<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into_pyobject(py)?.into_any(),
            (None, Some(number)) => number.into_pyobject(py)?.into_any(),
            (None, None) => number.as_f64().unwrap_or(f64::NAN).into_pyobject(py)?.into_any(),
        },
        Value::String(text) => text.into_pyobject(py)?.into_any(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(plain(py, item)?)?;
            }
            list.into_any()
        }
        Value::Object(fields) => {
            let dict = PyDict::new(py);
            for (name, value) in fields {
                dict.set_item(name, plain(py, value)?)?;
            }
            dict.into_any()
        }
    })
}

/// RFC 3339 as a `datetime` with a zone. Python keeps microseconds: what is finer is cut off.
fn time<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    static READ: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let read = READ.get_or_try_init(py, || {
        Ok::<_, PyErr>(py.import("datetime")?.getattr("datetime")?.getattr("fromisoformat")?.unbind())
    })?;
    // Python 3.10 reads neither `Z` nor a fraction of other than three or six digits.
    let text = text.strip_suffix('Z').map_or_else(|| text.to_owned(), |text| format!("{text}+00:00"));
    let text = match text.split_once('.') {
        Some((before, after)) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (fraction, zone) = after.split_at(digits);
            format!("{before}.{:0<6.6}{zone}", fraction)
        }
        None => text,
    };
    read.bind(py).call1((text,))
}
