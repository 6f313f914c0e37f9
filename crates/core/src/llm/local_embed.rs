//! Local embeddings: a BERT-family model in a folder, on a thread of its own.
//!
//! [`LocalEmbedder`] hands requests to that thread, which takes all that wait, embeds their texts in one go (sorted by length and batched
//! by tokens, so that small requests cost no more than large ones), and gives each its own. No async worker ever computes. A panic becomes
//! the error of the requests whose texts it came of.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    thread,
};

use async_trait::async_trait;
use heptad_infer::bert::{Bert, Embedded, Options};
use tokio::sync::{mpsc, oneshot};

use super::{EmbedCapabilities, EmbedRequest, Embedder, Embeddings, Usage};
use crate::error::{Error, ErrorKind, Result};

/// The most texts of one request.
const MAX_TEXTS: usize = 1024;
/// How many requests may wait; more wait for their place.
const MAX_WAITING: usize = 256;
/// How many texts are embedded in one go, where a single request has no more.
const TEXTS_AT_ONCE: usize = 256;

/// A model of the BERT family from a folder with `config.json`, `tokenizer.json` and `model.safetensors`, as sentence-transformers writes it.
///
/// Its model is called by the folder and a fingerprint of the files (`all-MiniLM-L6-v2@11717a8f`), so that vectors of two models that were
/// put in one place are told apart. A text that is longer than the model reads is cut, with a warning.
pub struct LocalEmbedder {
    capabilities: EmbedCapabilities,
    /// The name without the fingerprint, which requests may use too.
    name: String,
    model: Arc<Bert>,
    queue: mpsc::Sender<Job>,
}

struct Job {
    request: Arc<EmbedRequest>,
    answer: oneshot::Sender<Result<Embedded>>,
}

impl LocalEmbedder {
    /// Loads the model in `folder`, off the async workers. `threads` compute; 0 for as many as the machine has.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where a file is missing; [`Corrupt`](ErrorKind::Corrupt) where one is damaged or does not fit the
    /// others; [`Unsupported`](ErrorKind::Unsupported) for a model of another kind.
    pub async fn open(folder: impl Into<PathBuf>, threads: usize) -> Result<Self> {
        let folder = folder.into();
        let name =
            folder.file_name().map_or_else(|| "local".into(), |name| name.to_string_lossy().into_owned());
        let loading = tokio::task::spawn_blocking(move || Bert::open(&folder, &Options { threads }));
        let loaded = loading
            .await
            .map_err(|error| Error::internal("the loader of the model panicked").because(error))?;
        let model = Arc::new(loaded.map_err(|error| refused(error, "the embedding model cannot be loaded"))?);
        let full = format!("{name}@{:08x}", model.fingerprint() >> 32);
        let mut capabilities = EmbedCapabilities::new("local", full, MAX_TEXTS);
        capabilities.local = true;
        let (queue, jobs) = mpsc::channel(MAX_WAITING);
        let working = Arc::clone(&model);
        let started = thread::Builder::new()
            .name("heptad-embed".into())
            .spawn(move || work(|texts| working.embed(texts), working.max_tokens(), jobs));
        started.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the thread of the embedding model does not start")
                .because(error)
        })?;
        Ok(Self { capabilities, name, model, queue })
    }

    /// How many numbers a vector has.
    pub fn dimensions(&self) -> usize {
        self.model.dimensions()
    }

    /// How many tokens of a text are read.
    pub fn max_tokens(&self) -> usize {
        self.model.max_tokens()
    }
}

#[async_trait]
impl Embedder for LocalEmbedder {
    fn capabilities(&self) -> &EmbedCapabilities {
        &self.capabilities
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        self.capabilities.check(&request)?;
        let asked = self.capabilities.model_of(&request);
        if asked != self.capabilities.model && asked != self.name {
            let shown = crate::suggest::shortened(&asked.escape_debug().to_string(), 60);
            let message = format!("this embedder is `{}`, not `{shown}`", self.capabilities.model);
            return Err(Error::not_found(message).with("field", "model"));
        }
        let gone = || Error::new(ErrorKind::Unavailable, "the thread of the embedding model has ended");
        let (answer, answered) = oneshot::channel();
        self.queue.send(Job { request, answer }).await.map_err(|_| gone())?;
        let embedded = answered.await.map_err(|_| gone())??;
        let usage = Usage { input_tokens: embedded.tokens as u64, ..Usage::default() };
        Ok(Embeddings { model: self.capabilities.model.clone(), vectors: embedded.vectors, usage })
    }

    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        // A token is a byte at least, and there are two marks; what is behind the limit is not read.
        let most = self.model.max_tokens() as u64;
        request.texts.iter().map(|text| (text.len() as u64 + 2).min(most)).sum()
    }
}

/// Answers requests until nobody can ask any more. `embed` reads up to `max_tokens` of a text.
fn work(
    embed: impl Fn(&[&str]) -> Result<Embedded, heptad_infer::Error>,
    max_tokens: usize,
    mut jobs: mpsc::Receiver<Job>,
) {
    let embed = |texts: &[&str]| match catch_unwind(AssertUnwindSafe(|| embed(texts))) {
        Ok(embedded) => embedded.map_err(|error| refused(error, "the texts cannot be embedded")),
        Err(_) => Err(Error::internal("embedding the texts panicked")),
    };
    while let Some(first) = jobs.blocking_recv() {
        let mut texts = first.request.texts.len();
        let mut together = vec![first];
        while texts < TEXTS_AT_ONCE
            && let Ok(next) = jobs.try_recv()
        {
            texts += next.request.texts.len();
            together.push(next);
        }
        // Who does not wait any more is not computed for.
        together.retain(|job| !job.answer.is_closed());
        let all: Vec<&str> =
            together.iter().flat_map(|job| job.request.texts.iter().map(String::as_str)).collect();
        match embed(&all) {
            Ok(embedded) => share(max_tokens, together, embedded),
            // One of them is at fault: each is told of its own.
            Err(_) => together.into_iter().for_each(|job| {
                let its: Vec<&str> = job.request.texts.iter().map(String::as_str).collect();
                let _ = job.answer.send(embed(&its));
            }),
        }
    }
}

/// Gives each request its part.
fn share(max_tokens: usize, jobs: Vec<Job>, embedded: Embedded) {
    let mut vectors = embedded.vectors.into_iter();
    let mut begin = 0;
    let all = jobs.iter().map(|job| job.request.texts.len()).sum::<usize>().max(1);
    for Job { request, answer } in jobs {
        let count = request.texts.len();
        let cut = embedded.truncated.iter().filter(|at| (begin..begin + count).contains(at));
        let truncated: Vec<usize> = cut.map(|at| at - begin).collect();
        if !truncated.is_empty() {
            tracing::warn!(
                texts = truncated.len(),
                tokens = max_tokens,
                "texts were longer than the embedding model reads, and were cut"
            );
        }
        let its = vectors.by_ref().take(count).collect();
        // Of what was read together, each counts its share by texts.
        let tokens = embedded.tokens * count / all;
        let _ = answer.send(Ok(Embedded { vectors: its, tokens, truncated }));
        begin += count;
    }
}

fn refused(error: heptad_infer::Error, message: &'static str) -> Error {
    use heptad_infer::Error as Cause;
    let kind = match &error {
        Cause::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        Cause::File { .. } => ErrorKind::Unavailable,
        Cause::Unsupported(_) => ErrorKind::Unsupported,
        Cause::Input(_) => ErrorKind::InvalidInput,
        _ => ErrorKind::Corrupt,
    };
    Error::new(kind, format!("{message}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_error_of_whose_texts_it_came_of_and_the_thread_goes_on() {
        let embed = |texts: &[&str]| {
            assert!(!texts.contains(&"poison"), "poison");
            let vectors = texts.iter().map(|text| vec![text.len() as f32]).collect();
            Ok(Embedded { vectors, tokens: texts.len(), truncated: Vec::new() })
        };
        let (queue, jobs) = mpsc::channel(8);
        let answers: Vec<_> = ["one", "poison", "three"]
            .into_iter()
            .map(|text| {
                let (answer, answered) = oneshot::channel();
                let job = Job { request: Arc::new(EmbedRequest::new([text])), answer };
                queue.try_send(job).expect("there is room");
                answered
            })
            .collect();
        let thread = thread::spawn(move || work(embed, 8, jobs));
        let kinds: Vec<_> = answers
            .into_iter()
            .map(|answered| answered.blocking_recv().expect("answered").map_err(|error| error.kind()))
            .map(|answer| answer.map(|embedded| embedded.vectors))
            .collect();
        assert_eq!(kinds, [Ok(vec![vec![3.0]]), Err(ErrorKind::Internal), Ok(vec![vec![5.0]])]);
        drop(queue);
        thread.join().expect("it ended well");
    }
}
