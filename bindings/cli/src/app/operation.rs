//! The command of one operation.

use anstream::adapter::strip_str;
use clap::{Arg, Command};
use heptad::core::operation::{Effect, Spec};

use crate::{
    args::{Flag, kebab},
    globals,
    output::{
        markdown,
        style::{HEADING, KEY, paint},
        wrap,
    },
    schema::{self, Property, Shape},
    signature::Signature,
};

/// Its name and what it is for.
pub(super) fn outline(spec: &Spec) -> Command {
    Command::new(kebab(spec.name)).about(markdown::inline(spec.summary()))
}

/// The same with all that can be typed and said.
///
/// With `json` the request may come as a whole; else clap is to know, and to show, what has to be typed.
pub(super) fn whole(spec: &Spec, json: bool) -> Command {
    let signature = Signature::of(spec);
    let formats: Vec<_> = signature.formats.iter().map(String::as_str).collect();
    outline(spec)
        .long_about(markdown::render(spec.doc))
        .override_usage(usage(&format!("heptad {} {}", spec.system, kebab(spec.name)), &signature.flags))
        .args(signature.flags.iter().flat_map(|flag| flag.args(json)))
        .arg(whole_request())
        .arg(globals::format(&formats))
        .after_long_help(result(spec))
}

/// The whole request at once.
fn whole_request() -> Arg {
    Arg::new("json")
        .long("json")
        .value_name("JSON|@FILE|-")
        .help("The whole request as JSON, from a file, or from the standard input; flags override it")
}

fn usage(command: &str, flags: &[Flag]) -> String {
    let mut usage = format!("{command} [OPTIONS]");
    for flag in flags {
        let required = flag.property.required && flag.path.len() == 1;
        let value = flag.value_name();
        let more = if flag.takes_many() { "…" } else { "" };
        usage += &match (flag.positional, required) {
            (true, true) => format!(" <{value}>{more}"),
            (true, false) => format!(" [{value}]{more}"),
            (false, true) => format!(" --{} <{value}>", flag.long),
            (false, false) => String::new(),
        };
    }
    usage
}

/// What comes back, and what is needed to call it.
fn result(spec: &Spec) -> String {
    let (kind, effect) = match spec.effect {
        Effect::Reads => ("Result", "changes nothing"),
        Effect::Writes => ("Result", "changes what is kept"),
        Effect::Streams => {
            ("Each item", "changes nothing and streams: items are printed as they come, Ctrl-C ends it")
        }
        Effect::Table => ("Table", "changes nothing and gives a table"),
    };
    let mut out = String::new();
    if let (Shape::Object(properties), false) =
        (schema::read((spec.response)().as_value()), spec.effect == Effect::Table)
    {
        out += &paint(HEADING, &format!("{kind}:"));
        out += "\n";
        let widest = properties.iter().map(|property| property.name.len()).max().unwrap_or(0);
        out.extend(properties.iter().map(|property| field(property, widest)));
        out += "\n";
    }
    out += &format!(
        "It {effect}. Permission: {}. Exit codes: heptad help exit-codes.",
        paint(KEY, spec.permission)
    );
    out
}

fn field(property: &Property, widest: usize) -> String {
    let padding = " ".repeat(widest + 2 - property.name.len());
    // Wrapped here, for clap does not let lines hang. It counts the paint of code as text, so there is none.
    let doc = strip_str(&markdown::inline(property.doc.lines().next().unwrap_or_default())).to_string();
    let text = if doc.is_empty() { property.shape.expected() } else { doc };
    let line = format!("  {}{padding}{text}", property.name);
    let wrapped = wrap::hanging(&line, super::width(), widest + 4);
    wrapped.replacen(&property.name, &paint(KEY, &property.name), 1)
}
