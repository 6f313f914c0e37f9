//! The operations of language models.

mod messages;

use std::sync::Arc;

use futures_core::Stream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

pub use self::messages::{ChatCall, EmbedCall, ModelList};
use super::{ChatModel, Delta, DeltaStream, EmbedRequest, Embedder, Embeddings, ModelCard};
use crate::{
    Kernel,
    error::{Error, ErrorKind, Result},
    operation::{Context, Handle, operations},
};

/// The handle of language models.
#[derive(Clone)]
pub struct Llm {
    context: Context,
}

impl Handle for Llm {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

#[operations(system = "llm")]
impl Llm {
    /// Asks the configured model; the answer comes piece by piece.
    ///
    /// The last piece is `finish` with the reason; an answer without it was cut off, and ends with an error. With `schema`, the answer is one JSON document
    /// that the schema accepts, or an error.
    #[operation(streams)]
    pub fn chat(&self, request: ChatCall) -> impl Stream<Item = Result<Delta>> {
        let kernel = self.context.kernel.clone();
        stream::once(async move { answer(&kernel, request).await }).try_flatten().boxed()
    }

    /// Makes vectors of texts, of length 1, for comparing what they are about.
    #[operation(reads)]
    pub async fn embed(&self, request: EmbedCall) -> Result<Embeddings> {
        let embedder = embedder(&self.context.kernel)?;
        let EmbedCall { texts, model, dimensions } = request;
        embedder.embed(Arc::new(EmbedRequest { texts, model, dimensions })).await
    }

    /// Lists the models that can be asked, the configured one first.
    #[operation(reads)]
    pub async fn models(&self) -> Result<ModelList> {
        let kernel = &self.context.kernel;
        let models = chat_model(kernel)?.models().await?;
        let embedding = kernel.llm.embedder.as_ref().map(|embedder| {
            let capabilities = embedder.capabilities();
            ModelCard { id: capabilities.model.clone(), adapter: capabilities.adapter.to_owned() }
        });
        Ok(ModelList { models, embedding })
    }
}

async fn answer(kernel: &Kernel, request: ChatCall) -> Result<DeltaStream> {
    chat_model(kernel)?.stream(Arc::new(request.try_into()?)).await
}

/// The model that answers.
///
/// # Errors
/// [`Unsupported`](ErrorKind::Unsupported) where none is configured, with what to configure.
fn chat_model(kernel: &Kernel) -> Result<&Arc<dyn ChatModel>> {
    kernel.llm.chat.as_ref().ok_or_else(|| {
        let message = "no model is configured: set `llm.provider` (`openai` or `anthropic`) and `llm.model`, and put the key into the \
                       environment variable `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`; or set `llm.replay` to a cassette";
        Error::new(ErrorKind::Unsupported, message).with("field", "llm.provider")
    })
}

fn embedder(kernel: &Kernel) -> Result<&Arc<dyn Embedder>> {
    kernel.llm.embedder.as_ref().ok_or_else(|| {
        let message = "no embedding model is configured: set `llm.provider` to `openai` and `llm.embedding_model`; or set `llm.replay` to a cassette";
        Error::new(ErrorKind::Unsupported, message).with("field", "llm.embedding_model")
    })
}
