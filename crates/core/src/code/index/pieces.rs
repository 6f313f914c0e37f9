//! A file cut into pieces: each line in the innermost definition or section that holds it.

use std::ops::Range;

use crate::code::{Definition, Outline, SymbolKind, markdown::Section};

/// What becomes one document.
pub(super) struct Piece {
    /// What it is: `function`, `class`, … , `section`, `file`.
    pub(super) kind: String,
    /// The qualified name, or the titles that lead to a section; empty for the rest of a file.
    pub(super) name: String,
    /// The title of a section, or the first line of documentation.
    pub(super) title: String,
    /// Prose: documentation, or the text of a section.
    pub(super) doc: String,
    /// Code.
    pub(super) body: String,
    /// Where it begins, from 1.
    pub(super) line: u32,
}

impl Piece {
    /// A file nothing is known of.
    pub(super) fn whole(text: &str) -> Self {
        Self {
            kind: "file".to_owned(),
            name: String::new(),
            title: String::new(),
            doc: String::new(),
            body: text.to_owned(),
            line: 1,
        }
    }
}

/// One piece for each section.
pub(super) fn of_sections(text: &str, sections: &[Section]) -> Vec<Piece> {
    let piece = |section: &Section| {
        let mut names = section.path.clone();
        names.push(section.title.clone());
        Piece {
            kind: "section".to_owned(),
            name: names.join(" › "),
            title: section.title.clone(),
            doc: slice(text, section.body.clone()).to_owned(),
            body: String::new(),
            line: section.line,
        }
    };
    sections.iter().map(piece).collect()
}

/// One piece for each definition that is worth finding by itself, and one for the rest of the file.
pub(super) fn of_outline(text: &str, outline: &Outline) -> Vec<Piece> {
    let owners: Vec<&Definition> =
        outline.definitions.iter().filter(|definition| stands_alone(definition.kind)).collect();
    let spans: Vec<Range<u32>> = owners.iter().map(|definition| definition.span.bytes()).collect();
    let rest = Piece {
        doc: outline.doc.clone().unwrap_or_default(),
        title: first_line(outline.doc.as_deref()),
        body: without(text, 0..text.len() as u32, &spans),
        ..Piece::whole("")
    };
    let mut pieces = vec![rest];
    for (index, definition) in owners.iter().enumerate() {
        pieces.push(Piece {
            kind: name_of(definition.kind),
            name: definition.qualified_name.clone(),
            title: first_line(definition.doc.as_deref()),
            doc: definition.doc.clone().unwrap_or_default(),
            body: without(text, spans[index].clone(), &spans[index + 1..]),
            line: definition.name_span.start.line,
        });
    }
    pieces.retain(|piece| !(piece.body.trim().is_empty() && piece.doc.is_empty()));
    pieces
}

/// Whether somebody would look for it by itself; fields, constants and keys are found in what they stand in.
fn stands_alone(kind: SymbolKind) -> bool {
    kind.is_function() || kind.is_type() || matches!(kind, SymbolKind::Macro | SymbolKind::Type)
}

/// The text in `range` less what lies in `inner`, which is ordered by start. Spans overlap only by nesting.
fn without(text: &str, range: Range<u32>, inner: &[Range<u32>]) -> String {
    let (mut kept, mut at) = (String::new(), range.start);
    for span in inner.iter().take_while(|span| span.start < range.end) {
        if span.start >= at {
            kept.push_str(slice(text, at..span.start));
        }
        at = at.max(span.end);
    }
    kept.push_str(slice(text, at.min(range.end)..range.end));
    kept
}

/// The name of a kind as it stands in JSON.
fn name_of(kind: SymbolKind) -> String {
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn slice(text: &str, range: Range<u32>) -> &str {
    text.get(range.start as usize..range.end as usize).unwrap_or_default()
}

fn first_line(doc: Option<&str>) -> String {
    doc.unwrap_or_default().trim_start().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn every_byte_is_kept_in_the_innermost_range_only() {
        let text = "0123456789";
        for (range, inner, kept) in [
            (0..10, &[][..], "0123456789"),
            (0..10, &[(2, 4), (6, 8)], "014589"),
            (0..10, &[(2, 8), (3, 5)], "0189"),
            (2..8, &[(3, 5), (9, 10)], "2567"),
            (2..8, &[(2, 8)], ""),
        ] {
            let inner: Vec<_> = inner.iter().map(|(start, end)| *start..*end).collect();
            assert_eq!(without(text, range.clone(), &inner), kept, "{range:?} {inner:?}");
        }
    }
}
