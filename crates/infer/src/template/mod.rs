//! Chat templates: how a family of models wants a conversation written, as the Jinja program inside the model's file.
//!
//! A template comes from a file that may be hostile: it runs with bounded fuel, depth and output, and can reach nothing but the conversation.
//!
//! **Text is never a command.** Before a template sees the conversation, every name of a control token in it is broken by a mark, a character that
//! occurs nowhere else (`guard.rs`). What is whole after rendering was written by the template and becomes a control token; the marks are taken out
//! of the rest, which is text.

mod calendar;
mod calls;
mod engine;
mod guard;
mod json;
mod paid;
mod python;

use minijinja::{Environment, Error as JinjaError, ErrorKind, Value as Jinja, syntax::SyntaxConfig};
use serde_json::{Map, Value, json};

pub use self::calls::{Call, CallForm, CallParser, Heard};
use self::guard::Guard;
use crate::{
    error::{Error, Result},
    tokenizer::Tokenizer,
};

/// The key of GGUF files that holds the template.
pub const KEY: &str = "tokenizer.chat_template";
/// What rendering may cost whatever the conversation is: about as many instructions.
const FUEL: u64 = 500_000;
/// What it may cost at most beyond that where the conversation is long.
const LONG: u64 = 1_500_000;
/// How deep a template may go into itself.
const DEPTH: usize = 120;
/// The longest template, in bytes. The longest in use have some twenty thousand.
const LONGEST: usize = 1 << 16;
/// The stack on which templates are compiled and run, in bytes; only what is used is ever there. Expressions and values may lie in each other as
/// deep as the longest template and the most fuel allow, and the engine goes into them by recursion.
const STACK: usize = 256 << 20;

/// Who says a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Instructions.
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

/// A turn of a conversation.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Who says it.
    pub speaker: Speaker,
    /// What is said; for a tool, what it returned.
    pub content: String,
    /// The tools that the model calls (assistant), or the one that returned (tool): its id, and its name where that is known.
    pub calls: Vec<Call>,
}

impl Turn {
    /// Text.
    pub fn new(speaker: Speaker, content: impl Into<String>) -> Self {
        Self { speaker, content: content.into(), calls: Vec::new() }
    }
}

/// A tool as templates see it.
#[derive(Clone, Debug)]
pub struct ToolCard {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
}

/// What is rendered.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    /// Oldest first.
    pub turns: Vec<Turn>,
    /// What the model may call.
    pub tools: Vec<ToolCard>,
    /// The time in seconds since 1970 UTC, for templates that name the day; they are told no time where it is `None`.
    pub now: Option<i64>,
}

/// A chat template, compiled.
pub struct Template {
    environment: Environment<'static>,
    guard: Guard,
    bos: String,
    eos: String,
    calls: Option<CallForm>,
}

impl Template {
    /// Compiles `source` for a model with this tokenizer.
    ///
    /// # Errors
    /// [`Error::Metadata`] where it is no template that can be understood, with the line.
    pub fn new(source: &str, tokenizer: &Tokenizer) -> Result<Self> {
        if source.len() > LONGEST {
            return Err(Error::metadata(
                KEY,
                format!("it has {} bytes; at most {LONGEST} are read", source.len()),
            ));
        }
        let mut environment = Environment::new();
        // White space as the reference has it.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| Error::metadata(KEY, told(&error)))?);
        environment.set_recursion_limit(DEPTH);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_unknown_method_callback(python::method);
        engine::pay(&mut environment);
        environment.add_filter("tojson", json::tojson);
        environment.add_filter(paid::FILTER, paid::held);
        environment.add_filter(paid::PART, paid::held_part);
        environment.add_function("raise_exception", |message: String| -> Result<Jinja, JinjaError> {
            Err(JinjaError::new(ErrorKind::InvalidOperation, format!("{REFUSED}{message}")))
        });
        let paid = paid::paid(source)
            .ok_or_else(|| Error::metadata(KEY, "it has an expression that is too long to be one"))?;
        deep(|| {
            environment.add_template_owned("chat", paid).map_err(|error| {
                let line = error.line().map_or_else(String::new, |line| format!("line {line}: "));
                Error::metadata(KEY, format!("{line}{}", told(&error)))
            })
        })?;
        let name = |(id, _): (Option<u32>, bool)| id.map_or_else(String::new, |id| tokenizer.name(id));
        Ok(Self {
            environment,
            guard: Guard::new(tokenizer, source),
            bos: name(tokenizer.bos()),
            eos: name(tokenizer.eos()),
            calls: CallForm::of_template(source),
        })
    }

    /// How models of this family call tools; `None` where the template knows no tools or the form is not known here.
    pub fn calls(&self) -> Option<CallForm> {
        self.calls
    }

    /// The tokens of the conversation, up to where the model is to go on, and then those of `lead`, which is put into the model's mouth.
    ///
    /// # Errors
    /// [`Error::Input`] where the template refuses the conversation (some want turns to alternate, or no system message), or costs too much.
    pub fn tokens(&self, tokenizer: &Tokenizer, conversation: &Conversation, lead: &str) -> Result<Vec<u32>> {
        let (text, mark) = self.render(conversation)?;
        Ok(tokenizer.encode_marked(&(text + lead), mark))
    }

    /// What the model reads, as text for people: in it a control token cannot be told from text that looks like one.
    ///
    /// # Errors
    /// As [`tokens`](Self::tokens).
    pub fn text(&self, conversation: &Conversation) -> Result<String> {
        self.render(conversation).map(|(text, mark)| text.replace(mark, ""))
    }

    /// The text, and the mark that breaks names of control tokens in it.
    fn render(&self, conversation: &Conversation) -> Result<(String, char)> {
        let mark = self.guard.mark(conversation)?;
        let turns: Vec<Value> = conversation.turns.iter().map(|turn| self.turn(turn, mark)).collect();
        let tool = |tool: &ToolCard| {
            let function =
                json!({"name": tool.name, "description": tool.description, "parameters": tool.parameters});
            self.guard.broken(json!({"type": "function", "function": function}), mark)
        };
        let tools: Vec<Value> = conversation.tools.iter().map(tool).collect();
        let mut context = Map::new();
        context.insert("messages".into(), turns.into());
        context.insert("tools".into(), if tools.is_empty() { Value::Null } else { tools.into() });
        context.insert("bos_token".into(), self.bos.clone().into());
        context.insert("eos_token".into(), self.eos.clone().into());
        context.insert("add_generation_prompt".into(), true.into());
        let size = Value::Object(context.clone()).to_string().len() as u64;

        let mut environment = self.environment.clone();
        // Copying the conversation a few times is what templates do.
        environment.set_fuel(Some(FUEL + size.min(LONG)));
        if let Some(now) = conversation.now {
            environment.add_function("strftime_now", move |format: String| calendar::format(now, &format));
        }
        let text = deep(|| {
            let template =
                environment.get_template("chat").map_err(|error| Error::metadata(KEY, told(&error)))?;
            template.render(json::value(&Value::Object(context))).map_err(|error| refused(&error))
        })?;
        Ok((text, mark))
    }

    fn turn(&self, turn: &Turn, mark: char) -> Value {
        let role = match turn.speaker {
            Speaker::System => "system",
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
            Speaker::Tool => "tool",
        };
        // What the model said itself may hold the words of its family for reasoning, which templates look for; never a control token.
        let content = match turn.speaker {
            Speaker::Assistant => self.guard.broken_control(&turn.content, mark),
            _ => self.guard.broken_text(&turn.content, mark),
        };
        let mut message = json!({"role": role, "content": content});
        match (turn.speaker, &*turn.calls) {
            (_, []) => {}
            (Speaker::Tool, [call, ..]) => {
                message["tool_call_id"] = self.guard.broken_text(&call.id, mark).into();
                if !call.name.is_empty() {
                    message["name"] = self.guard.broken_text(&call.name, mark).into();
                }
            }
            (_, calls) => {
                let calls = calls.iter().map(|call| {
                    let function = json!({"name": call.name, "arguments": call.arguments});
                    self.guard.broken(json!({"type": "function", "id": call.id, "function": function}), mark)
                });
                message["tool_calls"] = calls.collect();
            }
        }
        message
    }
}

/// Does `work` where the stack is large.
fn deep<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("template".into()).stack_size(STACK);
        let thread = thread.spawn_scoped(scope, work).map_err(|error| {
            Error::Input(format!("no thread can be started for the model's chat template: {error}"))
        })?;
        let failed = |_| Err(Error::Input("the model's chat template makes its engine fail".into()));
        thread.join().unwrap_or_else(failed)
    })
}

/// What `raise_exception` puts before its message.
const REFUSED: &str = "\u{1}";

fn refused(error: &JinjaError) -> Error {
    let detail = error.detail().unwrap_or_default();
    Error::Input(match detail.strip_prefix(REFUSED) {
        Some(message) => format!("the model's chat template refuses the conversation: {}", short(message)),
        None if error.kind() == ErrorKind::OutOfFuel => {
            "the model's chat template does not come to an end within its limits".into()
        }
        None => {
            let line = error.line().map_or_else(String::new, |line| format!(", line {line}"));
            format!("the model's chat template fails on this conversation{line}: {}", told(error))
        }
    })
}

fn told(error: &JinjaError) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {}", error.kind(), short(detail)),
        None => error.kind().to_string(),
    }
}

/// A bounded piece of what a template says, for messages.
fn short(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}
