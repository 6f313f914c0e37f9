//! What the fields of a collection are.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::error::{Error, Result};

/// The most fields a schema may have.
const MAX_FIELDS: usize = 256;
/// The most bytes the name of a field may have.
const MAX_FIELD_NAME_BYTES: usize = 64;

/// The fields of a collection. A document may leave any of them out and may have none besides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Schema {
    /// The fields, each with a name of its own.
    pub fields: Vec<Field>,
}

/// One field of a collection.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Field {
    /// Its name: 1 to 64 characters of `a-z A-Z 0-9 _ - .` beginning with a letter.
    pub name: String,
    /// What its values are and how they are searched.
    #[serde(flatten)]
    pub kind: FieldKind,
    /// Whether hits and snippets show it.
    #[serde(default = "yes")]
    pub stored: bool,
    /// Whether queries find it.
    #[serde(default = "yes")]
    pub indexed: bool,
    /// How much a match counts against one in another field; above 0.
    #[serde(default = "one")]
    pub boost: f32,
    /// Whether it is also found by what it is about: only fields of text and code, and only where an embedder is configured.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub embedded: bool,
}

/// What the values of a field are. Any field may hold one value or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldKind {
    /// Prose: words, reduced to their stems.
    Text {
        /// Whose stems.
        #[serde(default)]
        language: Language,
    },
    /// Source code: identifiers, whole and in their parts.
    Code,
    /// A string that matches as a whole: a path, a status, an id. At most 1,024 bytes.
    Keyword,
    /// A whole number of 64 bits with sign.
    Integer,
    /// A floating-point number.
    Float,
    /// A point in time: RFC 3339 text, kept to the microsecond.
    Timestamp,
    /// True or false.
    Boolean,
    /// A place in a hierarchy, as in `/lang/rust`; found and counted at every level above it too.
    Facet,
}

/// A [`Field`] as it is written. Where a type is flattened into another, serde lets pass what neither knows: a misspelt option would be without
/// effect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    kind: KindName,
    language: Option<Language>,
    #[serde(default = "yes")]
    stored: bool,
    #[serde(default = "yes")]
    indexed: bool,
    #[serde(default = "one")]
    boost: f32,
    #[serde(default)]
    embedded: bool,
}

/// What the kinds of fields are called.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindName {
    Text,
    Code,
    Keyword,
    Integer,
    Float,
    Timestamp,
    Boolean,
    Facet,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Written { name, kind, language, stored, indexed, boost, embedded } = Written::deserialize(from)?;
        let kind = match kind {
            KindName::Text => FieldKind::Text { language: language.unwrap_or_default() },
            _ if language.is_some() => {
                let message = format!("the field `{name}` has a `language`, which only fields of text have");
                return Err(D::Error::custom(message));
            }
            KindName::Code => FieldKind::Code,
            KindName::Keyword => FieldKind::Keyword,
            KindName::Integer => FieldKind::Integer,
            KindName::Float => FieldKind::Float,
            KindName::Timestamp => FieldKind::Timestamp,
            KindName::Boolean => FieldKind::Boolean,
            KindName::Facet => FieldKind::Facet,
        };
        Ok(Self { name, kind, stored, indexed, boost, embedded })
    }
}

/// A language that words can be stemmed in (Snowball).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Language {
    /// None: words stay as they are.
    None,
    Danish,
    Dutch,
    #[default]
    English,
    Finnish,
    French,
    German,
    Greek,
    Hungarian,
    Italian,
    Norwegian,
    Portuguese,
    Romanian,
    Russian,
    Spanish,
    Swedish,
    Turkish,
}

impl Field {
    /// A field called `name`, stored and indexed.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        Self { name: name.into(), kind, stored: true, indexed: true, boost: 1.0, embedded: false }
    }

    /// English prose.
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Text { language: Language::English })
    }

    /// Source code.
    pub fn code(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Code)
    }

    /// A string that matches as a whole.
    pub fn keyword(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Keyword)
    }

    /// A place in a hierarchy.
    pub fn facet(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Facet)
    }

    /// The same field with another boost.
    #[must_use]
    pub fn boost(mut self, boost: f32) -> Self {
        self.boost = boost;
        self
    }

    /// The same field, found but not shown.
    #[must_use]
    pub fn unstored(mut self) -> Self {
        self.stored = false;
        self
    }

    /// The same field, shown but not found.
    #[must_use]
    pub fn unindexed(mut self) -> Self {
        self.indexed = false;
        self
    }

    /// The same field, also found by what it is about.
    #[must_use]
    pub fn embedded(mut self) -> Self {
        self.embedded = true;
        self
    }

    /// Whether its values are cut into words.
    pub fn is_tokenized(&self) -> bool {
        matches!(self.kind, FieldKind::Text { .. } | FieldKind::Code)
    }
}

impl FieldKind {
    /// What a value of this kind is, for messages.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Code => "code",
            Self::Keyword => "a string of at most 1,024 bytes without NUL",
            Self::Integer => "a whole number of 64 bits",
            Self::Float => "a number",
            Self::Timestamp => "a time such as 2026-01-31T12:00:00Z or a date such as 2026-01-31",
            Self::Boolean => "true or false",
            Self::Facet => "a path such as /lang/rust, of at most 16 parts and 1,024 bytes",
        }
    }
}

impl Schema {
    /// A schema of these fields.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where [`Schema::check`] fails.
    pub fn new(fields: impl IntoIterator<Item = Field>) -> Result<Self> {
        let schema = Self { fields: fields.into_iter().collect() };
        schema.check()?;
        Ok(schema)
    }

    /// Refuses a schema without fields, with too many, with malformed or repeated names, or with a boost that is no positive number.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput); the message names the field.
    pub fn check(&self) -> Result<()> {
        if self.fields.is_empty() || self.fields.len() > MAX_FIELDS {
            let count = self.fields.len();
            return Err(Error::invalid(format!(
                "a schema has 1 to {MAX_FIELDS} fields, this one has {count}"
            )));
        }
        for (index, field) in self.fields.iter().enumerate() {
            let name = field.name.as_str();
            let allowed = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
            let first = name.bytes().next().is_some_and(|c| c.is_ascii_alphabetic());
            if !first || name.len() > MAX_FIELD_NAME_BYTES || !name.bytes().all(allowed) {
                return Err(Error::invalid(format!(
                    "`{}` is not a field name: 1 to {MAX_FIELD_NAME_BYTES} of a-z A-Z 0-9 _ - . beginning with a letter",
                    name.escape_debug()
                )));
            }
            if self.fields[..index].iter().any(|other| other.name == name) {
                return Err(Error::invalid(format!("the schema has two fields called `{name}`")));
            }
            if !(field.boost.is_finite() && field.boost > 0.0) {
                let boost = field.boost;
                return Err(Error::invalid(format!(
                    "field `{name}`: a boost is a number above 0, not {boost}"
                )));
            }
            if field.embedded && !field.is_tokenized() {
                return Err(Error::invalid(format!(
                    "field `{name}`: only fields of text and code can be embedded"
                )));
            }
        }
        Ok(())
    }

    /// The fields that are found by what they are about.
    pub fn embedded(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.embedded)
    }

    /// The place of the field called `name`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where there is none; the message names those there are.
    pub fn position(&self, name: &str) -> Result<usize> {
        self.fields.iter().position(|field| field.name == name).ok_or_else(|| {
            let known: Vec<_> = self.fields.iter().map(|field| format!("`{}`", field.name)).collect();
            let name = name.chars().take(MAX_FIELD_NAME_BYTES).collect::<String>();
            Error::invalid(format!(
                "there is no field `{}`; the fields are {}",
                name.escape_debug(),
                known.join(", ")
            ))
        })
    }

    /// The field called `name`.
    ///
    /// # Errors
    /// As [`Schema::position`].
    pub fn field(&self, name: &str) -> Result<&Field> {
        self.position(name).map(|index| &self.fields[index])
    }

    /// The fields that a query searches when it names none: the indexed ones of prose and code, else the keywords.
    pub fn default_fields(&self) -> Vec<usize> {
        let places = |wanted: fn(&Field) -> bool| -> Vec<usize> {
            let indexed = self.fields.iter().enumerate().filter(|(_, field)| field.indexed && wanted(field));
            indexed.map(|(place, _)| place).collect()
        };
        let tokenized = places(Field::is_tokenized);
        if tokenized.is_empty() { places(|field| field.kind == FieldKind::Keyword) } else { tokenized }
    }
}

fn yes() -> bool {
    true
}

fn one() -> f32 {
    1.0
}
