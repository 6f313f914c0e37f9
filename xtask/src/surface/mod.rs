//! The API as data: what every typed surface is generated from.
//!
//! It is read from the committed registry (`bindings/operations.json`) and the kinds of errors (`bindings/errors.json`), so that a generator knows
//! neither JSON Schema nor how Rust writes it: operations in systems, and types that are records, choices, unions or other names of a type.

mod definitions;
pub mod node;
pub mod python;
mod read;

use serde_json::Value;

pub use self::read::surface;

/// The whole API.
#[derive(Debug)]
pub struct Surface {
    /// The systems, by name.
    pub systems: Vec<System>,
    /// Every named type, by name.
    pub types: Vec<Definition>,
    /// Every kind of error, in the order of declaration.
    pub errors: Vec<Documented>,
}

/// A system and its operations.
#[derive(Debug)]
pub struct System {
    /// Its name, as in `review`.
    pub name: String,
    /// Its operations, by name.
    pub operations: Vec<Operation>,
}

/// An operation.
#[derive(Debug)]
pub struct Operation {
    /// Its name within the system, as in `scan`.
    pub name: String,
    /// Its documentation in Markdown; the first paragraph is the summary.
    pub doc: String,
    /// How its result comes.
    pub gives: Gives,
    /// The name of the record that is its request; `None` where it needs none.
    pub request: Option<String>,
    /// What it gives, or one item of it.
    pub response: Type,
}

/// In which form a result comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// One result.
    One,
    /// One after the other.
    Stream,
    /// Columns.
    Table,
}

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Documented {
    /// The name.
    pub name: String,
    /// In Markdown; may be empty.
    pub doc: String,
}

/// A named type.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its name, which no other type of the API has.
    pub name: String,
    /// In Markdown.
    pub doc: String,
    /// The systems that speak of it.
    pub systems: Vec<String>,
    /// What it is.
    pub shape: Shape,
}

/// What a named type is.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Named fields.
    Record(Record),
    /// One of some texts.
    Choice(Vec<Documented>),
    /// One of some records, told by a field that all have.
    Union(Union),
    /// Another name for a type.
    Alias(Type),
}

/// Named fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// In the order of declaration.
    pub fields: Vec<Field>,
    /// Any further fields are of this type.
    pub further: Option<Type>,
}

/// One of some records.
#[derive(Clone, Debug, PartialEq)]
pub struct Union {
    /// The field that tells which one.
    pub tag: String,
    /// The variants, in the order of declaration.
    pub variants: Vec<Variant>,
}

/// A variant of a union.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// What the tag says.
    pub tag: String,
    /// In Markdown.
    pub doc: String,
    /// Its fields without the tag.
    pub record: Record,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// In Markdown.
    pub doc: String,
    /// What it holds.
    pub kind: Type,
    /// Whoever writes the record must give it.
    pub required: bool,
    /// It is always there in what an operation gives; meant only where one gives the record.
    pub always: bool,
    /// What it is where it is not there.
    pub default: Value,
    /// It can be given by its place.
    pub positional: bool,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Any JSON.
    Any,
    /// Text.
    Text,
    /// A whole number; the smallest and the largest.
    Integer(i128, i128),
    /// A floating-point number.
    Number,
    /// Yes or no.
    Boolean,
    /// A point in time: RFC 3339.
    Time,
    /// This text only.
    Constant(String),
    /// One or the other: only where a field is not ours to name.
    Either(Vec<Type>),
    /// Some in order.
    List(Box<Type>),
    /// Some by name.
    Map(Box<Type>),
    /// Perhaps none.
    Optional(Box<Type>),
    /// Columns of equal length.
    Table,
    /// The type of that name.
    Named(String),
}

impl Surface {
    /// The type called `name`.
    pub fn definition(&self, name: &str) -> Option<&Definition> {
        self.types.iter().find(|definition| definition.name == name)
    }

    /// `kind`, or what it is another name of.
    pub fn resolve<'a>(&'a self, mut kind: &'a Type) -> &'a Type {
        while let Type::Named(name) = kind {
            match self.definition(name).map(|definition| &definition.shape) {
                Some(Shape::Alias(other)) => kind = other,
                _ => break,
            }
        }
        kind
    }
}
