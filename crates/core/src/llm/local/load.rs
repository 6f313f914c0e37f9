//! What a model's file holds, apart from its weights, and the weights when they are wanted.

use std::path::{Path, PathBuf};

use std::sync::OnceLock;

use heptad_infer::{
    decoder::{Decoder, LoadOptions},
    gguf::Gguf,
    mask::Masks,
    template::{KEY, Template},
    tokenizer::{Tokenizer, Vocabulary},
};

use super::{
    options::{Frame, LocalOptions},
    told,
};
use crate::{
    error::{Error, ErrorKind, Result},
    llm::{Capabilities, Structured},
};

/// The most tokens of a conversation where nobody says.
const CONTEXT: usize = 8192;
/// The most texts before which an answer ends.
const STOPS: usize = 16;

/// How conversations are written for this model.
pub(super) enum Writing {
    Template(Box<Template>),
    Plain,
    /// A base model.
    Nothing,
}

/// An opened file.
pub(super) struct Shelf {
    pub(super) path: PathBuf,
    pub(super) options: LocalOptions,
    pub(super) tokenizer: std::sync::Arc<Tokenizer>,
    pub(super) writing: Writing,
    pub(super) context: usize,
    identity: String,
    gguf: Gguf,
    masks: OnceLock<Result<Masks, String>>,
}

impl Shelf {
    pub(super) fn open(path: &Path, options: LocalOptions) -> Result<Self> {
        let named = |error: Error| error.with("model", path.display());
        let gguf = Gguf::open(path).map_err(told).map_err(named)?;
        let vocabulary = Vocabulary::of(&gguf).map_err(told).map_err(named)?;
        let tokenizer = Tokenizer::new(&vocabulary).map_err(told).map_err(named)?;
        drop(vocabulary);
        let source = match &options.frame {
            Frame::Plain => None,
            Frame::Template => gguf.str(KEY).map_err(told).map_err(named)?.map(str::to_owned),
            Frame::File(file) => Some(std::fs::read_to_string(file).map_err(|error| {
                let kind = match error.kind() {
                    std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                    _ => ErrorKind::Unavailable,
                };
                let message = format!("the chat template {} cannot be read", file.display());
                Error::new(kind, message).with("field", "llm.template").because(error)
            })?),
        };
        let told_by = identity(path, source.as_deref(), &options).map_err(named)?;
        let writing = match source {
            Some(source) => {
                Writing::Template(Box::new(Template::new(&source, &tokenizer).map_err(told).map_err(named)?))
            }
            None if options.frame == Frame::Plain => Writing::Plain,
            None => Writing::Nothing,
        };
        let made_for = made_for(&gguf).map_err(named)?;
        let context = options.context.unwrap_or_else(|| made_for.min(CONTEXT));
        if context == 0 || context > made_for {
            let message = format!("the model was made for 1 to {made_for} tokens of context, not {context}");
            return Err(Error::invalid(message).with("field", "llm.context"));
        }
        let (path, tokenizer) = (path.to_owned(), std::sync::Arc::new(tokenizer));
        let identity = format!("{told_by} {context}");
        Ok(Self { path, options, tokenizer, writing, context, identity, gguf, masks: OnceLock::new() })
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        let name =
            self.path.file_stem().map_or_else(|| "local".into(), |stem| stem.to_string_lossy().into_owned());
        let mut capabilities = Capabilities::new("local", name);
        let tools = matches!(&self.writing, Writing::Template(template) if template.calls().is_some());
        capabilities.identity = self.identity.clone();
        capabilities.local = true;
        (capabilities.tools, capabilities.forced_tools) = (tools, tools);
        (capabilities.sampling, capabilities.seed) = (true, true);
        capabilities.max_stop = STOPS;
        capabilities.structured = Structured::Masked;
        capabilities.context_tokens = Some(self.context as u64);
        let most = u32::try_from(self.context).unwrap_or(u32::MAX);
        capabilities.max_output_tokens = self.options.max_output_tokens.min(most);
        capabilities
    }

    /// Loads the weights: seconds.
    pub(super) fn load(&self) -> Result<Decoder> {
        let options = LoadOptions { threads: self.options.threads };
        let decoder = Decoder::load(&self.gguf, &options).map_err(told)?;
        if decoder.vocabulary() < self.tokenizer.count() {
            let (rows, tokens) = (decoder.vocabulary(), self.tokenizer.count());
            let message = format!("the model knows {rows} tokens, its tokenizer {tokens}");
            return Err(Error::new(ErrorKind::Corrupt, message).with("model", self.path.display()));
        }
        tracing::debug!(target: "heptad::llm", "a local model is loaded");
        Ok(decoder)
    }

    /// What holds answers to schemas; made when it is first wanted.
    pub(super) fn masks(&self) -> Result<&Masks> {
        let made = self.masks.get_or_init(|| Masks::new(&self.tokenizer).map_err(|error| error.to_string()));
        made.as_ref().map_err(|why| Error::new(ErrorKind::Unsupported, why.clone()))
    }
}

/// What tells this model from others that were in files of its name, as far as it shapes answers. Reading gigabytes to tell them apart by their
/// bytes would take longer than most answers, so it is by size and time of the file.
fn identity(path: &Path, template: Option<&str>, options: &LocalOptions) -> Result<String> {
    let unknown = |error| {
        Error::new(ErrorKind::Unavailable, "the file of the model cannot be looked at").because(error)
    };
    let file = std::fs::metadata(path).map_err(unknown)?;
    let written = file.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let frame = template.map(|text| blake3::hash(text.as_bytes()).to_hex().to_string());
    let sampling = (options.temperature, options.top_k, options.min_p);
    let all = format!("{} {:?} {frame:?} {sampling:?}", file.len(), written.map(|time| time.as_nanos()));
    Ok(blake3::hash(all.as_bytes()).to_hex()[..16].to_owned())
}

/// How many tokens of context the model was made for.
fn made_for(gguf: &Gguf) -> Result<usize> {
    let architecture = gguf.str("general.architecture").map_err(told)?.unwrap_or_default();
    let key = format!("{architecture}.context_length");
    let length = gguf.u32(&key).map_err(told)?;
    length.filter(|length| *length > 0).map(|length| length as usize).ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("metadata `{key}`: it is missing, and no model is without it"))
    })
}
