//! From a request to the tokens that the model reads, and to what its answer is held to.

use std::collections::HashMap;

use heptad_infer::{
    sample::{Sampler, Sampling, Stops},
    template::{Call, CallForm, CallParser, Conversation, Speaker, Template, ToolCard, Turn},
};

use super::{
    answer::{Answer, Parts},
    load::{Shelf, Writing},
    told,
};
use crate::{
    error::{Error, ErrorKind, Result},
    llm::{ChatRequest, FinishReason, Message, Part, ResponseFormat, Role, ToolChoice},
};

/// A request that is ready to be computed.
pub(super) struct Prepared {
    pub(super) prompt: Vec<u32>,
    pub(super) answer: Answer,
    /// The most tokens of conversation and answer.
    pub(super) context: usize,
}

impl Shelf {
    /// Everything that can be wrong with a request is found here, before anything is computed.
    pub(super) fn prepare(&self, request: &ChatRequest, now: Option<i64>) -> Result<Prepared> {
        let (prompt, forced) = self.tokens(request, now)?;
        if prompt.len() >= self.context {
            return Err(too_long(&format!("has {} tokens", prompt.len()), self.context));
        }
        let room = self.context - prompt.len();
        let most = request.max_tokens.unwrap_or(self.options.max_output_tokens) as usize;
        let limit = most.min(room);

        let schema = match (&request.format, forced) {
            (_, Some(form)) => {
                let chosen = offered(request).filter(|tool| match &request.tool_choice {
                    ToolChoice::Tool { name } => tool.name == *name,
                    _ => true,
                });
                Some(form.schema(chosen.map(|tool| (tool.name.as_str(), &tool.parameters))))
            }
            (ResponseFormat::JsonSchema { schema, .. }, None) => Some(schema.clone()),
            _ => None,
        };
        if schema.is_some() && !request.stop.is_empty() {
            let message = "a structured answer ends where its document ends, so it takes no `stop`";
            return Err(Error::new(ErrorKind::Unsupported, message).with("field", "stop"));
        }
        let mask = match schema {
            None => None,
            Some(schema) => {
                let field = if forced.is_some() { "tools" } else { "format.schema" };
                let mut mask =
                    self.masks()?.json(&schema).map_err(told).map_err(|error| error.with("field", field))?;
                let least = mask.shortest().map_err(told).map_err(|error| error.with("field", field))?;
                if least > limit {
                    let message = format!(
                        "a document of this schema needs about {least} tokens, and the answer may have {limit}: raise `max_tokens`, or shorten the conversation"
                    );
                    return Err(Error::new(ErrorKind::LimitExceeded, message).with("field", "max_tokens"));
                }
                Some(Box::new(mask))
            }
        };
        let form = match &self.writing {
            Writing::Template(template) => template.calls(),
            _ => None,
        };
        let names: Vec<String> = offered(request).map(|tool| tool.name.clone()).collect();
        let parser =
            form.filter(|_| forced.is_none() && !names.is_empty()).map(|form| CallParser::new(form, names));
        let sampling = Sampling {
            temperature: request.temperature.unwrap_or(self.options.temperature),
            top_k: self.options.top_k,
            top_p: request.top_p.unwrap_or(1.0),
            min_p: self.options.min_p,
        };
        let seed = match request.seed {
            Some(seed) => seed,
            None => getrandom::u64()
                .map_err(|error| Error::internal("the system has no random numbers").because(error))?,
        };
        let bytes: Vec<u8> = prompt.iter().flat_map(|token| token.to_le_bytes()).collect();
        let answer = Answer::new(Parts {
            tokenizer: std::sync::Arc::clone(&self.tokenizer),
            sampler: Sampler::new(sampling, seed),
            mask,
            forced,
            stops: Stops::new(request.stop.iter().map(String::as_str)),
            parser,
            limit,
            name: blake3::hash(&bytes).to_hex()[..12].to_owned(),
        });
        Ok(Prepared { prompt, answer, context: self.context })
    }

    /// The tokens of the conversation, and in which form a call is forced.
    pub(super) fn tokens(
        &self,
        request: &ChatRequest,
        now: Option<i64>,
    ) -> Result<(Vec<u32>, Option<CallForm>)> {
        self.within_reach(request)?;
        match &self.writing {
            Writing::Plain => Ok((self.plain(request)?, None)),
            Writing::Template(template) => {
                let forced = matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Tool { .. });
                let form = template.calls().filter(|_| forced);
                Ok((self.framed(template, request, now, form.map_or("", CallForm::lead))?, form))
            }
            Writing::Nothing => {
                let message = "the model is a base model: its file has no chat template, so it continues texts and answers nobody. Use a model that was made for \
                               conversations, or set `llm.template` to `plain` to have one message continued, or to the file of a template";
                Err(Error::new(ErrorKind::Unsupported, message).with("field", "llm.template"))
            }
        }
    }

    /// Refuses a conversation that cannot fit before time is spent on it: no token is longer than the longest.
    fn within_reach(&self, request: &ChatRequest) -> Result<()> {
        let bytes = crate::llm::port::most_tokens(request);
        let reach = (self.context as u64).saturating_mul(self.tokenizer.longest().max(1) as u64);
        if bytes > reach.saturating_add(1 << 16) {
            return Err(too_long(&format!("is about {bytes} bytes long"), self.context));
        }
        Ok(())
    }

    fn plain(&self, request: &ChatRequest) -> Result<Vec<u32>> {
        let [message] = &*request.messages else { return Err(one_message()) };
        if message.role != Role::User {
            return Err(one_message());
        }
        let (bos, add) = self.tokenizer.bos();
        let mut tokens: Vec<u32> = bos.filter(|_| add).into_iter().collect();
        tokens.extend(self.tokenizer.encode(&message.text()));
        if tokens.is_empty() {
            return Err(Error::invalid("there is nothing to continue: the message is empty")
                .with("field", "messages"));
        }
        Ok(tokens)
    }

    fn framed(
        &self,
        template: &Template,
        request: &ChatRequest,
        now: Option<i64>,
        lead: &str,
    ) -> Result<Vec<u32>> {
        let card = |tool: &crate::llm::Tool| ToolCard {
            name: tool.name.clone(),
            description: tool.description.clone(),
            parameters: tool.parameters.clone(),
        };
        let conversation = Conversation {
            turns: turns(&request.messages),
            tools: offered(request).map(card).collect(),
            now,
        };
        let mut tokens = template.tokens(&self.tokenizer, &conversation, lead).map_err(told)?;
        let (bos, add) = self.tokenizer.bos();
        // Most templates write it themselves.
        if let Some(bos) = bos.filter(|bos| add && tokens.first() != Some(bos)) {
            tokens.insert(0, bos);
        }
        if tokens.is_empty() {
            return Err(Error::invalid("the chat template writes nothing for this conversation")
                .with("field", "messages"));
        }
        Ok(tokens)
    }
}

/// The tools that the model is shown.
fn offered(request: &ChatRequest) -> impl Iterator<Item = &crate::llm::Tool> {
    request.tools.iter().filter(|_| request.tool_choice != ToolChoice::None)
}

fn turns(messages: &[Message]) -> Vec<Turn> {
    let mut names: HashMap<&str, &str> = HashMap::new();
    let mut turns = Vec::new();
    for message in messages {
        let speaker = match message.role {
            Role::System => Speaker::System,
            Role::User => Speaker::User,
            Role::Assistant => Speaker::Assistant,
            Role::Tool => {
                turns.extend(message.parts.iter().filter_map(|part| result(part, &names)));
                continue;
            }
        };
        let mut turn = Turn::new(speaker, message.text());
        for part in &message.parts {
            if let Part::ToolCall(call) = part {
                names.insert(&call.id, &call.name);
                turn.calls.push(Call {
                    id: call.id.clone(),
                    name: call.name.clone(),
                    arguments: call.arguments.clone(),
                });
            }
        }
        turns.push(turn);
    }
    turns
}

fn result(part: &Part, names: &HashMap<&str, &str>) -> Option<Turn> {
    let Part::ToolResult { id, content, failed } = part else { return None };
    let content = if *failed { format!("Error: {content}") } else { content.clone() };
    let name = names.get(id.as_str()).copied().unwrap_or_default().to_owned();
    let call = Call { id: id.clone(), name, arguments: serde_json::Value::Null };
    Some(Turn { calls: vec![call], ..Turn::new(Speaker::Tool, content) })
}

fn one_message() -> Error {
    let message = "`llm.template` is `plain`, so there is one message, of the user, and it is continued: a conversation needs a chat template";
    Error::invalid(message).with("field", "messages")
}

fn too_long(what: &str, context: usize) -> Error {
    let message = format!(
        "the conversation {what}, and the model's context is {context}: shorten it, or raise `llm.context`"
    );
    Error::new(ErrorKind::LimitExceeded, message).with("field", "messages")
}

/// Why an answer ended, when it did so by itself.
pub(super) fn natural(calls: usize) -> FinishReason {
    if calls > 0 { FinishReason::ToolCalls } else { FinishReason::Stop }
}
