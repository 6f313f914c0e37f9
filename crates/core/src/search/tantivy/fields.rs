//! Our schema and documents in tantivy's terms.
//!
//! Fields are called by their place (`f0`, `f1`, …), since tantivy reads dots in names as paths. Texts arrive tokenised by our own
//! functions, so that no tokeniser has to be registered and indexing cannot differ from querying.

use ::tantivy::{
    TantivyDocument,
    schema::{
        FAST, Field as Column, INDEXED, IndexRecordOption, STORED, STRING, Schema as Columns, SchemaBuilder,
        TextFieldIndexing, TextOptions,
    },
    tokenizer::{PreTokenizedString, Token as PreToken},
};
use serde_json::{Map, Value};

use crate::{
    error::{Error, Result},
    search::{Document, Field, FieldKind, FieldValue, Schema, tokenize::tokenize},
};

/// How many positions lie between two values of a field, so that no phrase reaches across.
const VALUE_GAP: usize = 128;
/// The name of the column of ids.
pub(super) const ID: &str = "_id";

/// The columns of a collection.
pub(super) struct Fields {
    pub(super) id: Column,
    /// The stored values, as JSON.
    pub(super) stored: Column,
    /// By place; `None` where a field is not indexed.
    pub(super) indexed: Vec<Option<Column>>,
}

impl Fields {
    /// The columns for `schema`.
    pub(super) fn build(schema: &Schema) -> (Columns, Self) {
        let mut builder = SchemaBuilder::default();
        let id = builder.add_text_field(ID, STRING | FAST);
        let stored = builder.add_text_field("_stored", STORED);
        let columns = schema.fields.iter().enumerate();
        let indexed =
            columns.map(|(place, field)| field.indexed.then(|| add(&mut builder, place, field))).collect();
        (builder.build(), Self { id, stored, indexed })
    }

    /// `document` as tantivy takes it.
    pub(super) fn write(&self, document: &Document, schema: &Schema) -> Result<TantivyDocument> {
        let mut written = TantivyDocument::default();
        written.add_text(self.id, &document.id);
        for (place, values) in document.values(schema)? {
            if let Some(column) = self.indexed[place] {
                add_values(&mut written, column, &schema.fields[place], values);
            }
        }
        let is_stored = |name: &str| schema.field(name).is_ok_and(|field| field.stored);
        let stored: Map<_, _> = document
            .fields
            .iter()
            .filter(|(name, _)| is_stored(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        written.add_text(self.stored, Value::Object(stored).to_string());
        Ok(written)
    }

    /// The id and the stored values of what `write` wrote.
    pub(super) fn read(&self, written: &TantivyDocument) -> Result<Map<String, Value>> {
        use ::tantivy::schema::Value as _;
        let text = written.get_first(self.stored).and_then(|value| value.as_str()).unwrap_or("{}");
        serde_json::from_str(text).map_err(|error| {
            Error::new(crate::ErrorKind::Corrupt, "a stored document of the search index is not JSON")
                .because(error)
        })
    }
}

/// The name of the column of the field at `place`.
pub(super) fn column_name(place: usize) -> String {
    format!("f{place}")
}

fn add(builder: &mut SchemaBuilder, place: usize, field: &Field) -> Column {
    let name = column_name(place);
    let indexing = TextFieldIndexing::default().set_tokenizer("raw");
    match field.kind {
        FieldKind::Text { .. } | FieldKind::Code => {
            let positions = indexing.set_index_option(IndexRecordOption::WithFreqsAndPositions);
            builder.add_text_field(&name, TextOptions::default().set_indexing_options(positions))
        }
        FieldKind::Keyword | FieldKind::Facet => {
            let whole = indexing.set_index_option(IndexRecordOption::Basic).set_fieldnorms(false);
            builder.add_text_field(&name, TextOptions::default().set_indexing_options(whole) | FAST)
        }
        FieldKind::Integer | FieldKind::Timestamp => builder.add_i64_field(&name, INDEXED | FAST),
        FieldKind::Float => builder.add_f64_field(&name, INDEXED | FAST),
        FieldKind::Boolean => builder.add_bool_field(&name, INDEXED | FAST),
    }
}

fn add_values(written: &mut TantivyDocument, column: Column, field: &Field, values: Vec<FieldValue<'_>>) {
    let mut tokens: Vec<PreToken> = Vec::new();
    for value in values {
        match value {
            FieldValue::Text(text) if field.is_tokenized() => {
                let begin = tokens.last().map_or(0, |token| token.position + VALUE_GAP);
                tokens.extend(tokenize(&field.kind, text).into_iter().map(|token| PreToken {
                    offset_from: token.start,
                    offset_to: token.end,
                    position: begin + token.position as usize,
                    text: token.text,
                    position_length: 1,
                }));
            }
            FieldValue::Text(text) => written.add_text(column, text),
            FieldValue::Path(levels) => {
                // A level shared by several values is one token: facets count documents.
                for level in levels {
                    if !tokens.iter().any(|token| token.text == level) {
                        tokens.push(PreToken {
                            text: level.to_owned(),
                            position: tokens.len(),
                            ..PreToken::default()
                        });
                    }
                }
            }
            FieldValue::Integer(number) => written.add_i64(column, number),
            FieldValue::Float(number) => written.add_f64(column, number),
            FieldValue::Boolean(value) => written.add_bool(column, value),
        }
    }
    if !tokens.is_empty() {
        written.add_pre_tokenized_text(column, PreTokenizedString { text: String::new(), tokens });
    }
}
