//! From the configuration to a model on this machine.

use std::sync::Arc;

use super::{keys::*, link::Link, open::wrong};
use crate::{
    clock::Clock,
    config::Config,
    error::Result,
    llm::{
        ChatModel,
        local::{Frame, Local, LocalOptions},
    },
};

/// The model in the file that `link` names.
pub(super) async fn open(link: Link, config: &Config, clock: &Arc<dyn Clock>) -> Result<Arc<dyn ChatModel>> {
    let whole = |number: u64| {
        usize::try_from(number).map_err(|_| wrong("llm.context", "it is too large for this machine"))
    };
    let options = LocalOptions {
        threads: config.get(&LLM_THREADS).unwrap_or(0) as usize,
        context: config.get(&LLM_CONTEXT).map(whole).transpose()?,
        frame: match config.get(&LLM_TEMPLATE) {
            None => Frame::Template,
            Some(plain) if plain == "plain" => Frame::Plain,
            Some(file) => Frame::File(file.into()),
        },
        max_output_tokens: config.get(&LLM_MAX_OUTPUT_TOKENS),
        ..LocalOptions::default()
    };
    Ok(Arc::new(Local::open(link.model, options).await?.clock(Arc::clone(clock))))
}
