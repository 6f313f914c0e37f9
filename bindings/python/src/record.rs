//! Records: what an operation gives or takes. The value stays in Rust; the classes made of [`Record`] show its fields.

#![allow(
    unsafe_code,
    reason = "a part of a value is pointed to, so that it is neither copied nor searched for again"
)]

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use heptad::{Error, ErrorKind};
use pyo3::{
    exceptions::{PyAttributeError, PyTypeError},
    intern,
    prelude::*,
    types::{PyDict, PyTuple, PyType},
};
use serde_json::{Map, Value};

use crate::{
    convert,
    errors::exception,
    html,
    kind::{Declared, Kind, declare, plain},
};

/// A part of a value that is shared and never changed.
#[pyclass(frozen, module = "heptad._native")]
#[derive(Clone)]
pub(crate) struct Node {
    whole: Arc<Value>,
    /// In `whole`.
    part: *const Value,
}

// SAFETY: what `part` points to is in `whole`, which nobody changes and which lives as long as this; `Value` is `Send` and `Sync`.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

impl Node {
    pub(crate) fn new(value: Value) -> Self {
        let whole = Arc::new(value);
        let part = Arc::as_ptr(&whole);
        Self { whole, part }
    }

    pub(crate) fn value(&self) -> &Value {
        // SAFETY: see the type.
        unsafe { &*self.part }
    }

    /// `part` must be a part of the value of this node.
    pub(crate) fn part(&self, part: &Value) -> Self {
        Self { whole: Arc::clone(&self.whole), part }
    }
}

/// What a class of records looks like.
#[pyclass(frozen, module = "heptad._native")]
pub(crate) struct Shape {
    name: String,
    fields: Vec<Arc<Field>>,
    /// A field that is the same for all of the class: it tells it from the others of its union.
    tag: Option<(String, String)>,
    /// Any further fields are kept as they are.
    open: bool,
}

struct Field {
    /// In Python.
    name: String,
    /// In JSON.
    key: String,
    kind: Kind,
    /// What it is where it is not there.
    absent: Node,
    required: bool,
}

impl Shape {
    /// Of the class of a record.
    pub(crate) fn of<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, Self>> {
        Ok(class.getattr(intern!(class.py(), "_shape"))?.cast_into::<Self>()?)
    }

    /// The name of the class.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Name and value of each field, in order.
    pub(crate) fn fields<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = (&'a str, &'a Kind, Node)> {
        let declared = self.fields.iter().map(|field| (field.name.as_str(), &field.kind, field.node(node)));
        let further = node
            .value()
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| self.open && self.fields.iter().all(|field| field.name != **name));
        declared.chain(further.map(|(name, value)| (name.as_str(), &Kind::Any, node.part(value))))
    }
}

impl Field {
    fn node(&self, record: &Node) -> Node {
        match record.value().get(&self.key) {
            Some(value) => record.part(value),
            None => self.absent.clone(),
        }
    }
}

/// What a field is called in JSON: words of Python have an underscore behind them here.
pub(crate) fn key(name: &str) -> &str {
    name.strip_suffix('_').unwrap_or(name)
}

/// A field of a class.
#[pyclass(frozen, module = "heptad._native")]
pub(crate) struct Descriptor(Arc<Field>);

#[pymethods]
impl Descriptor {
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        record: &Bound<'py, PyAny>,
        _class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Ok(record) = record.cast::<Record>() else { return Ok(slf.clone().into_any()) };
        let field = &slf.get().0;
        field.kind.python(slf.py(), field.node(&record.get().0))
    }

    fn __set__(&self, _record: &Bound<'_, PyAny>, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(PyAttributeError::new_err(format!(
            "`{}` cannot be set: records do not change; see `replace`",
            self.0.name
        )))
    }
}

/// What pickle restores, and of what.
type Pickled<'py> = (Bound<'py, PyAny>, (Bound<'py, PyType>, String));

/// What all records are. Made of what an operation gives, or of fields by name.
#[pyclass(frozen, subclass, module = "heptad._native")]
pub(crate) struct Record(Node);

impl Record {
    pub(crate) fn value(&self) -> &Value {
        self.0.value()
    }
}

#[pymethods]
impl Record {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*values, **fields))]
    fn new(
        cls: &Bound<'_, PyType>,
        values: &Bound<'_, PyTuple>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        if let Ok(node) = values.get_item(0)
            && let Ok(node) = node.cast::<Node>()
        {
            return Ok(Self(node.get().clone()));
        }
        let shape = Shape::of(cls)?;
        made(cls.py(), shape.get(), values, fields).map(|value| Self(Node::new(value)))
    }

    #[classmethod]
    #[pyo3(signature = (**_options))]
    fn __init_subclass__(cls: &Bound<'_, PyType>, _options: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let py = cls.py();
        let own = cls.getattr(intern!(py, "__dict__"))?;
        let Ok(declared) = own.get_item(intern!(py, "_fields")) else { return Ok(()) };
        let tag = own.get_item(intern!(py, "_tag")).ok().map(|tag| tag.extract()).transpose()?;
        let open = own.get_item(intern!(py, "_open")).is_ok();
        let mut fields = Vec::new();
        for field in declared.try_iter()? {
            let (name, kind, required, absent): (String, String, bool, Bound<'_, PyAny>) =
                field?.extract()?;
            let kind = Kind::parse(&kind)?;
            let absent = Node::new(convert::json(&absent)?);
            let field = Arc::new(Field { key: key(&name).to_owned(), name, kind, absent, required });
            cls.setattr(field.name.as_str(), Descriptor(Arc::clone(&field)))?;
            fields.push(field);
        }
        let names = fields.iter().map(|field| field.name.as_str());
        cls.setattr(intern!(py, "__match_args__"), PyTuple::new(py, names.collect::<Vec<_>>())?)?;
        let name: String = cls.name()?.extract()?;
        if tag.is_none() {
            declare(name.clone(), Declared::Record(cls.clone().unbind()));
        }
        cls.setattr(intern!(py, "_shape"), Shape { name, fields, tag, open })
    }

    /// The record as Python's own values, all the way down.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, self.value())
    }

    /// The record as JSON text.
    fn to_json(&self) -> String {
        self.value().to_string()
    }

    /// The same record with some fields changed.
    #[pyo3(signature = (**fields))]
    fn replace<'py>(
        slf: &Bound<'py, Self>,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, class) = (slf.py(), slf.get_type());
        let shape = Shape::of(&class)?;
        let nothing = PyTuple::empty(py);
        let Value::Object(changed) = given(py, shape.get(), &nothing, fields)? else {
            return Ok(slf.clone().into_any());
        };
        let mut value = slf.get().value().clone();
        if let Value::Object(known) = &mut value {
            known.extend(changed);
        }
        class.call1((Node::new(value),))
    }

    fn __eq__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> bool {
        let same = |other: &Bound<'_, Self>| {
            slf.get_type().is(other.get_type()) && slf.get().value() == other.get().value()
        };
        other.cast::<Self>().is_ok_and(same)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        hash(self.value(), &mut hasher);
        hasher.finish()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let py = slf.py();
        let shape = Shape::of(&slf.get_type())?;
        let shape = shape.get();
        let mut shown = Vec::new();
        for (name, kind, node) in shape.fields(&slf.get().0) {
            shown.push(format!("{name}={}", kind.python(py, node)?.repr()?));
        }
        Ok(format!("{}({})", shape.name, shown.join(", ")))
    }

    fn _repr_html_(slf: &Bound<'_, Self>) -> PyResult<String> {
        let shape = Shape::of(&slf.get_type())?;
        Ok(html::record(
            &shape.get().name,
            shape.get().fields(&slf.get().0).map(|(name, _, node)| (name, node)),
        ))
    }

    /// A field that the class does not name.
    fn _further<'py>(slf: &Bound<'py, Self>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let record = &slf.get().0;
        if let Some(value) = record.value().get(name) {
            return Kind::Any.python(slf.py(), record.part(value));
        }
        Err(PyAttributeError::new_err(format!("`{}` has no field `{name}`", slf.get_type().name()?)))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Pickled<'py>> {
        let restore = slf.py().get_type::<Self>().getattr(intern!(slf.py(), "_restore"))?;
        Ok((restore, (slf.get_type(), slf.get().to_json())))
    }

    /// What was pickled.
    #[staticmethod]
    fn _restore<'py>(class: &Bound<'py, PyType>, json: &str) -> PyResult<Bound<'py, PyAny>> {
        let value: Value = serde_json::from_str(json)
            .map_err(|error| PyTypeError::new_err(format!("it is no record: {error}")))?;
        class.call1((Node::new(value),))
    }

    fn __copy__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __deepcopy__<'py>(slf: &Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf.clone()
    }
}

/// The record that fields by place and by name make.
fn made(
    py: Python<'_>,
    shape: &Shape,
    values: &Bound<'_, PyTuple>,
    fields: Option<&Bound<'_, PyDict>>,
) -> PyResult<Value> {
    let value = given(py, shape, values, fields)?;
    if let Some(missing) = shape.fields.iter().find(|field| field.required && value.get(&field.key).is_none())
    {
        return Err(PyTypeError::new_err(format!("{}() misses the field `{}`", shape.name, missing.name)));
    }
    Ok(value)
}

/// The fields that are given; `None` stands for one that is not.
fn given(
    py: Python<'_>,
    shape: &Shape,
    values: &Bound<'_, PyTuple>,
    fields: Option<&Bound<'_, PyDict>>,
) -> PyResult<Value> {
    let mut made = Map::new();
    if let Some((tag, value)) = &shape.tag {
        made.insert(tag.clone(), value.as_str().into());
    }
    if values.len() > shape.fields.len() {
        let message =
            format!("{}() has {} fields, {} were given", shape.name, shape.fields.len(), values.len());
        return Err(PyTypeError::new_err(message));
    }
    for (field, value) in shape.fields.iter().zip(values) {
        made.insert(field.key.clone(), convert::json(&value)?);
    }
    for (name, value) in fields.into_iter().flatten() {
        let name: String = name.extract()?;
        if !shape.open && shape.fields.iter().all(|field| field.name != name) {
            let names: Vec<&str> = shape.fields.iter().map(|field| field.name.as_str()).collect();
            let message = format!("{}() has no field `{name}`; it has {}", shape.name, names.join(", "));
            return Err(PyTypeError::new_err(message));
        }
        let name = key(&name).to_owned();
        if made.contains_key(&name) {
            let message = format!("{}() was given `{name}` twice", shape.name);
            return Err(exception(py, &Error::new(ErrorKind::InvalidInput, message)));
        }
        if !value.is_none() {
            made.insert(name, convert::json(&value)?);
        }
    }
    Ok(Value::Object(made))
}

fn hash(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => 0.hash(hasher),
        Value::Bool(value) => value.hash(hasher),
        Value::Number(number) => number.hash(hasher),
        Value::String(text) => text.hash(hasher),
        Value::Array(items) => items.iter().for_each(|item| hash(item, hasher)),
        // Equal whatever the order of the fields.
        Value::Object(fields) => fields.len().hash(hasher),
    }
}
