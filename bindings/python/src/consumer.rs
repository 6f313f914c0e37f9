//! Consumers of events: a member of a group, and what is handed out to it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use heptad::{
    Error, ErrorKind, Heptad, Result,
    core::{
        clock::Timestamp,
        events::{Delivery as Handed, GroupConfig, Start, Subscription, Topic},
        store::Offset,
    },
};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyTuple};
use tokio::sync::watch;

use crate::{convert, errors::exception, kind::Kind, record::Node, waiting};

/// What somebody must be allowed who consumes events.
const PERMISSION: &str = "events.consume";

/// How a group reads a topic.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Group {
    topic: String,
    group: String,
    start: Py<PyAny>,
    max_attempts: u32,
    ack_wait: f64,
    max_in_flight: usize,
    type_prefix: Option<String>,
}

impl Group {
    fn config(&self, py: Python<'_>) -> PyResult<GroupConfig> {
        let wait = Duration::try_from_secs_f64(self.ack_wait)
            .map_err(|error| PyValueError::new_err(format!("`ack_wait`, in seconds: {error}")))?;
        let mut config = GroupConfig::new(self.group.clone())
            .start(start(self.start.bind(py))?)
            .max_attempts(self.max_attempts)
            .ack_wait(wait)
            .max_in_flight(self.max_in_flight);
        if let Some(prefix) = &self.type_prefix {
            config = config.type_prefix(prefix.clone());
        }
        Ok(config)
    }
}

/// `"earliest"`, `"latest"`, an offset, or a point in time.
fn start(start: &Bound<'_, PyAny>) -> PyResult<Start> {
    let wrong = || {
        PyValueError::new_err(
            "`start` is \"earliest\", \"latest\", the offset to begin behind, or a datetime",
        )
    };
    match convert::json(start)? {
        serde_json::Value::String(word) if word == "earliest" => Ok(Start::Earliest),
        serde_json::Value::String(word) if word == "latest" => Ok(Start::Latest),
        serde_json::Value::String(time) => time.parse::<Timestamp>().map(Start::Time).map_err(|_| wrong()),
        serde_json::Value::Number(number) => {
            number.as_u64().map(|offset| Start::After(Offset(offset))).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

/// A member of a group: an iterator of deliveries, which waits for the next.
#[pyclass(frozen, module = "heptad._native")]
pub(crate) struct Deliveries {
    subscription: Arc<Subscription>,
    closed: watch::Sender<bool>,
}

impl Deliveries {
    pub(crate) fn of(py: Python<'_>, heptad: Heptad, group: &Group) -> PyResult<Self> {
        let principal = &heptad.context().principal;
        if !principal.may(PERMISSION) {
            let message = format!("`{}` may not consume events: that needs `{PERMISSION}`", principal.id);
            return Err(exception(py, &Error::new(ErrorKind::PermissionDenied, message)));
        }
        let config = group.config(py)?;
        let topic = Topic::new(&group.topic).map_err(|error| exception(py, &error))?;
        let join = async move { heptad.kernel().bus.subscribe(&topic, config).await };
        let subscription = waiting::wait(py, join.boxed())?;
        Ok(Self { subscription: Arc::new(subscription), closed: watch::Sender::new(false) })
    }

    /// The next delivery; `None` when this was closed. Giving up the wait loses nothing.
    async fn next(
        subscription: Arc<Subscription>,
        mut closed: watch::Receiver<bool>,
    ) -> Result<Option<Handed>> {
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Ok(None),
            handed = subscription.next() => handed.map(Some),
        }
    }
}

#[pymethods]
impl Deliveries {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Delivery>> {
        let work = Self::next(Arc::clone(&self.subscription), self.closed.subscribe());
        waiting::wait(py, work.boxed())?.map(|handed| Delivery::of(py, handed)).transpose()
    }

    /// Ends it: whoever waits for a delivery gets none. What was handed out can still be settled.
    fn close(&self) {
        self.closed.send_replace(true);
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) {
        self.close();
    }
}

/// An attempt at an event, to be settled once. One that is forgotten counts as failed.
#[pyclass(frozen, module = "heptad._native")]
pub(crate) struct Delivery {
    /// The event.
    #[pyo3(get)]
    event: Py<PyAny>,
    /// Its place in the topic.
    #[pyo3(get)]
    offset: u64,
    /// The number of the attempt: 1, 2, 3 …
    #[pyo3(get)]
    attempt: u32,
    handed: Mutex<Option<Handed>>,
}

impl Delivery {
    fn of(py: Python<'_>, handed: Handed) -> PyResult<Self> {
        let event = serde_json::to_value(handed.event());
        let event = event
            .map_err(|error| exception(py, &Error::internal("an event has no JSON form").because(error)))?;
        py.import("heptad.types")?;
        let event = Kind::parse("CloudEvent")?.python(py, Node::new(event))?.unbind();
        let (offset, attempt) = (handed.offset().0, handed.attempt());
        Ok(Self { event, offset, attempt, handed: Mutex::new(Some(handed)) })
    }

    fn taken(&self, py: Python<'_>) -> PyResult<Handed> {
        let handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let twice = || exception(py, &Error::new(ErrorKind::Conflict, "the delivery is settled already"));
        handed.ok_or_else(twice)
    }
}

#[pymethods]
impl Delivery {
    /// The event is done; returns when that is as durable as the store.
    fn ack(&self, py: Python<'_>) -> PyResult<()> {
        let handed = self.taken(py)?;
        waiting::wait(py, async move { handed.ack().await }.boxed())
    }

    /// The attempt failed: the event comes again, `after` so many seconds where that is given, or goes to the dead letters.
    #[pyo3(signature = (reason, *, after=None))]
    fn nack(&self, py: Python<'_>, reason: String, after: Option<f64>) -> PyResult<()> {
        let after = after.map(Duration::try_from_secs_f64).transpose();
        let after = after.map_err(|error| PyValueError::new_err(format!("`after`, in seconds: {error}")))?;
        let handed = self.taken(py)?;
        let work = async move {
            match after {
                Some(after) => handed.nack_after(after, reason).await,
                None => handed.nack(reason).await,
            }
        };
        waiting::wait(py, work.boxed())
    }

    /// No attempt can succeed: the event goes to the dead letters now.
    fn reject(&self, py: Python<'_>, reason: String) -> PyResult<()> {
        let handed = self.taken(py)?;
        waiting::wait(py, async move { handed.reject(reason).await }.boxed())
    }

    /// The consumer is still at work, and has the whole time once more.
    fn extend(&self, py: Python<'_>) -> PyResult<()> {
        let handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = || exception(py, &Error::new(ErrorKind::Conflict, "the delivery is settled already"));
        handed.as_ref().ok_or_else(settled)?.extend();
        Ok(())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<delivery {} of {}, attempt {}>", self.offset, self.event.bind(py).repr()?, self.attempt))
    }
}
