//! What the store keeps of the vectors of a document: by what they were made, and the vectors.
//!
//! The first 32 bytes are a digest of what tells the model from others and of the text. A record whose digest is not that of the document as
//! it is now is of another text or another model; it is never used, so that vectors of two models never meet.

use std::sync::Arc;

use heptad_vectors::{decode, encode};

use crate::{
    error::{Error, ErrorKind, Result},
    search::{Document, Schema, windows},
    store::{Key, Value},
};

/// How texts are cut and put together; another way is another number.
const FORM: u8 = 1;
const DIGEST_BYTES: usize = 32;

/// What a document is embedded as.
pub(super) struct Passage {
    pub(super) digest: [u8; DIGEST_BYTES],
    pub(super) windows: Vec<String>,
}

impl Passage {
    /// What `maker` is to embed of a document; `None` where it says nothing in an embedded field.
    pub(super) fn of(document: &Document, schema: &Schema, maker: &str) -> Option<Self> {
        let texts: Vec<String> = schema.embedded().filter_map(|field| document.text(&field.name)).collect();
        let text = texts.join("\n");
        let windows: Vec<String> = windows(&text).into_iter().map(str::to_owned).collect();
        if windows.is_empty() {
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(&[FORM])
            .update(&(maker.len() as u64).to_le_bytes())
            .update(maker.as_bytes())
            .update(text.as_bytes());
        Some(Self { digest: *hasher.finalize().as_bytes(), windows })
    }

    /// The vectors of a record, where they are of this passage.
    pub(super) fn vectors(&self, record: &Value) -> Option<Vec<Vec<f32>>> {
        let (digest, vectors) = record.as_bytes().split_at_checked(DIGEST_BYTES)?;
        // What cannot be read is made anew, as what is of another text.
        (digest == self.digest).then(|| decode(vectors).ok()).flatten()
    }

    /// The record of these vectors.
    pub(super) fn record(&self, vectors: &[Vec<f32>]) -> Result<Value> {
        let mut bytes = self.digest.to_vec();
        bytes.extend(encode(vectors).map_err(unfit)?);
        Ok(Value::Bytes(Arc::from(bytes)))
    }
}

/// What is said of vectors that cannot be kept or compared.
pub(super) fn unfit(error: heptad_vectors::Error) -> Error {
    let kind = match error {
        heptad_vectors::Error::Full { .. } => ErrorKind::LimitExceeded,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, "the vectors cannot be used").because(error)
}

/// The collection of the store that holds the vectors of the documents of `collection`.
pub(in crate::search::catalog) fn vectors(collection: &str) -> String {
    format!("search.vectors:{collection}")
}

pub(in crate::search::catalog) fn key(collection: &str, id: &str) -> Result<Key> {
    Key::new(vectors(collection), id)
}

/// The key of what a collection has learnt.
pub(in crate::search::catalog) fn tuning(collection: &str) -> Result<Key> {
    Key::new("search.tuning", collection)
}
