//! From Python's values to JSON.

use heptad::{Error, ErrorKind};
use pyo3::{
    exceptions::PyTypeError,
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{
        PyBool, PyByteArray, PyBytes, PyDate, PyDict, PyFloat, PyInt, PyList, PyMapping, PyMemoryView,
        PySequence, PyString, PyTuple, PyType,
    },
};
use serde_json::{Map, Number, Value};

use crate::{errors::exception, record::Record, sequence::Rows};

/// A value nested deeper than this is one that contains itself.
const DEEPEST: usize = 128;

/// What `value` is in JSON: `None`, `bool`, `int`, `float`, `str`, `datetime`, `os.PathLike`, records, sequences and mappings of such.
pub(crate) fn json(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    nested(value, DEEPEST)
}

fn nested(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if let Ok(text) = value.cast::<PyString>() {
        return text.to_cow().map(|text| Value::String(text.into_owned()));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(Value::Bool(value.is_true()));
    }
    if let Ok(number) = value.cast::<PyInt>() {
        return integer(number);
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        let found = number.extract::<f64>()?;
        let number = Number::from_f64(found).map(Value::Number);
        return number.ok_or_else(|| refused(value, format!("{found} is no number in JSON")));
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Err(refused(value, "a value contains itself, or is nested too deeply".to_owned()));
    };
    if let Ok(record) = value.cast::<Record>() {
        return Ok(record.get().value().clone());
    }
    if let Ok(rows) = value.cast::<Rows>() {
        return Ok(rows.get().value().clone());
    }
    if let Ok(list) = value.cast::<PyList>() {
        return list.iter().map(|item| nested(&item, depth)).collect();
    }
    if let Ok(tuple) = value.cast::<PyTuple>() {
        return tuple.iter().map(|item| nested(&item, depth)).collect();
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        return dict
            .iter()
            .map(|(key, value)| Ok((name(&key)?, nested(&value, depth)?)))
            .collect::<PyResult<Map<_, _>>>()
            .map(Value::Object);
    }
    other(value, depth)
}

/// What is rarer.
fn other(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    let py = value.py();
    if value.is_instance_of::<PyDate>() {
        return instant(value);
    }
    if value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyByteArray>()
        || value.is_instance_of::<PyMemoryView>()
    {
        return Err(refused(value, "bytes are no text: give base64 where that is asked for".to_owned()));
    }
    if value.hasattr(intern!(py, "__fspath__"))? {
        let path = value.call_method0(intern!(py, "__fspath__"))?;
        return path.extract::<String>().map(Value::String);
    }
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let items = mapping.items()?;
        let entries = items.iter().map(|item| {
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            Ok((name(&key)?, nested(&value, depth)?))
        });
        return entries.collect::<PyResult<Map<_, _>>>().map(Value::Object);
    }
    if let Ok(sequence) = value.cast::<PySequence>() {
        return sequence.try_iter()?.map(|item| nested(&item?, depth)).collect();
    }
    // numpy's numbers, Decimal's whole ones, and whatever else says that it is an integer or a float.
    if value.hasattr(intern!(py, "__index__"))? {
        return integer(&value.call_method0(intern!(py, "__index__"))?.cast_into::<PyInt>()?);
    }
    if value.hasattr(intern!(py, "__float__"))? {
        return nested(
            &value.call_method0(intern!(py, "__float__"))?.cast_into::<PyFloat>()?.into_any(),
            depth,
        );
    }
    if value.hasattr(intern!(py, "__iter__"))? {
        return value.try_iter()?.map(|item| nested(&item?, depth)).collect();
    }
    Err(refused(value, "it has no form in JSON".to_owned()))
}

fn integer(number: &Bound<'_, PyInt>) -> PyResult<Value> {
    if let Ok(number) = number.extract::<i64>() {
        return Ok(number.into());
    }
    number
        .extract::<u64>()
        .map(Value::from)
        .map_err(|_| refused(number.as_any(), "the integer has more than 64 bits".to_owned()))
}

/// A point in time. One without a zone is refused: it could be any.
fn instant(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let py = value.py();
    static DATETIME: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = DATETIME.import(py, "datetime", "datetime")?;
    let text: String = value.call_method0(intern!(py, "isoformat"))?.extract()?;
    if value.is_instance(class)? && value.getattr(intern!(py, "tzinfo"))?.is_none() {
        return Err(refused(
            value,
            format!("{text} has no time zone: give `tzinfo`, as in `datetime.now(timezone.utc)`"),
        ));
    }
    Ok(Value::String(text))
}

fn name(key: &Bound<'_, PyAny>) -> PyResult<String> {
    key.extract()
        .map_err(|_| PyTypeError::new_err(format!("the names of fields are texts, not {}", kind(key))))
}

fn refused(value: &Bound<'_, PyAny>, why: String) -> PyErr {
    let message = format!("a value of type `{}` cannot be given: {why}", kind(value));
    exception(value.py(), &Error::new(ErrorKind::InvalidInput, message))
}

fn kind(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}
