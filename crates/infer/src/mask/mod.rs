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
    /// [`Error::Unsupported`] where the vocabulary has no token that ends an answer, or is larger than masks can be.
    pub fn new(tokenizer: &Tokenizer) -> Result<Self> {
        let count =
            u32::try_from(tokenizer.count()).map_err(|_| unsupported("the vocabulary is too large"))?;
        let Some(eos) = tokenizer.eos().0.or(tokenizer.ends().first().copied()) else {
            return Err(unsupported("the vocabulary has no token that ends an answer"));
        };
        let words: Vec<Vec<u8>> = (0..count).map(|id| word(tokenizer, id)).collect();
        if words.iter().any(|word| word.len() > LONGEST) {
            return Err(unsupported("a token of the vocabulary is too long"));
        }
        if words.len() >= TOKENS || nodes(&words) >= NODES {
            return Err(unsupported("the vocabulary is too large"));
        }
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
            plan: None,
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
    /// Tokens that complete the document from where it is, the next one last; `None` as long as none were looked for.
    plan: Option<Vec<u32>>,
    hurried: bool,
}

impl Mask {
    /// How many tokens a short document has that the schema accepts.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where a plain search finds none.
    pub fn shortest(&mut self) -> Result<usize> {
        let plan = close::plan(&self.matcher, &self.literal, &self.tokens, &[])?;
        let plan = plan.ok_or_else(|| unsupported("no short document was found that the schema accepts"))?;
        Ok(self.plan.insert(plan).len())
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

    /// `token`, or the next one of the plan where `token` leads too far; `None` where the plan is at its end. There is a way to the end behind
    /// every token that is taken, and it is known.
    fn in_time(&mut self, token: u32, left: usize) -> Result<Option<u32>> {
        let mut plan = match self.plan.take() {
            Some(plan) => plan,
            None => {
                self.shortest()?;
                self.plan.take().unwrap_or_default()
            }
        };
        if let Some(next) = self.plan_after(token, &plan, left)? {
            self.plan = Some(next);
            return Ok(Some(token));
        }
        if plan.len() > left {
            return Err(unsupported("it needs more tokens than the answer may have"));
        }
        self.hurried = true;
        let token = plan.pop();
        self.plan = Some(plan);
        Ok(token)
    }

    /// What remains of `plan` where `token` says what it begins with.
    fn plan_within(&self, token: u32, plan: &[u32]) -> Result<Option<Vec<u32>>> {
        let mut said = self.bytes(token);
        for (at, next) in plan.iter().enumerate().rev() {
            let planned = self.bytes(*next);
            if let Some(more) = planned.strip_prefix(said) {
                let mut rest = plan[..at].to_vec();
                if !more.is_empty() {
                    let environment = self.matcher.tok_env().map_err(failed)?;
                    rest.extend(environment.tok_trie().greedy_tokenize(more).into_iter().rev());
                }
                return Ok(Some(rest));
            }
            let Some(more) = said.strip_prefix(planned) else { return Ok(None) };
            said = more;
        }
        Ok(None)
    }

    /// A plan from behind `token` that is shorter than `left`: what `plan` still has of use, else a new one.
    fn plan_after(&mut self, token: u32, plan: &[u32], left: usize) -> Result<Option<Vec<u32>>> {
        if let Some(rest) = self.plan_within(token, plan)?.filter(|rest| rest.len() < left) {
            return Ok(Some(rest));
        }
        if let Some(rest) = close::rest(&mut self.matcher, &[token], plan)?.filter(|rest| rest.len() < left) {
            return Ok(Some(rest.to_vec()));
        }
        let mut ahead = self.matcher.clone();
        ahead.consume_token(token).map_err(failed)?;
        let literal = self.literal.after(self.bytes(token)).unwrap_or_default();
        for known in [plan, &[]] {
            let next = close::plan(&ahead, &literal, &self.tokens, known)?;
            if let Some(next) = next.filter(|next| next.len() < left) {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }
}

/// What the tree of the vocabulary can hold: the bytes of a token, tokens, and nodes, of which there is one for each byte in which a token differs
/// from the one before it in the order of their bytes.
const LONGEST: usize = 1000;
const TOKENS: usize = 1 << 24;
const NODES: usize = 1 << 22;

fn nodes(words: &[Vec<u8>]) -> usize {
    let mut order: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    order.sort_unstable();
    let before = std::iter::once(&[][..]).chain(order.iter().copied());
    let own = |(before, word): (&[u8], &&[u8])| {
        let shared = word.iter().zip(before).take_while(|(a, b)| a == b).count();
        (word.len() - shared).max(1)
    };
    1 + before.zip(&order).map(own).sum::<usize>()
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
