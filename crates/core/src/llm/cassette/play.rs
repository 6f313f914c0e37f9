//! Answers from a cassette.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};

use super::{Exchange, FORMAT, fingerprint, rules};
use crate::{
    error::{Error, ErrorKind, Result},
    llm::{
        Capabilities, ChatModel, ChatRequest, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, Structured, layers::Redaction,
    },
};

/// A larger file is no cassette.
const MAX_BYTES: u64 = 256 << 20;

/// A model and an embedder that answer what was recorded, and nothing else.
pub struct Player {
    name: String,
    redaction: Redaction,
    chat: Capabilities,
    embed: EmbedCapabilities,
    tape: Mutex<HashMap<String, Tape>>,
}

/// The answers to one request.
#[derive(Default)]
struct Tape {
    exchanges: Vec<Exchange>,
    played: usize,
}

impl Player {
    /// Reads the cassette at `path`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none, [`InvalidInput`](ErrorKind::InvalidInput) with the line where it is malformed.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let name = path.display().to_string();
        let reading = tokio::task::spawn_blocking(move || {
            if std::fs::metadata(&path)?.len() > MAX_BYTES {
                return Err(std::io::Error::other("it is larger than a cassette may be"));
            }
            std::fs::read_to_string(&path)
        });
        let read = reading
            .await
            .map_err(|error| Error::internal("the reader of a cassette panicked").because(error))?;
        let text = read.map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::InvalidData => ErrorKind::InvalidInput,
                _ => ErrorKind::Unavailable,
            };
            Error::new(kind, format!("the cassette {name} cannot be read")).because(error)
        })?;
        Self::parse(&name, &text)
    }

    /// Reads the text of a cassette that errors call `name`.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) with the line where it is malformed.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let mut tape: HashMap<String, Tape> = HashMap::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |what: String| Error::invalid(format!("{name}:{} is no exchange: {what}", index + 1));
            let exchange: Exchange = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
            if exchange.format != FORMAT {
                return Err(wrong(format!(
                    "its format is {}, and this build reads {FORMAT}",
                    exchange.format
                )));
            }
            let key = match (&exchange.chat, &exchange.embed) {
                (Some(chat), None) => fingerprint("chat", chat)?,
                (None, Some(embed)) => fingerprint("embed", embed)?,
                _ => return Err(wrong("it has exactly one of `chat` and `embed`".to_owned())),
            };
            tape.entry(key).or_default().exchanges.push(exchange);
        }
        let mut chat = Capabilities::new("replay", "replay");
        (chat.tools, chat.forced_tools, chat.images, chat.sampling, chat.seed) =
            (true, true, true, true, true);
        (chat.local, chat.max_stop, chat.structured_with_tools) = (true, usize::MAX, true);
        chat.structured = Structured::Guided;
        let mut embed = EmbedCapabilities::new("replay", "replay", usize::MAX);
        (embed.local, embed.dimensions) = (true, true);
        Ok(Self { name: name.to_owned(), redaction: rules(), chat, embed, tape: Mutex::new(tape) })
    }

    fn next(&self, key: &str) -> Result<Exchange> {
        let mut tapes = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        let count: usize = tapes.values().map(|tape| tape.exchanges.len()).sum();
        let Some(tape) = tapes.get_mut(key) else {
            let message = format!(
                "the cassette {} has no answer to this request among its {count}: record it (`llm.record`)",
                self.name
            );
            return Err(Error::not_found(message).with("request", key));
        };
        let exchange = tape.exchanges.get(tape.played).or(tape.exchanges.last()).cloned();
        tape.played += 1;
        exchange.ok_or_else(|| Error::internal("a tape without an exchange"))
    }
}

#[async_trait]
impl ChatModel for Player {
    fn capabilities(&self) -> &Capabilities {
        &self.chat
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        self.chat.check(&request)?;
        let clean = self.redaction.request(&request, &mut Default::default());
        let exchange = self.next(&fingerprint("chat", &clean)?)?;
        let error = exchange.error.as_ref().map(Error::from);
        match error {
            Some(error) if exchange.answer.is_empty() => Err(error),
            error => {
                let answer = exchange.answer.into_iter().map(Ok).chain(error.map(Err));
                Ok(stream::iter(answer.collect::<Vec<_>>()).boxed())
            }
        }
    }
}

#[async_trait]
impl Embedder for Player {
    fn capabilities(&self) -> &EmbedCapabilities {
        &self.embed
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        self.embed.check(&request)?;
        let clean = super::record::without_secrets(&self.redaction, &request);
        let exchange = self.next(&fingerprint("embed", &clean)?)?;
        match (exchange.vectors, &exchange.error) {
            (Some(vectors), _) => Ok(vectors),
            (None, Some(error)) => Err(error.into()),
            (None, None) => Err(Error::invalid(format!(
                "an exchange of the cassette {} has neither vectors nor an error",
                self.name
            ))),
        }
    }
}
