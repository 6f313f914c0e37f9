//! From source files to documents for the search index. Pure: `code.index` does the reading and the keeping.
//!
//! A file becomes one document for each function and type it defines and one for the rest; Markdown becomes one for each section. Every
//! line stands in exactly one document, the innermost, so that a hit names the place and nothing is found twice.

mod pieces;

use self::pieces::Piece;
use super::{Language, Outline, markdown::sections, walk::SourceFile};
use crate::{
    error::Result,
    search::{Document, Field, FieldKind, Schema},
};

/// The most bytes of text that one document keeps; what is beyond is not found.
const MAX_BODY_BYTES: usize = 64 << 10;

/// The fields of a collection of source code.
///
/// # Errors
/// None in practice: the names are valid.
pub(super) fn schema() -> Result<Schema> {
    Schema::new([
        Field::code("name").boost(3.0),
        Field::text("title").boost(2.0),
        Field::code("path").boost(1.5),
        Field::text("doc").boost(1.5),
        Field::code("body"),
        Field::keyword("kind"),
        Field::keyword("language"),
        Field::keyword("source"),
        Field::facet("folder"),
        Field::new("line", FieldKind::Integer),
    ])
}

/// The documents of a file that belongs to the source called `source`.
///
/// `outline` is that of the file, where its language has one. Ids are `source/path#name`, unique within the file and stable as long as its
/// definitions keep their names and order.
pub(super) fn documents(source: &str, file: &SourceFile, outline: Option<&Outline>) -> Vec<Document> {
    let text = file.source.as_str();
    let pieces = match outline {
        _ if file.language == Language::Markdown => pieces::of_sections(text, &sections(text)),
        Some(outline) => pieces::of_outline(text, outline),
        None => vec![Piece::whole(text)],
    };
    let mut ids = std::collections::HashMap::new();
    pieces
        .into_iter()
        .map(|piece| {
            let named = format!("{source}/{}#{}", file.path, piece.name);
            let count: &mut usize = ids.entry(named.clone()).or_default();
            *count += 1;
            document(source, file, piece, bounded(&named, *count))
        })
        .collect()
}

fn document(source: &str, file: &SourceFile, piece: Piece, id: String) -> Document {
    let mut document = Document::new(id)
        .with("path", file.path.as_str())
        .with("kind", piece.kind)
        .with("language", file.language.name())
        .with("source", source)
        .with("line", piece.line);
    for (field, text) in
        [("name", piece.name), ("title", piece.title), ("doc", piece.doc), ("body", piece.body)]
    {
        if !text.trim().is_empty() {
            document = document.with(field, cut(text));
        }
    }
    match folder(&file.path) {
        Some(folder) => document.with("folder", folder),
        None => document,
    }
}

/// The folder of a path as a facet, to the depth that facets have; nothing for a file at the top.
fn folder(path: &str) -> Option<String> {
    let (folder, _) = path.rsplit_once('/')?;
    let facet = folder.split('/').filter(|part| !part.is_empty()).take(MAX_FOLDERS);
    let facet: String = facet.flat_map(|part| ["/", part]).collect();
    Some(facet).filter(|facet| !facet.is_empty() && facet.len() <= MAX_ID_BYTES)
}

/// The most folders above a file that can be counted and chosen by.
const MAX_FOLDERS: usize = 16;

/// The most bytes that an id keeps of names; the store takes more, but ids stand in every change of a document.
const MAX_ID_BYTES: usize = 256;

/// An id the store takes: the second of a name gets a number, and one that is too long its hash.
fn bounded(named: &str, count: usize) -> String {
    let id = if count > 1 { format!("{named}~{count}") } else { named.to_owned() };
    let id = id.replace('\0', " ");
    if id.len() <= MAX_ID_BYTES { id } else { blake3::hash(id.as_bytes()).to_hex().to_string() }
}

/// At most [`MAX_BODY_BYTES`] of `text`, ending between characters.
fn cut(mut text: String) -> String {
    if text.len() > MAX_BODY_BYTES {
        let end = (0..=MAX_BODY_BYTES).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
    }
    text
}
