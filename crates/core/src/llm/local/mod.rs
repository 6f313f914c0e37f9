//! Local models: a GGUF file that answers, on threads of its own.
//!
//! [`Local::open`] reads what a file says of itself and its tokenizer; the weights are loaded when the first request comes, on the thread that
//! computes. That thread puts all requests that wait into one batch, token by token (`scheduler/`). What a request becomes before it is there is
//! in `prompt.rs`, what becomes of the model's choices in `answer.rs`.
//!
//! The prompt of one request may begin like that of an earlier one; what was computed then is used again. Its length is in
//! [`Usage::cached_tokens`](super::Usage), so a caller can learn whether somebody asked something that began the same way.
//!
//! ```no_run
//! use heptad_core::llm::{ChatModelExt as _, ChatRequest, Message, local::{Local, LocalOptions}};
//!
//! # async fn example() -> heptad_core::Result<()> {
//! let model = Local::open("models/qwen3-0.6b-q8_0.gguf", LocalOptions::default()).await?;
//! let answer = model.chat(ChatRequest::new([Message::user("The capital of France?")])).await?;
//! # Ok(()) }
//! ```

mod answer;
mod load;
mod options;
mod prompt;
mod scheduler;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};

pub use self::options::{Frame, LocalOptions};
use self::{
    load::Shelf,
    scheduler::{Job, Scheduler},
};
use super::{
    capabilities::Capabilities,
    port::{ChatModel, ModelCard},
    request::ChatRequest,
    response::{Delta, DeltaStream},
};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
};

/// A model in a GGUF file: Gemma 3, Llama, Qwen 2 or Qwen 3.
pub struct Local {
    shelf: Arc<Shelf>,
    capabilities: Capabilities,
    scheduler: OnceLock<Scheduler>,
    clock: Option<Arc<dyn Clock>>,
}

impl Local {
    /// Reads what the file says of the model, and its tokenizer and template; off the async workers. The weights are loaded with the first request.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is no such file, [`Corrupt`](ErrorKind::Corrupt) where it is cut or malformed,
    /// [`Unsupported`](ErrorKind::Unsupported) for a model that is not known here.
    pub async fn open(path: impl Into<PathBuf>, options: LocalOptions) -> Result<Self> {
        let path = path.into();
        let shelf = blocking(move || Shelf::open(&path, options)).await??;
        let capabilities = shelf.capabilities();
        Ok(Self { shelf: Arc::new(shelf), capabilities, scheduler: OnceLock::new(), clock: None })
    }

    /// Tells templates the day by this clock; they are told no day without it.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.shelf.path
    }

    fn now(&self) -> Option<i64> {
        self.clock.as_ref().map(|clock| clock.now().as_second())
    }

    fn check(&self, request: &ChatRequest) -> Result<()> {
        self.capabilities.check(request)?;
        match &request.model {
            Some(name) if *name != self.capabilities.model && Path::new(name) != self.shelf.path => {
                let shown = crate::suggest::shortened(&name.escape_debug().to_string(), 60);
                let message =
                    format!("there is no local model `{shown}`; there is `{}`", self.capabilities.model);
                Err(Error::not_found(message).with("field", "model"))
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl ChatModel for Local {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        self.check(&request)?;
        let (shelf, now) = (Arc::clone(&self.shelf), self.now());
        let prepared = blocking(move || shelf.prepare(&request, now)).await??;
        let (job, deltas) = Job::new(prepared, self.capabilities.model.clone());
        let scheduler = self.scheduler.get_or_init(|| {
            let shelf = Arc::clone(&self.shelf);
            Scheduler::start(self.shelf.options.limits(), move || shelf.load())
        });
        scheduler.submit(job)?;
        // A thread that ends without a word ends the stream with an error.
        let rest = stream::unfold((deltas, false), |(mut deltas, over)| async move {
            if over {
                return None;
            }
            let next = deltas
                .recv()
                .await
                .unwrap_or_else(|| Err(Error::internal("the thread of the local model has ended")));
            let over = matches!(next, Ok(Delta::Finish { .. }) | Err(_));
            Some((next, (deltas, over)))
        });
        Ok(rest.boxed())
    }

    /// Exactly the tokens of the conversation; the usual bound where it cannot be rendered, as `stream` will say.
    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        match self.shelf.tokens(request, self.now()) {
            Ok((tokens, _)) => tokens.len() as u64,
            Err(_) => super::port::most_tokens(request),
        }
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        Ok(vec![ModelCard {
            id: self.capabilities.model.clone(),
            adapter: self.capabilities.adapter.to_owned(),
        }])
    }
}

/// Runs what takes long off the async workers.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|error| Error::internal("preparing a request of the local model panicked").because(error))
}

/// An error of the inference crate as the kernel has it.
fn told(error: heptad_infer::Error) -> Error {
    use heptad_infer::Error as Infer;
    let kind = match &error {
        Infer::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        Infer::File { .. } => ErrorKind::Unavailable,
        Infer::Malformed { .. } | Infer::Metadata { .. } | Infer::Tensor { .. } => ErrorKind::Corrupt,
        Infer::Unsupported(_) => ErrorKind::Unsupported,
        Infer::Input(_) => ErrorKind::InvalidInput,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, error.to_string())
}
