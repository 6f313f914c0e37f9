//! Models that are written in Python: a callable that answers, and one that embeds. They run on threads of their own kind, never on those that
//! operations share.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use heptad::{
    Error, ErrorKind, Result,
    core::llm::{
        Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, FinishReason, Structured, Usage, normalise,
    },
};
use pyo3::{
    exceptions::PyTypeError,
    intern,
    prelude::*,
    types::{PyDict, PyString},
};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{convert, errors::native, kind::Kind, record::Node};

/// How many pieces of an answer wait to be taken.
const PIECES: usize = 16;
/// The most texts of one call.
const TEXTS: usize = 256;

/// Who answers.
pub(crate) struct Chat {
    callable: Arc<Py<PyAny>>,
    capabilities: Capabilities,
}

/// Who embeds.
pub(crate) struct Vectors {
    callable: Arc<Py<PyAny>>,
    capabilities: EmbedCapabilities,
}

/// What the model is called: its `model`, or its own name.
fn called(callable: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = callable.py();
    for name in [intern!(py, "model"), intern!(py, "__name__")] {
        if let Some(found) = callable.getattr_opt(name)?
            && let Ok(name) = found.extract::<String>()
        {
            return Ok(name);
        }
    }
    callable.get_type().name()?.extract()
}

impl Chat {
    pub(crate) fn new(callable: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut capabilities = Capabilities::new("python", called(callable)?);
        (capabilities.local, capabilities.tools, capabilities.forced_tools) = (true, true, true);
        (capabilities.images, capabilities.sampling, capabilities.seed) = (true, true, true);
        (capabilities.max_stop, capabilities.structured) = (usize::MAX, Structured::Guided);
        capabilities.structured_with_tools = true;
        Ok(Self { callable: Arc::new(callable.clone().unbind()), capabilities })
    }
}

#[async_trait]
impl ChatModel for Chat {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        self.capabilities.check(&request)?;
        let (pieces, answer) = mpsc::channel(PIECES);
        let callable = Arc::clone(&self.callable);
        let request = serde_json::to_value(&*request)
            .map_err(|error| Error::internal("a request to a model has no JSON form").because(error))?;
        let model = self.capabilities.model.clone();
        tokio::task::spawn_blocking(move || {
            let said = Python::try_attach(|py| {
                let send = |delta| pieces.blocking_send(Ok(delta)).is_ok();
                answer_with(py, &callable, request, model, send).map_err(|error| native(py, error))
            });
            match said {
                Some(Ok(())) => {}
                Some(Err(error)) => drop(pieces.blocking_send(Err(error))),
                None => drop(pieces.blocking_send(Err(ended()))),
            }
        });
        let answer =
            stream::unfold(answer, |mut answer| async { answer.recv().await.map(|piece| (piece, answer)) });
        Ok(answer.boxed())
    }
}

fn ended() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the interpreter has ended, and with it the model that is written in Python",
    )
}

/// Calls the model and hands on what it says, piece by piece. `send` is false when nobody listens any more.
fn answer_with(
    py: Python<'_>,
    callable: &Py<PyAny>,
    request: Value,
    model: String,
    send: impl Fn(Delta) -> bool + Sync,
) -> PyResult<()> {
    py.import(intern!(py, "heptad.models"))?;
    let request = Kind::parse("ChatRequest")?.python(py, Node::new(request))?;
    let said = callable.bind(py).call1((request,))?;
    let send = |delta| py.detach(|| send(delta));
    if !send(Delta::Start { model, cached: false }) {
        return Ok(());
    }
    let mut reason = FinishReason::Stop;
    if let Ok(text) = said.cast::<PyString>() {
        send(Delta::text(text.extract::<String>()?));
    } else if let Ok(answer) = said.cast::<PyDict>() {
        reason = whole(answer, &send)?;
    } else {
        let pieces = said.try_iter().map_err(|_| {
            let found = said.get_type();
            PyTypeError::new_err(format!(
                "a model answers with a text, texts one after the other, or a dict; this one gave {found}"
            ))
        })?;
        for piece in pieces {
            let text: String = piece?.extract()?;
            if !send(Delta::text(text)) {
                return Ok(());
            }
        }
    }
    send(Delta::Finish { reason });
    Ok(())
}

/// An answer with more than text: `text`, `tool_calls` (each `name`, `arguments`, `id`), `usage` (`input_tokens`, `output_tokens`).
fn whole(answer: &Bound<'_, PyDict>, send: &impl Fn(Delta) -> bool) -> PyResult<FinishReason> {
    for key in answer.keys() {
        let key: String = key.extract()?;
        if !["text", "tool_calls", "usage"].contains(&key.as_str()) {
            return Err(PyTypeError::new_err(format!(
                "an answer has `text`, `tool_calls` and `usage`, no `{key}`"
            )));
        }
    }
    if let Some(text) = answer.get_item("text")? {
        send(Delta::text(text.extract::<String>()?));
    }
    let mut reason = FinishReason::Stop;
    for (index, call) in
        answer.get_item("tool_calls")?.iter().flat_map(|calls| calls.try_iter()).flatten().enumerate()
    {
        let call = call?;
        let index = index as u32;
        let name: String = call.get_item("name")?.extract()?;
        let id = call.get_item("id").and_then(|id| id.extract()).unwrap_or_else(|_| format!("call-{index}"));
        let arguments = convert::json(&call.get_item("arguments")?)?.to_string();
        send(Delta::ToolCall { index, id, name });
        send(Delta::Arguments { index, json: arguments });
        reason = FinishReason::ToolCalls;
    }
    if let Some(usage) = answer.get_item("usage")? {
        let count = |name| usage.get_item(name).and_then(|count| count.extract()).unwrap_or(0);
        let usage = Usage {
            input_tokens: count("input_tokens"),
            output_tokens: count("output_tokens"),
            ..Usage::default()
        };
        send(Delta::Usage(usage));
    }
    Ok(reason)
}

impl Vectors {
    pub(crate) fn new(callable: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut capabilities = EmbedCapabilities::new("python", called(callable)?, TEXTS);
        capabilities.local = true;
        Ok(Self { callable: Arc::new(callable.clone().unbind()), capabilities })
    }
}

#[async_trait]
impl Embedder for Vectors {
    fn capabilities(&self) -> &EmbedCapabilities {
        &self.capabilities
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        self.capabilities.check(&request)?;
        let callable = Arc::clone(&self.callable);
        let count = request.texts.len();
        let made = tokio::task::spawn_blocking(move || {
            Python::try_attach(|py| {
                let texts = request.texts.clone();
                let vectors = callable.bind(py).call1((texts,)).and_then(|vectors| rows(&vectors));
                vectors.map_err(|error| native(py, error))
            })
        });
        let made = made.await.map_err(|error| Error::internal("an embedder panicked").because(error))?;
        let mut vectors = made.ok_or_else(ended)??;
        let length = vectors.first().map_or(0, Vec::len);
        if vectors.len() != count || vectors.iter().any(|vector| vector.len() != length || length == 0) {
            let message = format!(
                "the embedder gave {} vectors for {count} texts, or vectors of different lengths",
                vectors.len()
            );
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        vectors.iter_mut().try_for_each(|vector| normalise(vector))?;
        Ok(Embeddings { model: self.capabilities.model.clone(), vectors, usage: Usage::default() })
    }
}

/// Rows of numbers: lists, arrays of numpy, tensors.
fn rows(vectors: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<f32>>> {
    let py = vectors.py();
    let vectors = match vectors.getattr_opt(intern!(py, "tolist"))? {
        Some(list) => list.call0()?,
        None => vectors.clone(),
    };
    vectors
        .try_iter()?
        .map(|row| {
            let row = row?;
            let row = match row.getattr_opt(intern!(py, "tolist"))? {
                Some(list) => list.call0()?,
                None => row,
            };
            row.extract()
        })
        .collect()
}
