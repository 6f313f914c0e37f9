//! Names of topics and of the groups that read them.

use std::{borrow::Cow, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    error::{Error, Result},
    store::StreamId,
};

/// What stands before the name of a topic in the name of its stream.
const STREAM_PREFIX: &str = "events:";
const MAX_TOPIC_BYTES: usize = 120;
const MAX_GROUP_BYTES: usize = 40;

/// The name of a topic: 1 to 120 characters of `a-z 0-9 _ - .` beginning with a letter. Its events are kept in the stream
/// `events:<name>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(StreamId);

impl Topic {
    /// The topic called `name`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is not such a name.
    pub fn new(name: impl AsRef<str>) -> Result<Self> {
        let name = name.as_ref();
        check("topic", name, MAX_TOPIC_BYTES, b"_-.")?;
        Ok(Self(StreamId::new(format!("{STREAM_PREFIX}{name}"))?))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0.as_str()[STREAM_PREFIX.len()..]
    }

    /// The stream that keeps its events.
    pub fn stream(&self) -> &StreamId {
        &self.0
    }

    /// The topic of the events that `group` gave up: `<topic>.<group>.dead`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the two names together are too long.
    pub fn dead_letters(&self, group: &GroupName) -> Result<Self> {
        Self::new(format!("{self}.{group}.dead"))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a consumer group: 1 to 40 characters of `a-z 0-9 _ -` beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupName(Arc<str>);

impl GroupName {
    /// The group called `name`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is not such a name.
    pub fn new(name: impl AsRef<str>) -> Result<Self> {
        check("group", name.as_ref(), MAX_GROUP_BYTES, b"_-")?;
        Ok(Self(name.as_ref().into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check(what: &str, name: &str, longest: usize, marks: &[u8]) -> Result<()> {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || marks.contains(&c);
    if name.len() <= longest
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(allowed)
    {
        return Ok(());
    }
    let shown: String = name.chars().take(longest + 1).flat_map(char::escape_debug).collect();
    let marks: Vec<String> = marks.iter().map(|&mark| char::from(mark).to_string()).collect();
    let marks = marks.join(" ");
    Err(Error::invalid(format!(
        "`{shown}` is not a {what} name: 1 to {longest} of a-z 0-9 {marks} beginning with a letter"
    )))
}

macro_rules! text_on_the_wire {
    ($type:ty, $pattern:expr, $description:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = Cow::<'de, str>::deserialize(deserializer)?;
                Self::new(name).map_err(|error| D::Error::custom(error.message()))
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": $description, "type": "string", "pattern": $pattern })
            }
        }
    };
}

text_on_the_wire!(Topic, "^[a-z][a-z0-9_.-]{0,119}$", "The name of a topic.");
text_on_the_wire!(GroupName, "^[a-z][a-z0-9_-]{0,39}$", "The name of a consumer group.");
