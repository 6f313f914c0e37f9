//! Lists inside records: seen item by item, never copied as a whole.

use std::sync::Arc;

use pyo3::{
    exceptions::PyIndexError,
    intern,
    prelude::*,
    types::{PyList, PySlice, PyType},
};
use serde_json::Value;

use crate::{
    html,
    kind::{Kind, plain},
    record::Node,
};

/// A list that cannot be changed.
#[pyclass(frozen, sequence, module = "heptad._native")]
pub(crate) struct Rows {
    kind: Arc<Kind>,
    node: Node,
}

impl Rows {
    pub(crate) fn new(kind: Arc<Kind>, node: Node) -> Self {
        Self { kind, node }
    }

    pub(crate) fn value(&self) -> &Value {
        self.node.value()
    }

    fn items(&self) -> &[Value] {
        self.value().as_array().map_or(&[], Vec::as_slice)
    }

    fn item<'py>(&self, py: Python<'py>, item: &Value) -> PyResult<Bound<'py, PyAny>> {
        self.kind.python(py, self.node.part(item))
    }

    fn list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for item in self.items() {
            list.append(self.item(py, item)?)?;
        }
        Ok(list)
    }
}

#[pymethods]
impl Rows {
    fn __len__(&self) -> usize {
        self.items().len()
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, rows) = (slf.py(), slf.get());
        if let Ok(slice) = index.cast::<PySlice>() {
            return rows.list(py)?.into_any().get_item(slice);
        }
        let (index, len) = (index.extract::<isize>()?, rows.items().len());
        let place =
            if index < 0 { len.checked_sub(index.unsigned_abs()) } else { Some(index.unsigned_abs()) };
        let item = place.and_then(|place| rows.items().get(place));
        let outside = || PyIndexError::new_err(format!("there is no item {index}: there are {len}"));
        rows.item(py, item.ok_or_else(outside)?)
    }

    fn __iter__(slf: &Bound<'_, Self>) -> RowsIterator {
        RowsIterator { rows: slf.clone().unbind(), next: 0.into() }
    }

    fn __contains__(&self, py: Python<'_>, wanted: &Bound<'_, PyAny>) -> PyResult<bool> {
        for item in self.items() {
            if self.item(py, item)?.eq(wanted)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Equal to a list, a tuple or another of these with equal items.
    fn __eq__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let (py, rows) = (slf.py(), slf.get());
        if let Ok(other) = other.cast::<Self>() {
            return Ok(rows.value() == other.get().value());
        }
        let sequence = other.is_instance_of::<PyList>() || other.is_instance_of::<pyo3::types::PyTuple>();
        if !sequence || other.len()? != rows.items().len() {
            return Ok(false);
        }
        for (item, other) in rows.items().iter().zip(other.try_iter()?) {
            if !rows.item(py, item)?.eq(other?)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn __hash__(slf: &Bound<'_, Self>) -> PyResult<isize> {
        slf.get().list(slf.py())?.to_tuple().hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.list(py)?.repr().map(|text| text.to_string())
    }

    fn _repr_html_(&self) -> String {
        html::rows(self.items())
    }

    /// How often `value` is in it.
    #[pyo3(signature = (value, /))]
    fn count(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<usize> {
        let mut count = 0;
        for item in self.items() {
            count += usize::from(self.item(py, item)?.eq(value)?);
        }
        Ok(count)
    }

    /// Where `value` is first.
    #[pyo3(signature = (value, start=0, stop=isize::MAX, /))]
    fn index(&self, py: Python<'_>, value: &Bound<'_, PyAny>, start: isize, stop: isize) -> PyResult<usize> {
        let list = self.list(py)?.into_any();
        list.call_method1(intern!(py, "index"), (value, start, stop))?.extract()
    }

    /// The items as Python's own values, all the way down: what `pandas.DataFrame` and `polars.DataFrame` take.
    fn to_dicts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, self.value())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, (Bound<'py, PyList>,))> {
        // Without its record it is a tuple of records.
        Ok((slf.py().get_type::<pyo3::types::PyTuple>(), (slf.get().list(slf.py())?,)))
    }
}

/// Goes through [`Rows`].
#[pyclass(frozen, module = "heptad._native")]
pub(crate) struct RowsIterator {
    rows: Py<Rows>,
    next: std::sync::atomic::AtomicUsize,
}

#[pymethods]
impl RowsIterator {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let rows = self.rows.get();
        let next = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        rows.items().get(next).map(|item| rows.item(py, item)).transpose()
    }
}
