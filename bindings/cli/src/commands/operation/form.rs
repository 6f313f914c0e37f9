//! Who renders a result: we, or the operation itself.
//!
//! An operation that can render declares it by two conventions: its request has a property `format` with a few values, and its response a
//! text `rendered`. What `--format` says goes to the operation where that is one of its values; else we render.

use clap::ArgMatches;
use heptad::core::{Error, Result};
use serde_json::Value;

use crate::output::Format;

const PROPERTY: &str = "format";

/// The form in which a result is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form<'a> {
    /// We render whatever comes.
    Ours,
    /// The operation renders this one.
    Theirs(&'a str),
    /// Nobody said. The operation renders as its request says, which is text unless `--json` says otherwise.
    Unsaid {
        /// Whether text is one of its forms.
        text: bool,
    },
}

impl<'a> Form<'a> {
    /// What `--format` says of an operation that renders these forms itself.
    ///
    /// # Errors
    /// `InvalidInput` for a form that nobody renders. (clap sees to that where the flag follows the operation, not where it is first.)
    pub(crate) fn choose(matches: &'a ArgMatches, theirs: &[String]) -> Result<Self> {
        let has = |name: &str| theirs.iter().any(|form| form == name);
        match matches.get_one::<String>("format").map(String::as_str) {
            Some(name) if has(name) => Ok(Self::Theirs(name)),
            Some(name) if Format::named(name).is_some() => Ok(Self::Ours),
            Some(name) => {
                let ours = Format::ALL.iter().map(|(_, name, _)| *name).filter(|name| !has(name));
                let known: Vec<_> = theirs.iter().map(String::as_str).chain(ours).collect();
                Err(Error::invalid(format!(
                    "there is no form `{name}`; `--format` takes {}",
                    known.join(", ")
                )))
            }
            None if theirs.is_empty() => Ok(Self::Ours),
            None => Ok(Self::Unsaid { text: has("text") }),
        }
    }

    /// Tells the operation.
    pub(crate) fn set_in(self, request: &mut Value) {
        let Value::Object(properties) = request else { return };
        match self {
            Self::Theirs(name) => drop(properties.insert(PROPERTY.to_owned(), name.into())),
            Self::Unsaid { text: true } => drop(properties.entry(PROPERTY).or_insert("text".into())),
            Self::Ours | Self::Unsaid { text: false } => {}
        }
    }

    /// Takes the text that the operation rendered out of the response, and gives it if it was asked for.
    pub(crate) fn rendered(self, response: &mut Value) -> Option<String> {
        let properties = response
            .as_object_mut()
            .filter(|properties| properties.get("rendered").is_some_and(Value::is_string))?;
        match (self, properties.shift_remove("rendered")) {
            (Self::Theirs(_) | Self::Unsaid { .. }, Some(Value::String(text))) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Form;
    use crate::{app, sample};

    fn matches(line: &[&str]) -> clap::ArgMatches {
        let line = std::iter::once("heptad").chain(line.iter().copied());
        let matches = app::command(&sample::registry(), app::Detail::Everything)
            .try_get_matches_from(line)
            .expect("a right line");
        matches.subcommand().and_then(|(_, system)| system.subcommand()).expect("an operation").1.clone()
    }

    #[test]
    fn the_operation_renders_what_it_can_and_we_the_rest() {
        let forms = ["json".to_owned(), "text".to_owned(), "sarif".to_owned()];
        for (line, form, set) in [
            (vec!["sample", "scan", "src"], Form::Unsaid { text: true }, json!({ "format": "text" })),
            (
                vec!["sample", "scan", "src", "--format", "sarif"],
                Form::Theirs("sarif"),
                json!({ "format": "sarif" }),
            ),
            (
                vec!["--format", "sarif", "sample", "scan", "src"],
                Form::Theirs("sarif"),
                json!({ "format": "sarif" }),
            ),
            (
                vec!["--format", "text", "sample", "scan", "src", "--format", "json"],
                Form::Theirs("json"),
                json!({ "format": "json" }),
            ),
            (vec!["sample", "scan", "src", "--format", "table"], Form::Ours, json!({})),
        ] {
            let matches = matches(&line);
            assert_eq!(Form::choose(&matches, &forms).ok(), Some(form), "{line:?}");
            let mut request = json!({});
            form.set_in(&mut request);
            assert_eq!(request, set, "{line:?}");
        }
        assert_eq!(Form::choose(&matches(&["sample", "ping"]), &[]).ok(), Some(Form::Ours));
        let error =
            Form::choose(&matches(&["--format", "sarif", "sample", "ping"]), &[]).expect_err("no such form");
        assert!(error.message().ends_with("takes text, table, json, jsonl"), "{error}");
    }

    #[test]
    fn a_format_in_the_request_stands_unless_the_flag_says_otherwise() {
        for (form, format) in
            [(Form::Unsaid { text: true }, "sarif"), (Form::Ours, "sarif"), (Form::Theirs("json"), "json")]
        {
            let mut request = json!({ "format": "sarif" });
            form.set_in(&mut request);
            assert_eq!(request, json!({ "format": format }), "{form:?}");
        }
    }

    #[test]
    fn rendered_text_is_taken_out_of_the_data() {
        for (form, text) in [
            (Form::Ours, None),
            (Form::Theirs("sarif"), Some("x")),
            (Form::Unsaid { text: false }, Some("x")),
        ] {
            let mut response = json!({ "n": 1, "rendered": "x" });
            assert_eq!(form.rendered(&mut response).as_deref(), text, "{form:?}");
            assert_eq!(response, json!({ "n": 1 }));
        }
        let mut response = json!({ "rendered": 7 });
        assert_eq!(Form::Theirs("sarif").rendered(&mut response), None);
        assert_eq!(response, json!({ "rendered": 7 }));
    }
}
