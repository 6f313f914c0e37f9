//! The JSON event format 1.0.2, structured and batch, both ways.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::{Error as _, SerializeMap},
};
use serde_json::Value;

use super::{Data, Event, Extension, SPEC_VERSION, attribute::wrong};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// Media type of one event as JSON.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";
/// Media type of a batch of events as JSON.
pub const BATCH_CONTENT_TYPE: &str = "application/cloudevents-batch+json";

/// Events in the JSON batch format: an array, which may be empty.
///
/// # Errors
/// As [`Event::validate`], with the index of the event.
pub fn batch_to_json(events: &[Event]) -> Result<String> {
    let mut text = String::from("[");
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&to_text(event).map_err(|error| error.with("event", index))?);
    }
    text.push(']');
    Ok(text)
}

/// Reads the JSON batch format.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) where any event is wrong: none is returned then.
pub fn batch_from_json(text: &[u8]) -> Result<Vec<Event>> {
    serde_json::from_slice(text)
        .map_err(|error| Error::invalid(format!("not a batch of CloudEvents: {error}")))
}

pub(super) fn to_text(event: &Event) -> Result<String> {
    event.validate()?;
    serde_json::to_string(&Checked(event))
        .map_err(|error| Error::internal("a valid event could not be written as JSON").because(error))
}

pub(super) fn from_text(text: &[u8]) -> Result<Event> {
    serde_json::from_slice(text).map_err(|error| Error::invalid(format!("not a CloudEvent: {error}")))
}

/// An event that is known to be valid.
struct Checked<'a>(&'a Event);

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.validate().map_err(|error| S::Error::custom(error.message()))?;
        Checked(self).serialize(serializer)
    }
}

impl Serialize for Checked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", SPEC_VERSION)?;
        map.serialize_entry("id", &event.id)?;
        map.serialize_entry("source", &event.source)?;
        map.serialize_entry("type", &event.event_type)?;
        let optional = [
            ("subject", &event.subject),
            ("datacontenttype", &event.content_type),
            ("dataschema", &event.schema),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(time) = event.time {
            map.serialize_entry("time", &time.to_string())?;
        }
        for (name, value) in &event.extensions {
            match value {
                Extension::Boolean(value) => map.serialize_entry(name, value)?,
                Extension::Integer(value) => map.serialize_entry(name, value)?,
                Extension::String(value) => map.serialize_entry(name, value)?,
            }
        }
        match &event.data {
            None => {}
            Some(Data::Json(value)) => map.serialize_entry("data", value)?,
            Some(Data::Binary(bytes)) => map.serialize_entry("data_base64", &STANDARD.encode(bytes))?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CloudEvent: a JSON object with `specversion`, `id`, `source` and `type`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("`{}` is given twice", name.escape_debug())));
            }
            members.insert(name, value);
        }
        from_members(members).map_err(|error| A::Error::custom(error.message()))
    }
}

fn from_members(mut members: BTreeMap<String, Value>) -> Result<Event> {
    match text(&mut members, "specversion")?.as_deref() {
        Some(SPEC_VERSION) => {}
        Some(other) => {
            return Err(wrong("specversion", other, "a version that is understood: it must be `1.0`"));
        }
        None => return Err(missing("specversion")),
    }
    // Only a JSON null of `data` is a value; for attributes null means that they are not set.
    let json = members.remove("data");
    let data = match (json, text(&mut members, "data_base64")?) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid("`data` and `data_base64` are both given; an event has one of them"));
        }
        (Some(json), None) => Some(Data::Json(json)),
        (None, Some(encoded)) => Some(Data::Binary(
            STANDARD
                .decode(&encoded)
                .map_err(|_| wrong("data_base64", &encoded, "base64 (RFC 4648, section 4)"))?,
        )),
        (None, None) => None,
    };
    let time = text(&mut members, "time")?
        .map(|text| {
            parse_time(&text)
                .ok_or_else(|| wrong("time", &text, "an RFC 3339 time such as `2026-01-31T12:00:00Z`"))
        })
        .transpose()?;
    let event = Event {
        id: text(&mut members, "id")?.ok_or_else(|| missing("id"))?,
        source: text(&mut members, "source")?.ok_or_else(|| missing("source"))?,
        event_type: text(&mut members, "type")?.ok_or_else(|| missing("type"))?,
        subject: text(&mut members, "subject")?,
        time,
        content_type: text(&mut members, "datacontenttype")?,
        schema: text(&mut members, "dataschema")?,
        data,
        extensions: extensions(members)?,
    };
    event.validate()?;
    Ok(event)
}

fn missing(attribute: &str) -> Error {
    Error::invalid(format!("attribute `{attribute}` is missing; every event has one"))
}

fn text(members: &mut BTreeMap<String, Value>, attribute: &str) -> Result<Option<String>> {
    match members.remove(attribute) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(attribute, &other.to_string(), "a JSON string")),
    }
}

fn extensions(members: BTreeMap<String, Value>) -> Result<BTreeMap<String, Extension>> {
    let mut extensions = BTreeMap::new();
    for (name, value) in members {
        let integer = value.as_i64().and_then(|number| i32::try_from(number).ok());
        let value = match (value, integer) {
            (Value::Null, _) => continue,
            (Value::Bool(value), _) => Extension::Boolean(value),
            (Value::String(text), _) => Extension::String(text),
            (_, Some(integer)) => Extension::Integer(integer),
            (other, None) => {
                let right = "a Boolean, a whole number of 32 bits or a string; what has structure belongs into `data`";
                return Err(wrong(&name, &other.to_string(), right));
            }
        };
        extensions.insert(name, value);
    }
    Ok(extensions)
}

/// The instant of an RFC 3339 text. `jiff` alone reads more than that: shorter times, spaces, zones by name.
pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let digits_then = |at: usize, digits: usize, then: &[u8]| {
        bytes.get(at..at + digits).is_some_and(|run| run.iter().all(u8::is_ascii_digit))
            && bytes.get(at + digits).is_some_and(|byte| then.contains(byte))
    };
    let date = digits_then(0, 4, b"-") && digits_then(5, 2, b"-") && digits_then(8, 2, b"Tt");
    let time = digits_then(11, 2, b":") && digits_then(14, 2, b":") && digits_then(17, 2, b".Zz+-");
    let rest = bytes.get(19..)?;
    let fraction = match rest.strip_prefix(b".") {
        Some(fraction) => 1 + fraction.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        None => 0,
    };
    let zone = match &rest[fraction..] {
        b"Z" | b"z" => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].into_iter().all(u8::is_ascii_digit),
        _ => false,
    };
    (date && time && zone && fraction != 1).then(|| text.parse().ok()).flatten()
}
