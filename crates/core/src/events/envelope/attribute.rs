//! What each attribute of an event may hold (CloudEvents 1.0.2, "Type System" and "Context Attributes").

use super::{Data, Event, Extension};
use crate::error::{Error, Result};

/// Names an extension may not have, for the JSON format or the specification uses them.
const RESERVED: [&str; 9] =
    ["id", "source", "specversion", "type", "subject", "time", "datacontenttype", "dataschema", "data"];

/// How deep JSON data may nest: a little less than `serde_json` reads back within an envelope within a batch.
const MAX_DEPTH: usize = 120;

/// The most characters of a wrong value that a message repeats.
const SHOWN: usize = 80;

/// Checks every attribute of `event`.
pub(super) fn check(event: &Event) -> Result<()> {
    check_text("id", &event.id)?;
    check_text("type", &event.event_type)?;
    check_text("source", &event.source)?;
    check_uri_reference("source", &event.source)?;
    if let Some(subject) = &event.subject {
        check_text("subject", subject)?;
    }
    if let Some(time) = event.time
        && !time.to_string().starts_with(|c: char| c.is_ascii_digit())
    {
        return Err(wrong("time", &time.to_string(), "a time of the years 0000 to 9999"));
    }
    if let Some(content_type) = &event.content_type
        && !is_media_type(content_type)
    {
        return Err(wrong("datacontenttype", content_type, "a media type such as `application/json`"));
    }
    if let Some(schema) = &event.schema {
        check_text("dataschema", schema)?;
        check_uri_reference("dataschema", schema)?;
        if scheme(schema).is_none() {
            return Err(wrong("dataschema", schema, "an absolute URI such as `https://example.com/schema`"));
        }
    }
    for (name, value) in &event.extensions {
        check_extension(name, value)?;
    }
    match &event.data {
        Some(Data::Json(value)) if !nests_within(value, MAX_DEPTH) => {
            Err(Error::invalid(format!("`data` nests deeper than {MAX_DEPTH} arrays and objects")))
        }
        _ => Ok(()),
    }
}

fn check_extension(name: &str, value: &Extension) -> Result<()> {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    if RESERVED.contains(&name) || !(1..=20).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(Error::invalid(format!(
            "`{}` cannot name an extension attribute: 1 to 20 of a-z 0-9, and not an attribute of the specification",
            shown(name)
        )));
    }
    match value {
        Extension::String(text) => check_characters(name, text),
        Extension::Boolean(_) | Extension::Integer(_) => Ok(()),
    }
}

fn check_text(attribute: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(format!(
            "attribute `{attribute}` is empty; it needs at least one character"
        )));
    }
    check_characters(attribute, text)
}

/// Refuses control characters and noncharacters, which no attribute may hold.
fn check_characters(attribute: &str, text: &str) -> Result<()> {
    let forbidden = |c: &char| {
        let code = u32::from(*c);
        c.is_control() || (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
    };
    match text.chars().find(forbidden) {
        None => Ok(()),
        Some(c) => Err(Error::invalid(format!(
            "attribute `{attribute}` holds U+{:04X}; control characters and noncharacters are not allowed",
            u32::from(c)
        ))),
    }
}

/// RFC 3986, section 4.1, as far as characters and the places of the delimiters go.
fn check_uri_reference(attribute: &str, text: &str) -> Result<()> {
    let refuse = |why: &str| Err(wrong(attribute, text, &format!("a URI-reference: {why}")));
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let escaped = || bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        match byte {
            b'%' if !escaped() => return refuse("`%` is followed by two hexadecimal digits"),
            b'%' => {}
            _ if byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte) => {}
            _ => return refuse("spaces and characters beyond ASCII are percent-encoded"),
        }
    }
    if text.matches('#').count() > 1 {
        return refuse("it has one `#` at most");
    }
    let rest = scheme(text).map_or(text, |scheme| &text[scheme.len() + 1..]);
    let first_segment = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if rest.len() == text.len() && first_segment.contains(':') {
        return refuse("what stands before the first `:` is a scheme; else write `./` before it");
    }
    let after_authority = rest.strip_prefix("//").map_or(rest, |rest| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        &rest[end..]
    });
    if after_authority.contains(['[', ']']) {
        return refuse("brackets stand only around an IPv6 address");
    }
    Ok(())
}

/// The scheme of a URI, where it has one.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"+-.".contains(&c);
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(allowed);
    valid.then_some(scheme)
}

/// RFC 2046: `type/subtype` and parameters.
fn is_media_type(text: &str) -> bool {
    let is_token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&c))
    };
    let mut parts = text.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    let named = essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    named
        && parts.all(|parameter| {
            parameter.trim().split_once('=').is_some_and(|(name, value)| {
                let quoted = value.len() >= 2 && value.starts_with('"') && value.ends_with('"');
                is_token(name) && (is_token(value) || (quoted && !value.contains(char::is_control)))
            })
        })
}

fn nests_within(value: &serde_json::Value, depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else {
        return !value.is_array() && !value.is_object();
    };
    match value {
        serde_json::Value::Array(items) => items.iter().all(|item| nests_within(item, deeper)),
        serde_json::Value::Object(members) => members.values().all(|item| nests_within(item, deeper)),
        _ => true,
    }
}

/// The error for a value that is not what `attribute` wants.
pub(super) fn wrong(attribute: &str, value: &str, right: &str) -> Error {
    Error::invalid(format!("attribute `{attribute}`: `{}` is not {right}", shown(value)))
}

/// A value from outside, made fit for a message.
fn shown(value: &str) -> String {
    let mut text: String = value.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if value.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}
