//! Typed values of the metadata. A key that is absent is `None`; one of another type, or out of range, is an error.

use super::{Gguf, reader::Reader};
use crate::error::{Error, Result};

/// One value. Arrays are known by where their elements begin; the parser has walked over them once.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    String(String),
    Array(Array),
}

/// An array in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Array {
    pub(super) kind: Kind,
    pub(super) count: usize,
    /// Where the first element begins.
    pub(super) at: usize,
}

/// The types of values, with the numbers they have in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64,
}

impl Kind {
    pub(super) fn of(number: u32) -> Option<Self> {
        use Kind::{Array, Bool, F32, F64, I8, I16, I32, I64, String, U8, U16, U32, U64};
        const KINDS: [Kind; 13] = [U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64];
        KINDS.get(number as usize).copied()
    }

    /// Bytes of one element, where all have the same.
    pub(super) fn width(self) -> Option<u64> {
        match self {
            Kind::U8 | Kind::I8 | Kind::Bool => Some(1),
            Kind::U16 | Kind::I16 => Some(2),
            Kind::U32 | Kind::I32 | Kind::F32 => Some(4),
            Kind::U64 | Kind::I64 | Kind::F64 => Some(8),
            Kind::String | Kind::Array => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => "an unsigned integer",
            Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64 => "an integer",
            Kind::F32 | Kind::F64 => "a number",
            Kind::Bool => "a truth value",
            Kind::String => "a string",
            Kind::Array => "an array",
        }
    }
}

/// Reads a value that is no array.
pub(super) fn scalar(reader: &mut Reader<'_>, kind: Kind, what: &str) -> Result<Value> {
    Ok(match kind {
        Kind::U8 => Value::Unsigned(reader.u8(what)?.into()),
        Kind::I8 => Value::Signed(reader.u8(what)?.cast_signed().into()),
        Kind::U16 => Value::Unsigned(reader.u16(what)?.into()),
        Kind::I16 => Value::Signed(reader.u16(what)?.cast_signed().into()),
        Kind::U32 => Value::Unsigned(reader.u32(what)?.into()),
        Kind::I32 => Value::Signed(reader.u32(what)?.cast_signed().into()),
        Kind::F32 => Value::Float(f32::from_bits(reader.u32(what)?).into()),
        Kind::Bool => match reader.u8(what)? {
            byte @ (0 | 1) => Value::Bool(byte == 1),
            byte => return Err(reader.error(format!("{what} is neither 0 nor 1 but {byte}"))),
        },
        Kind::String => Value::String(reader.string(what)?),
        Kind::U64 => Value::Unsigned(reader.u64(what)?),
        Kind::I64 => Value::Signed(reader.u64(what)?.cast_signed()),
        Kind::F64 => Value::Float(f64::from_bits(reader.u64(what)?)),
        Kind::Array => return Err(reader.error(format!("{what} is an array where a single value belongs"))),
    })
}

impl Value {
    fn name(&self) -> String {
        match self {
            Value::Unsigned(_) => Kind::U64.name().into(),
            Value::Signed(_) => Kind::I64.name().into(),
            Value::Float(_) => Kind::F64.name().into(),
            Value::Bool(_) => Kind::Bool.name().into(),
            Value::String(_) => Kind::String.name().into(),
            Value::Array(array) => format!("an array, each element {}", array.kind.name()),
        }
    }
}

impl Gguf {
    /// A string.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else, as in all of these.
    pub fn str(&self, key: &str) -> Result<Option<&str>> {
        self.typed(key, "a string", |value| match value {
            Value::String(string) => Some(string.as_str()),
            _ => None,
        })
    }

    /// An integer of any width that is at least 0 and fits 32 bits.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else.
    pub fn u32(&self, key: &str) -> Result<Option<u32>> {
        self.typed(key, "an integer from 0 to 2^32 - 1", |value| u32::try_from(whole(value)?).ok())
    }

    /// An integer of any width that is at least 0.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else.
    pub fn u64(&self, key: &str) -> Result<Option<u64>> {
        self.typed(key, "an integer of at least 0", whole)
    }

    /// A number with a fraction, of either width.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else.
    pub fn f32(&self, key: &str) -> Result<Option<f32>> {
        self.typed(key, "a number with a fraction", float)
    }

    /// A truth value.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else.
    pub fn bool(&self, key: &str) -> Result<Option<bool>> {
        self.typed(key, "a truth value", |value| match value {
            Value::Bool(bool) => Some(*bool),
            _ => None,
        })
    }

    /// An array of strings.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else, or a string that is not UTF-8.
    pub fn strings(&self, key: &str) -> Result<Option<Vec<String>>> {
        let Some(array) = self.array(key, "an array of strings")? else { return Ok(None) };
        if array.kind != Kind::String {
            return Err(wrong(key, "an array of strings", &Value::Array(array)));
        }
        let mut reader = Reader::new(&self.bytes, array.at);
        let string = |index| {
            reader
                .string("a string")
                .map_err(|_| Error::metadata(key, format!("string {index} is not UTF-8")))
        };
        (0..array.count).map(string).collect::<Result<_>>().map(Some)
    }

    /// An array of numbers with fractions.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else.
    pub fn f32s(&self, key: &str) -> Result<Option<Vec<f32>>> {
        self.elements(key, "an array of numbers with fractions", float)
    }

    /// An array of integers, each of which fits `i32`.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else.
    pub fn i32s(&self, key: &str) -> Result<Option<Vec<i32>>> {
        self.elements(key, "an array of integers that fit 32 bits", |value| match *value {
            Value::Unsigned(value) => i32::try_from(value).ok(),
            Value::Signed(value) => i32::try_from(value).ok(),
            _ => None,
        })
    }

    /// An array of integers, each at least 0 and below 2^32.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else.
    pub fn u32s(&self, key: &str) -> Result<Option<Vec<u32>>> {
        let expected = "an array of integers from 0 to 2^32 - 1";
        self.elements(key, expected, |value| u32::try_from(whole(value)?).ok())
    }

    /// An array of truth values.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds something else.
    pub fn bools(&self, key: &str) -> Result<Option<Vec<bool>>> {
        self.elements(key, "an array of truth values", |value| match value {
            Value::Bool(bool) => Some(*bool),
            _ => None,
        })
    }

    /// How many elements the array has that the key holds.
    ///
    /// # Errors
    /// [`Error::Metadata`] when the key holds no array.
    pub fn count(&self, key: &str) -> Result<Option<usize>> {
        Ok(self.array(key, "an array")?.map(|array| array.count))
    }

    /// Whether the key holds an array.
    pub(crate) fn is_array(&self, key: &str) -> bool {
        matches!(self.metadata.get(key), Some(Value::Array(_)))
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.metadata.get(key) else { return Ok(None) };
        convert(value).map(Some).ok_or_else(|| wrong(key, expected, value))
    }

    fn array(&self, key: &str, expected: &str) -> Result<Option<Array>> {
        self.typed(key, expected, |value| match value {
            Value::Array(array) => Some(*array),
            _ => None,
        })
    }

    fn elements<T>(
        &self,
        key: &str,
        expected: &str,
        convert: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<Vec<T>>> {
        let Some(array) = self.array(key, expected)? else { return Ok(None) };
        if matches!(array.kind, Kind::Array | Kind::String) {
            return Err(wrong(key, expected, &Value::Array(array)));
        }
        let mut reader = Reader::new(&self.bytes, array.at);
        let mut elements = Vec::with_capacity(array.count);
        for index in 0..array.count {
            let value = scalar(&mut reader, array.kind, "an element")?;
            let Some(element) = convert(&value) else {
                return Err(Error::metadata(key, format!("{expected} belongs here, element {index} is not")));
            };
            elements.push(element);
        }
        Ok(Some(elements))
    }
}

fn whole(value: &Value) -> Option<u64> {
    match *value {
        Value::Unsigned(value) => Some(value),
        Value::Signed(value) => u64::try_from(value).ok(),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a wider number loses digits, not its meaning")]
fn float(value: &Value) -> Option<f32> {
    match *value {
        Value::Float(value) => Some(value as f32),
        _ => None,
    }
}

fn wrong(key: &str, expected: &str, value: &Value) -> Error {
    Error::metadata(key, format!("{expected} belongs here, the file has {}", value.name()))
}
