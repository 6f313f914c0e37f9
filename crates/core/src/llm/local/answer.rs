//! One answer as it comes: the model's numbers become a token, the token text, the text deltas.

use std::sync::Arc;

use heptad_infer::{
    mask::{Mask, Next},
    sample::{Sampler, Stops},
    template::{CallForm, CallParser, Heard},
    tokenizer::{Detokenizer, Tokenizer},
};
use serde_json::{Map, Value};

use super::{prompt::natural, told};
use crate::{
    error::{Error, ErrorKind, Result},
    llm::{Delta, FinishReason},
};

/// What comes after the model's numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The model goes on behind this token.
    Token(u32),
    /// The answer is over.
    Over(FinishReason),
}

/// The state of one answer. It knows nothing of the model but its tokenizer.
pub(super) struct Answer {
    tokenizer: Arc<Tokenizer>,
    sampler: Sampler,
    mask: Option<Box<Mask>>,
    /// The answer is the document of a call.
    forced: Option<CallForm>,
    document: String,
    detokenizer: Detokenizer,
    stops: Stops,
    parser: Option<CallParser>,
    limit: usize,
    /// Tells the calls of this answer from those of others.
    name: String,
    count: usize,
    calls: u32,
}

/// What an answer is made of.
pub(super) struct Parts {
    pub(super) tokenizer: Arc<Tokenizer>,
    pub(super) sampler: Sampler,
    pub(super) mask: Option<Box<Mask>>,
    pub(super) forced: Option<CallForm>,
    pub(super) stops: Stops,
    pub(super) parser: Option<CallParser>,
    pub(super) limit: usize,
    pub(super) name: String,
}

impl Answer {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { tokenizer, sampler, mask, forced, stops, parser, limit, name } = parts;
        let (document, detokenizer) = (String::new(), Detokenizer::new());
        Self {
            tokenizer,
            sampler,
            mask,
            forced,
            document,
            detokenizer,
            stops,
            parser,
            limit,
            name,
            count: 0,
            calls: 0,
        }
    }

    /// How many tokens the model has chosen.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The most tokens it may have.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Chooses the next token by `logits`; what there is to say goes to `deltas`.
    pub(super) fn next(&mut self, logits: &[f32], deltas: &mut Vec<Delta>) -> Result<Step> {
        let chosen = match &mut self.mask {
            Some(mask) => mask.next(logits, &mut self.sampler, self.limit - self.count).map_err(told)?,
            None => {
                let known = &logits[..logits.len().min(self.tokenizer.count())];
                match self.sampler.pick(known, |_| true) {
                    None => return Err(Error::internal("the model chose no token")),
                    Some(token) if self.tokenizer.ends().binary_search(&token).is_ok() => Next::End,
                    Some(token) => Next::Token(token),
                }
            }
        };
        let Next::Token(token) = chosen else {
            self.count += usize::from(self.mask.is_none());
            return self.over(deltas);
        };
        self.count += 1;
        let text = self.detokenizer.push(&self.tokenizer, token);
        let text = self.stops.push(&text);
        self.say(&text, deltas);
        if self.stops.found() {
            return self.over(deltas);
        }
        if let Some(mask) = &mut self.mask {
            // A document that cannot go on needs no token to say so.
            if mask.complete() || self.count >= self.limit && mask.ended().map_err(told)? {
                return self.over(deltas);
            }
            if self.count >= self.limit {
                let message =
                    "the structured answer is longer than `max_tokens` allows, and half of it is no document";
                return Err(Error::new(ErrorKind::LimitExceeded, message).with("field", "max_tokens"));
            }
        } else if self.count >= self.limit {
            let reason = self.over(deltas)?;
            return Ok(if reason == Step::Over(FinishReason::Stop) {
                Step::Over(FinishReason::Length)
            } else {
                reason
            });
        }
        Ok(Step::Token(token))
    }

    /// Says what was held back, and why the answer is over.
    fn over(&mut self, deltas: &mut Vec<Delta>) -> Result<Step> {
        if !self.stops.found() {
            let rest = self.detokenizer.finish();
            let rest = self.stops.push(&rest) + &self.stops.finish();
            self.say(&rest, deltas);
        }
        if let Some(mut parser) = self.parser.take() {
            self.heard(parser.finish(), deltas);
        }
        if let Some(form) = self.forced {
            let Some((name, arguments)) = form.read(&self.document) else {
                return Err(Error::internal("the masked answer is not the call that it was held to"));
            };
            self.call(name, arguments, deltas);
        }
        // A document that was brought to its end because the tokens ran out is whole and valid, but not all the model wanted to say.
        let hurried = self.mask.as_ref().is_some_and(|mask| mask.hurried());
        Ok(Step::Over(match natural(self.calls as usize) {
            FinishReason::Stop if hurried => FinishReason::Length,
            reason => reason,
        }))
    }

    fn say(&mut self, text: &str, deltas: &mut Vec<Delta>) {
        if text.is_empty() {
            return;
        }
        if self.forced.is_some() {
            self.document.push_str(text);
        } else if let Some(parser) = &mut self.parser {
            let heard = parser.push(text);
            self.heard(heard, deltas);
        } else {
            deltas.push(Delta::text(text));
        }
    }

    fn heard(&mut self, heard: Vec<Heard>, deltas: &mut Vec<Delta>) {
        for one in heard {
            match one {
                Heard::Text(text) => deltas.push(Delta::text(text)),
                Heard::Call(name, arguments) => self.call(name, arguments, deltas),
            }
        }
    }

    fn call(&mut self, name: String, arguments: Map<String, Value>, deltas: &mut Vec<Delta>) {
        let index = self.calls;
        self.calls += 1;
        let id = format!("call_{}{index}", self.name);
        deltas.push(Delta::ToolCall { index, id, name });
        deltas.push(Delta::Arguments { index, json: Value::Object(arguments).to_string() });
    }
}
