//! Breaking the names of control tokens in text from outside.

use serde_json::{Map, Value};

use super::Conversation;
use crate::{
    error::{Error, Result},
    tokenizer::{Specials, TokenKind, Tokenizer},
};

/// What must not be written by a conversation.
pub(super) struct Guard {
    /// Control tokens, and those tokens of text that the template frames turns with.
    all: Specials,
    control: Specials,
    /// A mark does not occur in the template either.
    source: String,
}

impl Guard {
    pub(super) fn new(tokenizer: &Tokenizer, source: &str) -> Self {
        let named = |id: u32| (id, tokenizer.name(id));
        let of = |kind: TokenKind| {
            let count = u32::try_from(tokenizer.count()).unwrap_or(u32::MAX);
            (0..count).filter(move |id| tokenizer.kind(*id) == Some(kind)).map(named)
        };
        let control: Vec<_> = of(TokenKind::Control).collect();
        let frames = of(TokenKind::UserDefined).filter(|(_, name)| {
            !name.trim().is_empty() && name.chars().nth(1).is_some() && source.contains(name)
        });
        let all: Vec<_> = control.iter().cloned().chain(frames).collect();
        let trie = |list: &[(u32, String)]| Specials::new(list.iter().map(|(id, name)| (*id, name.as_str())));
        Self { all: trie(&all), control: trie(&control), source: source.to_owned() }
    }

    /// A character that occurs neither in the conversation nor in the template, from the last private plane.
    pub(super) fn mark(&self, conversation: &Conversation) -> Result<char> {
        let mut texts: Vec<String> = vec![self.source.clone()];
        for turn in &conversation.turns {
            texts.push(turn.content.clone());
            texts.extend(turn.calls.iter().map(|call| format!("{}{}{}", call.id, call.name, call.arguments)));
        }
        let tools = conversation.tools.iter();
        texts.extend(tools.map(|tool| format!("{}{}{}", tool.name, tool.description, tool.parameters)));
        let mut used = std::collections::BTreeSet::new();
        for text in &texts {
            used.extend(text.chars().filter(|c| *c >= '\u{100000}'));
        }
        let free = ('\u{100000}'..='\u{10FFFD}').find(|c| !used.contains(c));
        free.ok_or_else(|| {
            Error::Input("the conversation uses every character of the last private plane of Unicode".into())
        })
    }

    /// `text` with a mark in every name.
    pub(super) fn broken_text(&self, text: &str, mark: char) -> String {
        broken(&self.all, text, mark)
    }

    /// `text` with a mark in every name of a control token.
    pub(super) fn broken_control(&self, text: &str, mark: char) -> String {
        broken(&self.control, text, mark)
    }

    /// `value` with a mark in every name within its strings and keys.
    pub(super) fn broken(&self, value: Value, mark: char) -> Value {
        match value {
            Value::String(text) => Value::String(self.broken_text(&text, mark)),
            Value::Array(items) => items.into_iter().map(|item| self.broken(item, mark)).collect(),
            Value::Object(fields) => {
                let field = |(name, value): (String, Value)| {
                    (self.broken_text(&name, mark), self.broken(value, mark))
                };
                Value::Object(fields.into_iter().map(field).collect::<Map<_, _>>())
            }
            other => other,
        }
    }
}

/// A mark after the first character of every place where a name begins, overlapping ones as well.
fn broken(names: &Specials, text: &str, mark: char) -> String {
    let mut result = String::with_capacity(text.len());
    let mut from = 0;
    while let Some((start, ..)) = names.find(text, from) {
        let first = text[start..].chars().next().map_or(1, char::len_utf8);
        result.push_str(&text[from..start + first]);
        result.push(mark);
        from = start + first;
    }
    result.push_str(&text[from..]);
    result
}
