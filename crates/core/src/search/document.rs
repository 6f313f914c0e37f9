//! What is indexed: a document, and its values as its schema reads them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Field, FieldKind, Schema};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// The most bytes an id may have: what the store allows.
const MAX_ID_BYTES: usize = 1024;
/// The most bytes a keyword or facet may have.
const MAX_KEYWORD_BYTES: usize = 1024;
/// The most parts a facet may have.
const MAX_FACET_DEPTH: usize = 16;

/// A document: an id and the values of its fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Document {
    /// Its name within the collection: 1 to 1,024 bytes without NUL.
    pub id: String,
    /// Values by field: a string, number or boolean, or a list of these. Null counts as absent.
    #[serde(default)]
    pub fields: Map<String, Value>,
}

/// One value, as the kind of its field reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue<'a> {
    /// Of a field of text, code or keywords.
    Text(&'a str),
    /// A facet and every level above it, as in `/lang`, `/lang/rust`.
    Path(Vec<&'a str>),
    /// An integer, or a timestamp in microseconds since 1970.
    Integer(i64),
    /// A floating-point number, finite.
    Float(f64),
    /// True or false.
    Boolean(bool),
}

impl Document {
    /// A document without values.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), fields: Map::new() }
    }

    /// The same document with a value.
    #[must_use]
    pub fn with(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(field.into(), value.into());
        self
    }

    /// Its values as `schema` reads them: the place of the field, and the values in it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the id is malformed, a field is not in the schema, or a value is not what its
    /// field holds; the message names them.
    pub fn values<'a>(&'a self, schema: &Schema) -> Result<Vec<(usize, Vec<FieldValue<'a>>)>> {
        if self.id.is_empty() || self.id.len() > MAX_ID_BYTES || self.id.contains('\0') {
            let length = self.id.len();
            return Err(Error::invalid(format!(
                "the id of a document has 1 to {MAX_ID_BYTES} bytes and no NUL, this one has {length} bytes"
            )));
        }
        let of_field = |(name, value): (&'a String, &'a Value)| {
            let place = schema.position(name)?;
            let field = &schema.fields[place];
            let values = match value {
                Value::Null => Vec::new(),
                Value::Array(items) => items.iter().map(|item| read(field, item)).collect::<Result<_>>()?,
                single => vec![read(field, single)?],
            };
            Ok((place, values))
        };
        let values = self.fields.iter().map(of_field).collect::<Result<_>>();
        values.map_err(|error: Error| error.with("document", &self.id))
    }

    /// The text of a field of strings, its values joined by line ends; `None` where it has none.
    pub fn text(&self, field: &str) -> Option<String> {
        match self.fields.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Array(items) => {
                let texts: Vec<_> = items.iter().filter_map(Value::as_str).collect();
                (!texts.is_empty()).then(|| texts.join("\n"))
            }
            _ => None,
        }
    }
}

fn read<'a>(field: &Field, value: &'a Value) -> Result<FieldValue<'a>> {
    let found = match (&field.kind, value) {
        (FieldKind::Text { .. } | FieldKind::Code, Value::String(text)) => Some(FieldValue::Text(text)),
        (FieldKind::Keyword, Value::String(text)) => {
            (text.len() <= MAX_KEYWORD_BYTES && !text.contains('\0')).then_some(FieldValue::Text(text))
        }
        (FieldKind::Facet, Value::String(text)) => facet_levels(text).map(FieldValue::Path),
        (FieldKind::Integer, Value::Number(number)) => number.as_i64().map(FieldValue::Integer),
        (FieldKind::Float, Value::Number(number)) => {
            number.as_f64().filter(|number| number.is_finite()).map(FieldValue::Float)
        }
        (FieldKind::Timestamp, Value::String(text)) => read_timestamp(text).map(FieldValue::Integer),
        (FieldKind::Boolean, Value::Bool(value)) => Some(FieldValue::Boolean(*value)),
        _ => None,
    };
    found.ok_or_else(|| {
        let shown: String = value.to_string().chars().take(60).collect();
        let wanted = field.kind.describe();
        Error::invalid(format!("field `{}` holds {wanted}; {shown} is not that", field.name))
    })
}

/// A facet and the levels above it: `/lang/rust` gives `/lang` and `/lang/rust`. `None` where it is not one.
pub(super) fn facet_levels(path: &str) -> Option<Vec<&str>> {
    let parts = path.strip_prefix('/')?;
    if path.len() > MAX_KEYWORD_BYTES || path.contains('\0') || parts.split('/').any(str::is_empty) {
        return None;
    }
    let cuts = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
    let levels: Vec<_> = cuts.map(|end| &path[..end]).collect();
    (levels.len() <= MAX_FACET_DEPTH).then_some(levels)
}

/// Microseconds since 1970 of an RFC 3339 time or of the beginning of a date (UTC).
pub(super) fn read_timestamp(text: &str) -> Option<i64> {
    let time = text.parse::<Timestamp>().ok().or_else(|| {
        let date = text.parse::<jiff::civil::Date>().ok()?;
        Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })?;
    Some(time.as_microsecond())
}
