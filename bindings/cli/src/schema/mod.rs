//! The JSON Schema of a request (or response), read as what a command line can ask for (or show).
//!
//! Only what schemars writes for serde types is understood precisely; whatever else a schema says becomes [`Shape::Any`], which accepts
//! JSON text, so that no request is out of reach. Whether a request is right is for the operation to say: nothing is validated here.

mod read;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub(crate) use self::read::read;

/// The marker in a property's schema that makes it a positional argument: `#[schemars(extend("x-cli-positional" = true))]`.
pub(crate) const POSITIONAL: &str = "x-cli-positional";

/// What a value may be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// Nothing: the request of an operation that takes none.
    Null,
    /// A string, perhaps of a known format such as `date-time`.
    Text { format: Option<String> },
    /// A whole number within bounds, both included.
    Integer { least: i128, most: i128 },
    /// A number.
    Number { least: f64, most: f64 },
    /// True or false.
    Switch,
    /// One of a few strings.
    Choice(Vec<Choice>),
    /// Any number of values of one shape.
    List(Box<Shape>),
    /// Freely named values of one shape.
    Map(Box<Shape>),
    /// Named properties.
    Object(Vec<Property>),
    /// Whatever JSON can say.
    Any,
}

/// One of the strings of a [`Shape::Choice`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) doc: String,
}

/// One property of a [`Shape::Object`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) doc: String,
    pub(crate) required: bool,
    /// Whether `null` is allowed as well.
    pub(crate) nullable: bool,
    pub(crate) default: Option<Value>,
    /// Whether the schema marks it with [`POSITIONAL`].
    pub(crate) positional: bool,
}

impl Shape {
    /// What a value of this shape is called where one is asked for: "an integer from 1 to 10".
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Text { format: Some(format) } => format!("text ({format})"),
            Self::Text { format: None } => "text".to_owned(),
            Self::Integer { least, most } => {
                match (*least > i128::from(i64::MIN), *most < i128::from(i64::MAX)) {
                    (true, true) => format!("an integer from {least} to {most}"),
                    (true, false) => format!("an integer of at least {least}"),
                    (false, true) => format!("an integer of at most {most}"),
                    (false, false) => "an integer".to_owned(),
                }
            }
            Self::Number { least, most } => match (least.is_finite(), most.is_finite()) {
                (true, true) => format!("a number from {least} to {most}"),
                (true, false) => format!("a number of at least {least}"),
                (false, true) => format!("a number of at most {most}"),
                (false, false) => "a number".to_owned(),
            },
            Self::Switch => "true or false".to_owned(),
            Self::Choice(choices) => {
                let values: Vec<_> = choices.iter().map(|choice| format!("`{}`", choice.value)).collect();
                format!("one of {}", values.join(", "))
            }
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) | Self::Object(_) => "an object".to_owned(),
            Self::Any => "JSON".to_owned(),
        }
    }
}
