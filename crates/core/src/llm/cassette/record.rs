//! Writes exchanges down.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};

use super::{Exchange, FORMAT, Failure, rules};
use crate::{
    error::{Error, ErrorKind, Result},
    llm::{
        Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, ModelCard,
        layers::{Found, Redaction},
    },
};

/// A model whose exchanges are appended to a cassette. An exchange is written when it ends, well or not; one that the caller gives up
/// is not, for it has no end.
pub struct Recorder<M: ?Sized> {
    inner: Arc<M>,
    tape: Tape,
}

#[derive(Clone)]
struct Tape {
    file: Arc<Mutex<File>>,
    redaction: Arc<Redaction>,
}

impl<M: ?Sized> Recorder<M> {
    /// `inner`, recorded to the file at `path`, which is made where it does not exist.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) where the file cannot be written.
    pub async fn open(inner: Arc<M>, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let name = path.display().to_string();
        let opening =
            tokio::task::spawn_blocking(move || OpenOptions::new().create(true).append(true).open(path));
        let file = match opening.await {
            Ok(opened) => opened.map_err(|error| cannot_write(error).with("cassette", name))?,
            Err(error) => return Err(Error::internal("the writer of a cassette panicked").because(error)),
        };
        Ok(Self { inner, tape: Tape { file: Arc::new(Mutex::new(file)), redaction: Arc::new(rules()) } })
    }
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the cassette cannot be written").because(error)
}

impl Tape {
    async fn write(&self, exchange: Exchange) -> Result<()> {
        let file = Arc::clone(&self.file);
        let line = serde_json::to_string(&exchange)
            .map_err(|error| Error::internal("an exchange has no JSON form").because(error))?;
        let writing = tokio::task::spawn_blocking(move || {
            // One write for a line, so that several recorders of one file do not mix theirs.
            file.lock().unwrap_or_else(PoisonError::into_inner).write_all(format!("{line}\n").as_bytes())
        });
        match writing.await {
            Ok(written) => written.map_err(cannot_write),
            Err(error) => Err(Error::internal("the writer of a cassette panicked").because(error)),
        }
    }

    /// The error without what it quotes of secrets.
    fn failure(&self, error: &Error, found: &mut Found) -> Failure {
        let mut failure = Failure::from(error);
        self.redaction.replace(&mut failure.message, found);
        failure
    }

    async fn chat(&self, request: &ChatRequest, deltas: Vec<Delta>, error: Option<&Error>) -> Result<()> {
        let mut found = Found::default();
        let chat = Some(self.redaction.request(request, &mut found));
        let mut answer = joined(deltas);
        for delta in &mut answer {
            if let Delta::Text { text } | Delta::Arguments { json: text, .. } = delta {
                self.redaction.replace(text, &mut found);
            }
        }
        let error = error.map(|error| self.failure(error, &mut found));
        self.write(Exchange { format: FORMAT, chat, answer, error, ..Exchange::default() }).await
    }
}

/// Neighbouring pieces of one text put together: a secret may lie across them, and the file is for people, too.
fn joined(deltas: Vec<Delta>) -> Vec<Delta> {
    let mut joined: Vec<Delta> = Vec::new();
    for delta in deltas {
        match (joined.last_mut(), &delta) {
            (Some(Delta::Text { text }), Delta::Text { text: more }) => text.push_str(more),
            (Some(Delta::Arguments { index, json }), Delta::Arguments { index: same, json: more })
                if index == same =>
            {
                json.push_str(more);
            }
            _ => joined.push(delta),
        }
    }
    joined
}

pub(super) fn without_secrets(redaction: &Redaction, request: &EmbedRequest) -> EmbedRequest {
    let (mut request, mut found) = (request.clone(), Default::default());
    for text in &mut request.texts {
        redaction.replace(text, &mut found);
    }
    request
}

#[async_trait]
impl ChatModel for Recorder<dyn ChatModel> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let deltas = match self.inner.stream(Arc::clone(&request)).await {
            Ok(deltas) => deltas,
            Err(error) => {
                self.tape.chat(&request, Vec::new(), Some(&error)).await?;
                return Err(error);
            }
        };
        let state = Some((deltas, Vec::new(), request, self.tape.clone()));
        let recorded = stream::unfold(state, |state| async {
            let (mut deltas, mut seen, request, tape) = state?;
            let item = deltas.next().await?;
            let (written, more) = match &item {
                Err(error) => (tape.chat(&request, std::mem::take(&mut seen), Some(error)).await, false),
                Ok(delta) => {
                    seen.push(delta.clone());
                    match delta {
                        Delta::Finish { .. } => {
                            (tape.chat(&request, std::mem::take(&mut seen), None).await, false)
                        }
                        _ => (Ok(()), true),
                    }
                }
            };
            match written {
                Ok(()) => Some((item, more.then_some((deltas, seen, request, tape)))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(recorded.boxed())
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.inner.prompt_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

#[async_trait]
impl Embedder for Recorder<dyn Embedder> {
    fn capabilities(&self) -> &EmbedCapabilities {
        self.inner.capabilities()
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        let result = self.inner.embed(Arc::clone(&request)).await;
        let embed = Some(without_secrets(&self.tape.redaction, &request));
        let (vectors, error) = match &result {
            Ok(vectors) => (Some(vectors.clone()), None),
            Err(error) => (None, Some(self.tape.failure(error, &mut Default::default()))),
        };
        self.tape.write(Exchange { format: FORMAT, embed, vectors, error, ..Exchange::default() }).await?;
        result
    }

    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        self.inner.input_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}
