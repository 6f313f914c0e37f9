//! The envelope: an [`Event`] is a CloudEvents 1.0.2 event.
//!
//! Begin with [`Event::new`]. `attribute` says what each attribute may hold, `json` is the structured JSON format both ways, `schema` the
//! JSON Schema of it. Fields are public and may be set freely; what leaves the process (published, or written as JSON) is checked.

mod attribute;
mod extension;
mod json;
mod schema;

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use ulid::Ulid;

pub use self::{
    extension::Extension,
    json::{BATCH_CONTENT_TYPE, CONTENT_TYPE, batch_from_json, batch_to_json},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// The one version of the specification that is understood.
pub const SPEC_VERSION: &str = "1.0";

/// A CloudEvents 1.0 event.
///
/// ```
/// use heptad_core::events::Event;
///
/// # fn main() -> heptad_core::Result<()> {
/// let event = Event::new("/review", "heptad.review.scanned").subject("src").data(&serde_json::json!({ "findings": 3 }))?;
/// let text = event.to_json()?;
/// assert_eq!(Event::from_json(text.as_bytes())?, event);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// `id`: with `source` it names this occurrence; a ULID unless one was given.
    pub id: String,
    /// `source`: where it happened, a URI-reference such as `/review` or `https://acme.example/shop`.
    pub source: String,
    /// `type`: what happened, as in `heptad.review.scanned`.
    pub event_type: String,
    /// `subject`: what it happened to. Groups keep the order of events that have the same one.
    pub subject: Option<String>,
    /// `time`: when it happened; where it is missing, publishing sets it. Written in UTC.
    pub time: Option<Timestamp>,
    /// `datacontenttype`: the media type of the data.
    pub content_type: Option<String>,
    /// `dataschema`: the URI of the schema that the data adheres to.
    pub schema: Option<String>,
    /// Extension attributes by name: 1 to 20 characters of `a-z 0-9`.
    pub extensions: BTreeMap<String, Extension>,
    /// What is told.
    pub data: Option<Data>,
}

/// The data of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// A JSON value: the `data` member. Text of another media type is a JSON string here. Numbers are as exact as `serde_json`
    /// holds them: 64-bit integers and doubles.
    Json(serde_json::Value),
    /// Bytes: the `data_base64` member.
    Binary(Vec<u8>),
}

impl Event {
    /// An event that happened at `source` (a URI-reference) and is of type `event_type`. It has a fresh ULID as its id and no data.
    pub fn new(source: impl Into<String>, event_type: impl Into<String>) -> Self {
        Self {
            id: Ulid::generate().to_string(),
            source: source.into(),
            event_type: event_type.into(),
            subject: None,
            time: None,
            content_type: None,
            schema: None,
            extensions: BTreeMap::new(),
            data: None,
        }
    }

    /// Gives it another id: whoever may publish the same occurrence twice gives both the same one.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Says what it happened to.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Says when it happened.
    #[must_use]
    pub fn time(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// Names the schema of the data: an absolute URI.
    #[must_use]
    pub fn schema(mut self, uri: impl Into<String>) -> Self {
        self.schema = Some(uri.into());
        self
    }

    /// Adds an extension attribute; `name` has 1 to 20 characters of `a-z 0-9`.
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>, value: impl Into<Extension>) -> Self {
        self.extensions.insert(name.into(), value.into());
        self
    }

    /// Sets the data to the JSON form of `value`, and the content type to `application/json` where none was set.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where `value` has no JSON form.
    pub fn data<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self> {
        let json = serde_json::to_value(value).map_err(|error| {
            Error::invalid("the data of an event must have a JSON form, this has none").because(error)
        })?;
        self.data = Some(Data::Json(json));
        self.content_type.get_or_insert_with(|| "application/json".to_owned());
        Ok(self)
    }

    /// Sets the data to bytes of the media type `content_type`.
    #[must_use]
    pub fn binary(mut self, content_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.content_type = Some(content_type.into());
        self.data = Some(Data::Binary(bytes.into()));
        self
    }

    /// Reads the JSON data as a `T`; an event without data reads as `null`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the data is binary or not of this shape.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        let shape = std::any::type_name::<T>();
        let value = match &self.data {
            None => T::deserialize(&serde_json::Value::Null),
            Some(Data::Json(value)) => T::deserialize(value),
            Some(Data::Binary(_)) => {
                return Err(Error::invalid(format!("the data of event `{}` is binary, not JSON", self.id)));
            }
        };
        value.map_err(|error| {
            Error::invalid(format!("the data of event `{}` is not a {shape}: {error}", self.id))
        })
    }

    /// Whether every attribute holds what the specification allows.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput); the message names the attribute and says what would be right.
    pub fn validate(&self) -> Result<()> {
        attribute::check(self)
    }

    /// The event in the structured JSON format (`application/cloudevents+json`).
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn to_json(&self) -> Result<String> {
        json::to_text(self)
    }

    /// Reads an event in the structured JSON format.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput); the message names the attribute, line and column.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        json::from_text(text)
    }
}
