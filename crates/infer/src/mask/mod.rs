//! Answers that are held to a JSON Schema, token by token.
//!
//! [`Masks`] belongs to a tokenizer; [`Mask`] to one answer. llguidance says which tokens may come next; on top of that a number is kept to a
//! size that every JSON parser reads, and the document comes to its end before the answer's tokens run out (`close.rs`): the answer is a whole,
//! valid document, whatever the model is.

mod close;
mod literal;

use std::sync::Arc;

use llguidance::{
    Matcher, ParserFactory,
    api::{GrammarWithLexer, TopLevelGrammar},
};
use serde_json::{Value, json};
use toktrie::{ApproximateTokEnv, InferenceCapabilities, SimpleVob, TokRxInfo, TokTrie};

use self::literal::Literal;
use crate::{
    error::{Error, Result},
    sample::Sampler,
    tokenizer::{TokenKind, Tokenizer},
};

/// Compiles schemas for one tokenizer.
pub struct Masks {
    factory: ParserFactory,
    tokens: Arc<Vec<Vec<u8>>>,
}

impl Masks {
    /// For this tokenizer: takes a part of a second and some megabytes for a quarter of a million tokens.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the vocabulary has no token that ends an answer.
    pub fn new(tokenizer: &Tokenizer) -> Result<Self> {
        let count =
            u32::try_from(tokenizer.count()).map_err(|_| unsupported("the vocabulary is too large"))?;
        let Some(eos) = tokenizer.eos().0.or(tokenizer.ends().first().copied()) else {
            return Err(unsupported("the vocabulary has no token that ends an answer"));
        };
        let words: Vec<Vec<u8>> = (0..count).map(|id| word(tokenizer, id)).collect();
        let trie = TokTrie::from(&TokRxInfo::new(count, eos), &words);
        let environment: toktrie::TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let slices = llguidance::earley::SlicedBiasComputer::json_slices();
        let mut factory =
            ParserFactory::new(&environment, InferenceCapabilities::default(), &slices).map_err(failed)?;
        factory.quiet();
        factory.limits_mut().verbose_errors = false;
        Ok(Self { factory, tokens: Arc::new(words) })
    }

    /// A mask for one document that `schema` accepts, written without spaces between its parts.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a schema that cannot be held to, with the reason; nothing has been computed then.
    pub fn json(&self, schema: &Value) -> Result<Mask> {
        self.grammar(schema, json!({"whitespace_flexible": false}))
    }

    fn grammar(&self, schema: &Value, options: Value) -> Result<Mask> {
        // The options travel inside the schema, so a schema that is no object is put into one.
        let mut schema = match schema {
            Value::Object(_) => schema.clone(),
            other => json!({ "allOf": [other] }),
        };
        schema["x-guidance"] = options;
        let grammar = GrammarWithLexer { json_schema: Some(schema), ..GrammarWithLexer::default() };
        let grammar = TopLevelGrammar { grammars: vec![grammar], max_tokens: None };
        let matcher = Matcher::new(self.factory.create_parser(grammar));
        if let Some(error) = matcher.get_error() {
            return Err(refused(&error));
        }
        Ok(Mask {
            matcher,
            tokens: Arc::clone(&self.tokens),
            literal: Literal::default(),
            plan: Vec::new(),
            age: OLD,
            hurried: false,
        })
    }

    /// Whether the mask of `schema` lets pass the document `text`, spaces between its parts allowed: for comparing masks with validators.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub fn accepts(&self, schema: &Value, text: &str) -> Result<bool> {
        let mut mask = self.grammar(schema, json!({"whitespace_flexible": true}))?;
        let tokens = self.factory.tok_env().tok_trie().greedy_tokenize(text.as_bytes());
        let taken = mask.matcher.try_consume_tokens(&tokens).map_err(failed)?;
        Ok(taken == tokens.len() && mask.ended()?)
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This token.
    Token(u32),
    /// The document is complete.
    End,
}

/// The mask of one answer.
pub struct Mask {
    matcher: Matcher,
    tokens: Arc<Vec<Vec<u8>>>,
    literal: Literal,
    /// Tokens that complete the document, the next one last, from where it was `age` tokens ago.
    plan: Vec<u32>,
    age: usize,
    hurried: bool,
}

/// How many tokens a plan may be old while the end is far.
const OLD: usize = 32;

impl Mask {
    /// How many tokens a short document has that the schema accepts.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where a plain search finds none.
    pub fn shortest(&mut self) -> Result<usize> {
        let plan = close::plan(&self.matcher, &self.literal, &self.tokens)?;
        self.plan = plan.ok_or_else(|| unsupported("no short document was found that the schema accepts"))?;
        self.age = 0;
        Ok(self.plan.len())
    }

    /// Whether the answer's tokens ran short, so that the document was brought to its end sooner than the model would have.
    pub fn hurried(&self) -> bool {
        self.hurried
    }

    /// The next token of the document by the model's `logits`, when at most `left` tokens may still come. Keeps to a way that ends in time.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the schema turns out to be too costly, or no document ends in time.
    pub fn next(&mut self, logits: &[f32], sampler: &mut Sampler, left: usize) -> Result<Next> {
        if self.matcher.is_stopped() {
            return Ok(Next::End);
        }
        let allowed = self.matcher.compute_mask().map_err(failed)?;
        let Some(token) = self.pick(logits, sampler, &allowed) else {
            return if self.ended()? { Ok(Next::End) } else { Err(unsupported("no token may come next")) };
        };
        if self.is_end(token) {
            return Ok(Next::End);
        }
        let Some(token) = self.in_time(token, left)? else { return Ok(Next::End) };
        self.literal = self.literal.after(self.bytes(token)).unwrap_or_default();
        self.matcher.consume_token(token).map_err(failed)?;
        Ok(Next::Token(token))
    }

    /// Whether the document is complete and cannot go on.
    pub fn complete(&self) -> bool {
        self.matcher.is_stopped()
    }

    /// Whether the document may end here.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn ended(&mut self) -> Result<bool> {
        Ok(self.matcher.is_stopped() || self.matcher.is_accepting().map_err(failed)?)
    }

    fn bytes(&self, token: u32) -> &[u8] {
        self.tokens.get(token as usize).map_or(&[], Vec::as_slice)
    }

    fn is_end(&self, token: u32) -> bool {
        self.bytes(token).first() == Some(&TokTrie::SPECIAL_TOKEN_MARKER)
    }

    /// The model's choice among what the schema allows, numbers kept to a size that can be read.
    fn pick(&self, logits: &[f32], sampler: &mut Sampler, allowed: &SimpleVob) -> Option<u32> {
        let logits = &logits[..logits.len().min(self.tokens.len())];
        let fits = |token: u32| self.is_end(token) || self.literal.after(self.bytes(token)).is_some();
        let token = sampler.pick(logits, |token| allowed.is_allowed(token))?;
        if fits(token) {
            return Some(token);
        }
        // A schema that wants a number of that size has its way.
        sampler.pick(logits, |token| allowed.is_allowed(token) && fits(token)).or(Some(token))
    }

    /// `token`, or the next one of the plan where `token` leads too far; `None` where the plan is at its end.
    fn in_time(&mut self, token: u32, left: usize) -> Result<Option<u32>> {
        if left > 4 * self.plan.len() + 4 * OLD {
            if self.age >= OLD {
                self.shortest()?;
            }
            self.age += 1;
            return Ok(Some(token));
        }
        if self.age > 0 {
            self.shortest()?;
        }
        if let Some(plan) = self.plan_after(token)?.filter(|plan| plan.len() < left) {
            self.plan = plan;
            return Ok(Some(token));
        }
        if self.plan.len() > left {
            return Err(unsupported("it needs more tokens than the answer may have"));
        }
        self.hurried = true;
        Ok(self.plan.pop())
    }

    /// A plan from behind `token`: the one there is where that still leads to an end, as it does within a text, else a new one.
    fn plan_after(&self, token: u32) -> Result<Option<Vec<u32>>> {
        let mut ahead = self.matcher.clone();
        ahead.consume_token(token).map_err(failed)?;
        let mut same = ahead.clone();
        let forward: Vec<u32> = self.plan.iter().rev().copied().collect();
        if same.try_consume_tokens(&forward).is_ok_and(|taken| taken == forward.len())
            && (same.is_stopped() || same.is_accepting().is_ok_and(|accepting| accepting))
        {
            return Ok(Some(self.plan.clone()));
        }
        let literal = self.literal.after(self.bytes(token)).unwrap_or_default();
        close::plan(&ahead, &literal, &self.tokens)
    }
}

/// A token as the masks see it: control tokens behind a byte that no text has.
fn word(tokenizer: &Tokenizer, id: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    match tokenizer.kind(id) {
        Some(TokenKind::Control) => {
            bytes.push(TokTrie::SPECIAL_TOKEN_MARKER);
            bytes.extend_from_slice(tokenizer.name(id).as_bytes());
        }
        _ => tokenizer.write(id, &mut bytes),
    }
    bytes
}

fn unsupported(why: &str) -> Error {
    Error::Unsupported(format!("the answer cannot be held to the schema: {why}"))
}

/// What llguidance says of a schema, shortened.
fn refused(why: &str) -> Error {
    let line: String = why.lines().next().unwrap_or_default().chars().take(300).collect();
    unsupported(&line)
}

fn failed(why: impl std::fmt::Display) -> Error {
    refused(&why.to_string())
}
