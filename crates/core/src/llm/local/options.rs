//! What can be chosen about a local model.

use std::path::PathBuf;

/// How a conversation is written for the model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Frame {
    /// By the chat template in the model's file. A base model has none, and refuses conversations with an error that says so.
    #[default]
    Template,
    /// By the Jinja template in this file instead.
    File(PathBuf),
    /// Not at all: one message of the user is continued. What base models do.
    Plain,
}

/// Options of a local model.
#[derive(Clone, Debug)]
pub struct LocalOptions {
    /// Threads that compute; 0 for as many as the machine has.
    pub threads: usize,
    /// The most tokens of a conversation with its answer; the smaller of 8,192 and what the model was made for where it is `None`. More takes more
    /// memory for each request that is answered.
    pub context: Option<usize>,
    /// How a conversation is written.
    pub frame: Frame,
    /// The most tokens of an answer where a request does not say.
    pub max_output_tokens: u32,
    /// The temperature where a request does not say.
    pub temperature: f32,
    /// Only so many of the likeliest tokens; 0 for all.
    pub top_k: usize,
    /// Only tokens with at least this share of the probability of the likeliest; 0 for all.
    pub min_p: f32,
    /// How many requests are answered at the same time.
    pub batch: usize,
    /// How many requests may wait; one more is refused.
    pub queue: usize,
    /// How many bytes of what was computed are kept for prompts that begin the same way.
    pub prefix_bytes: usize,
}

impl Default for LocalOptions {
    fn default() -> Self {
        let sampling = heptad_infer::sample::Sampling::default();
        Self {
            threads: 0,
            context: None,
            frame: Frame::Template,
            max_output_tokens: 4096,
            temperature: sampling.temperature,
            top_k: sampling.top_k,
            min_p: sampling.min_p,
            batch: 8,
            queue: 64,
            prefix_bytes: 256 << 20,
        }
    }
}

/// What the scheduler keeps to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) batch: usize,
    pub(super) queue: usize,
    pub(super) prefix_bytes: usize,
}

impl LocalOptions {
    pub(super) fn limits(&self) -> Limits {
        Limits { batch: self.batch.max(1), queue: self.queue.max(1), prefix_bytes: self.prefix_bytes }
    }
}
