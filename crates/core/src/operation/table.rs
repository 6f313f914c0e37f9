//! Big results: typed, named columns, which travel as Arrow where a surface knows it and as columnar JSON elsewhere.

use std::{borrow::Cow, collections::BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// Columns of equal length with distinct names.
///
/// Its JSON form is `{"rows": 2, "columns": [{"name": "cost", "type": "float", "values": [1.5, null]}]}`. What JSON numbers cannot say is
/// text there: `"NaN"`, `"Infinity"` and `"-Infinity"`. Timestamps are RFC 3339, UTC.
///
/// ```
/// use heptad_core::operation::{Table, Values};
///
/// let table = Table::new().with("service", ["web", "db"])?.with("cost", vec![Some(1.5), None])?;
/// assert_eq!(table.rows(), 2);
/// assert!(matches!(table.column("cost").map(|column| &column.values), Some(Values::Float(_))));
/// # Ok::<(), heptad_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Table {
    rows: usize,
    columns: Vec<Column>,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// Its name, unique in the table.
    pub name: Cow<'static, str>,
    /// What it holds, one value per row.
    #[serde(flatten)]
    pub values: Values,
}

/// The values of a column, all of one type; `None` is SQL's and Arrow's null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "values", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Values {
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Floating-point numbers.
    Float(
        #[serde(with = "floats")]
        #[schemars(with = "Vec<Option<floats::Float>>")]
        Vec<Option<f64>>,
    ),
    /// Yes or no.
    Boolean(Vec<Option<bool>>),
    /// Text.
    Text(Vec<Option<Cow<'static, str>>>),
    /// Points in time, UTC.
    Timestamp(Vec<Option<Timestamp>>),
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Integer(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Boolean(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Timestamp(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of their type, as in the JSON form.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "integer",
            Self::Float(_) => "float",
            Self::Boolean(_) => "boolean",
            Self::Text(_) => "text",
            Self::Timestamp(_) => "timestamp",
        }
    }
}

impl Table {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column. The first one says how many rows there are.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the name is taken or the length differs from the columns before.
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, values: impl Into<Values>) -> Result<Self> {
        let column = Column { name: name.into(), values: values.into() };
        if self.column(&column.name).is_some() {
            return Err(Error::invalid(format!("the table has a column `{}` already", column.name)));
        }
        if self.columns.is_empty() {
            self.rows = column.values.len();
        }
        check_length(&column, self.rows)?;
        self.columns.push(column);
        Ok(self)
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns, for moving them elsewhere (into Arrow, say).
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

fn check_length(column: &Column, rows: usize) -> Result<()> {
    let len = column.values.len();
    if len == rows {
        return Ok(());
    }
    Err(Error::invalid(format!("column `{}` has {len} values where the table has {rows} rows", column.name)))
}

/// A table as it arrives.
#[derive(Deserialize, JsonSchema)]
struct Raw {
    /// How many rows there are.
    rows: usize,
    /// The columns, in order, each with one value per row.
    columns: Vec<Column>,
}

impl TryFrom<Raw> for Table {
    type Error = Error;

    fn try_from(Raw { rows, columns }: Raw) -> Result<Self> {
        let mut names = BTreeSet::new();
        for column in &columns {
            check_length(column, rows)?;
            if !names.insert(&*column.name) {
                return Err(Error::invalid(format!("two columns are called `{}`", column.name)));
            }
        }
        Ok(Self { rows: if columns.is_empty() { 0 } else { rows }, columns })
    }
}

impl JsonSchema for Table {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Table")
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Raw::json_schema(generator);
        schema.insert("description".into(), "Columns of equal length with distinct names.".into());
        schema
    }
}

/// Values with and without nulls, from whatever holds them.
macro_rules! from {
    ($($source:ty => $variant:ident),* $(,)?) => {$(
        impl From<Vec<$source>> for Values {
            fn from(values: Vec<$source>) -> Self {
                Self::$variant(values.into_iter().map(|value| Some(value.into())).collect())
            }
        }

        impl From<Vec<Option<$source>>> for Values {
            fn from(values: Vec<Option<$source>>) -> Self {
                Self::$variant(values.into_iter().map(|value| value.map(Into::into)).collect())
            }
        }

        impl<const N: usize> From<[$source; N]> for Values {
            fn from(values: [$source; N]) -> Self {
                Vec::from(values).into()
            }
        }
    )*};
}

from!(i64 => Integer, f64 => Float, bool => Boolean, &'static str => Text, String => Text, Timestamp => Timestamp);

/// Floating-point numbers in JSON, none of them lost.
mod floats {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// A finite number, or the name of what is not one.
    #[derive(Serialize, Deserialize, schemars::JsonSchema)]
    #[serde(untagged)]
    pub(super) enum Float {
        Finite(f64),
        Other(NotFinite),
    }

    #[derive(Serialize, Deserialize, schemars::JsonSchema)]
    pub(super) enum NotFinite {
        NaN,
        Infinity,
        #[serde(rename = "-Infinity")]
        MinusInfinity,
    }

    pub(super) fn serialize<S: Serializer>(values: &[Option<f64>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(|value| {
            value.map(|value| match value {
                value if value.is_nan() => Float::Other(NotFinite::NaN),
                f64::INFINITY => Float::Other(NotFinite::Infinity),
                f64::NEG_INFINITY => Float::Other(NotFinite::MinusInfinity),
                value => Float::Finite(value),
            })
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Option<f64>>, D::Error> {
        let values = Vec::<Option<Float>>::deserialize(from)?;
        let number = |value| match value {
            Float::Finite(value) => value,
            Float::Other(NotFinite::NaN) => f64::NAN,
            Float::Other(NotFinite::Infinity) => f64::INFINITY,
            Float::Other(NotFinite::MinusInfinity) => f64::NEG_INFINITY,
        };
        Ok(values.into_iter().map(|value| value.map(number)).collect())
    }
}
