//! How models write that they call a tool: two forms are known.

use serde_json::{Map, Value, json};

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its name within the conversation.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, an object.
    pub arguments: Value,
}

/// The form in which a family of models calls tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallForm {
    /// `<tool_call>{"name": …, "arguments": {…}}</tool_call>` within the text, any number of times: Qwen, Hermes.
    Tagged,
    /// The whole answer is `{"name": …, "parameters": {…}}`: Llama 3.
    Whole,
}

const OPEN: &str = "<tool_call>";
const CLOSE: &str = "</tool_call>";

impl CallForm {
    /// The form that a chat template writes calls in; `None` where it knows no tools, or writes them otherwise.
    pub(super) fn of_template(source: &str) -> Option<Self> {
        match source.contains("tools") {
            true if source.contains(OPEN) && source.contains("\"arguments\"") => Some(Self::Tagged),
            true if source.contains("ipython") && source.contains("\"parameters\"") => Some(Self::Whole),
            _ => None,
        }
    }

    /// What goes before the document when a call is forced.
    pub fn lead(self) -> &'static str {
        match self {
            Self::Tagged => "<tool_call>\n",
            Self::Whole => "",
        }
    }

    /// The schema of a call to one of `tools`, each a name and the schema of its arguments.
    pub fn schema<'a>(self, tools: impl Iterator<Item = (&'a str, &'a Value)>) -> Value {
        let call = |(name, parameters): (&str, &Value)| {
            json!({
                "type": "object",
                "properties": {"name": {"const": name}, self.field(): parameters},
                "required": ["name", self.field()],
                "additionalProperties": false,
            })
        };
        let mut calls: Vec<Value> = tools.map(call).collect();
        if calls.len() == 1 { calls.remove(0) } else { json!({ "anyOf": calls }) }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Tagged => "arguments",
            Self::Whole => "parameters",
        }
    }

    /// The name and the arguments in the document of a call.
    pub fn read(self, document: &str) -> Option<(String, Map<String, Value>)> {
        let Ok(Value::Object(mut call)) = serde_json::from_str(document.trim()) else { return None };
        let name = call.get("name")?.as_str()?.to_owned();
        let other = if self == Self::Tagged { "parameters" } else { "arguments" };
        match call.remove(self.field()).or_else(|| call.remove(other)) {
            None => Some((name, Map::new())),
            Some(Value::Object(arguments)) => Some((name, arguments)),
            Some(_) => None,
        }
    }
}

/// What a [`CallParser`] heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Text for people.
    Text(String),
    /// A call: the tool and the arguments.
    Call(String, Map<String, Value>),
}

/// Finds calls in an answer as it comes. What turns out to be no call of a tool that was offered is text.
#[derive(Debug)]
pub struct CallParser {
    form: CallForm,
    tools: Vec<String>,
    held: String,
    called: bool,
    spoken: bool,
}

impl CallParser {
    /// For answers of this form, when these tools were offered.
    pub fn new(form: CallForm, tools: Vec<String>) -> Self {
        Self { form, tools, held: String::new(), called: false, spoken: false }
    }

    /// More text of the answer.
    pub fn push(&mut self, text: &str) -> Vec<Heard> {
        self.held.push_str(text);
        match self.form {
            CallForm::Tagged => self.tagged(),
            CallForm::Whole => {
                let begins = self.held.trim_start();
                let open = begins.is_empty() || begins.starts_with('{');
                if open && !self.spoken { Vec::new() } else { self.speak(self.held.len()) }
            }
        }
    }

    /// The answer is over.
    pub fn finish(&mut self) -> Vec<Heard> {
        if self.form == CallForm::Whole && !self.spoken {
            if let Some(call) = self.read(&self.held) {
                self.held.clear();
                return vec![call];
            }
        } else if self.form == CallForm::Tagged
            && let Some(document) = self.held.strip_prefix(OPEN)
            && let Some(call) = self.read(document)
        {
            // The last call is often not closed: the turn ends instead.
            self.held.clear();
            return vec![call];
        }
        self.speak(self.held.len())
    }

    fn tagged(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        loop {
            let Some(start) = self.held.find(OPEN) else {
                // The beginning of a tag may be at the end.
                let keep =
                    (1..OPEN.len()).rev().find(|length| self.held.ends_with(&OPEN[..*length])).unwrap_or(0);
                heard.extend(self.speak(self.held.len() - keep));
                return heard;
            };
            heard.extend(self.speak(start));
            let Some(end) = self.held.find(CLOSE) else { return heard };
            match self.read(&self.held[OPEN.len()..end]) {
                Some(call) => {
                    self.held.drain(..end + CLOSE.len());
                    heard.push(call);
                    self.called = true;
                }
                None => heard.extend(self.speak(end + CLOSE.len())),
            }
        }
    }

    fn read(&self, document: &str) -> Option<Heard> {
        let (name, arguments) = self.form.read(document)?;
        self.tools.contains(&name).then_some(Heard::Call(name, arguments))
    }

    /// Gives out the first `length` bytes of what is held. Line breaks between calls say nothing.
    fn speak(&mut self, length: usize) -> Vec<Heard> {
        let text: String = self.held.drain(..length).collect();
        if text.is_empty() || self.called && text.trim().is_empty() {
            return Vec::new();
        }
        self.spoken = true;
        vec![Heard::Text(text)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(form: CallForm, text: &str) -> (String, Vec<(String, Value)>) {
        let mut both = Vec::new();
        for size in [1, 3, 1000] {
            let mut parser = CallParser::new(form, vec!["f".into(), "g".into()]);
            let pieces: Vec<char> = text.chars().collect();
            let mut all: Vec<Heard> = pieces
                .chunks(size)
                .flat_map(|piece| parser.push(&piece.iter().collect::<String>()))
                .collect();
            all.extend(parser.finish());
            let (mut said, mut calls) = (String::new(), Vec::new());
            for one in all {
                match one {
                    Heard::Text(text) => said.push_str(&text),
                    Heard::Call(name, arguments) => calls.push((name, Value::Object(arguments))),
                }
            }
            both.push((said, calls));
        }
        assert!(both.windows(2).all(|pair| pair[0] == pair[1]), "the pieces do not matter: {both:?}");
        both.remove(0)
    }

    #[test]
    fn tagged_calls_are_found_and_the_rest_is_text() {
        let call = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>";
        let expected = ("f".to_owned(), json!({"a": 1}));
        assert_eq!(heard(CallForm::Tagged, call), (String::new(), vec![expected.clone()]));
        let two = format!("I look.\n{call}\n{}", call.replace("\"f\"", "\"g\""));
        assert_eq!(
            heard(CallForm::Tagged, &two),
            ("I look.\n".into(), vec![expected.clone(), ("g".into(), json!({"a": 1}))])
        );
        assert_eq!(heard(CallForm::Tagged, call.strip_suffix("\n</tool_call>").unwrap()).1, [expected]);
    }

    #[test]
    fn what_is_no_call_is_text() {
        for text in [
            "a < b <tool",
            "<tool_call>oops</tool_call> then",
            "<tool_call>{\"name\": \"unknown\", \"arguments\": {}}</tool_call>",
            "<tool_call>{\"name\": \"f\", \"arguments\": [1]}</tool_call>",
            "<tool_call>{\"name\": \"f\"",
        ] {
            assert_eq!(heard(CallForm::Tagged, text), (text.to_owned(), Vec::new()));
        }
        for text in [
            "plain",
            "  {not json}",
            "{\"name\": \"unknown\", \"parameters\": {}}",
            "x {\"name\": \"f\", \"parameters\": {}}",
            "{",
        ] {
            assert_eq!(heard(CallForm::Whole, text), (text.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn a_whole_answer_is_a_call() {
        let text = " {\"name\": \"g\", \"parameters\": {\"x\": \"{y}\"}}";
        assert_eq!(heard(CallForm::Whole, text), (String::new(), vec![("g".into(), json!({"x": "{y}"}))]));
    }
}
