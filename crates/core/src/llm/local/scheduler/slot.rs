//! One request in the batch: first its prompt is read, then its answer written.

use tokio::sync::mpsc;

use super::{Engine, Job, Memory, Pass, prefix::Prefixes};
use crate::{
    error::{Error, Result},
    llm::{
        Delta, Usage,
        local::answer::{Answer, Step},
    },
};

pub(super) struct Slot<C> {
    cache: C,
    /// The conversation, and behind it the answer.
    tokens: Vec<u32>,
    /// How many of them the conversation has.
    prompt: usize,
    /// How many of them the cache holds, or will after this step.
    read: usize,
    cached: usize,
    answer: Answer,
    deltas: mpsc::Sender<Result<Delta>>,
    over: bool,
}

impl<C: Memory> Slot<C> {
    /// The slot of a job, if there is still somebody who waits for it.
    pub(super) fn begin<E: Engine<Cache = C>>(
        engine: &E,
        job: Job,
        prefixes: &mut Prefixes<C>,
    ) -> Option<Self> {
        let Job { prepared, model, deltas } = job;
        deltas.try_send(Ok(Delta::Start { model, cached: false })).ok()?;
        let found = prefixes.find(&prepared.prompt, prepared.context);
        let (cache, cached) = found.unwrap_or_else(|| (engine.cache(prepared.context), 0));
        let prompt = prepared.prompt.len();
        Some(Self {
            cache,
            tokens: prepared.prompt,
            prompt,
            read: cached,
            cached,
            answer: prepared.answer,
            deltas,
            over: false,
        })
    }

    /// Whether its prompt is not all read.
    pub(super) fn reading(&self) -> bool {
        self.read + 1 < self.prompt
    }

    /// Whether nobody waits for the answer any more. What was computed is kept.
    pub(super) fn abandoned(&mut self, prefixes: &mut Prefixes<C>) -> bool {
        let abandoned = self.deltas.is_closed();
        if abandoned {
            self.keep(prefixes);
        }
        abandoned
    }

    /// Its part of the next pass: up to `most` tokens.
    pub(super) fn pass(&mut self, most: usize) -> Pass<'_, C> {
        let end = self.tokens.len().min(self.read + most);
        let start = std::mem::replace(&mut self.read, end);
        Pass { cache: &mut self.cache, tokens: &self.tokens[start..end], wanted: end == self.tokens.len() }
    }

    /// What follows from the model's numbers.
    pub(super) fn stepped(&mut self, logits: Option<&[f32]>, prefixes: &mut Prefixes<C>) {
        let Some(logits) = logits else { return };
        if self.tokens.len() == self.prompt {
            // The next turn of the conversation begins with this prompt, if not with the answer as it was written.
            prefixes.keep(self.tokens.clone(), self.cache.fork());
        }
        let mut deltas = Vec::new();
        let step = self.answer.next(logits, &mut deltas);
        let said = deltas.into_iter().try_for_each(|delta| self.deltas.try_send(Ok(delta)));
        match step {
            // Nobody listens.
            _ if said.is_err() => {
                self.keep(prefixes);
                self.over = true;
            }
            Ok(Step::Token(token)) => self.tokens.push(token),
            Ok(Step::Over(reason)) => {
                let usage = Usage {
                    input_tokens: self.prompt as u64,
                    output_tokens: self.answer.count() as u64,
                    cached_tokens: self.cached as u64,
                };
                let _ = self.deltas.try_send(Ok(Delta::Usage(usage)));
                let _ = self.deltas.try_send(Ok(Delta::Finish { reason }));
                self.keep(prefixes);
                self.over = true;
            }
            Err(error) => {
                let _ = self.deltas.try_send(Err(error));
                self.over = true;
            }
        }
    }

    /// Whether everything is said.
    pub(super) fn over(&self) -> bool {
        self.over
    }

    /// Ends the answer with an error.
    pub(super) fn fail(self, error: &Error) {
        let copy = Error::new(error.kind(), error.message().to_owned()).retry(error.retryable());
        let _ = self.deltas.try_send(Err(copy));
    }

    fn keep(&mut self, prefixes: &mut Prefixes<C>) {
        if self.read > 0 {
            prefixes.keep(self.tokens[..self.read].to_vec(), self.cache.fork());
        }
    }
}
