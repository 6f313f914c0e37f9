//! The outline of a document: its sections.

use std::sync::Arc;

use super::{Definition, Outline, SymbolKind};
use crate::code::{Language, LineIndex, markdown::sections};

pub(super) fn outline(text: impl Into<Arc<str>>) -> Outline {
    let text: Arc<str> = text.into();
    let lines = LineIndex::new(text.clone());
    let mut definitions: Vec<Definition> = Vec::new();
    let mut open: Vec<(u8, u32)> = Vec::new();
    for section in sections(&text).into_iter().filter(|section| section.level > 0) {
        open.retain(|(level, _)| *level < section.level);
        let parent = open.last().map(|(_, at)| *at);
        open.push((section.level, definitions.len() as u32));
        let mut titles = section.path.clone();
        titles.push(section.title.clone());
        definitions.push(Definition {
            kind: SymbolKind::Section,
            qualified_name: titles.join(" / "),
            signature: format!("{} {}", "#".repeat(section.level.into()), section.title),
            name: section.title,
            doc: None,
            span: lines.span(section.range.clone()),
            name_span: lines.span(section.range.start..section.body.start),
            parent,
        });
    }
    // A section ends where the next one of its level begins: behind the last that stands in it.
    for at in (0..definitions.len()).rev() {
        let end = definitions[at].span.end;
        if let Some(parent) = definitions[at].parent {
            let span = &mut definitions[parent as usize].span;
            span.end = span.end.max(end);
        }
    }
    Outline {
        language: Language::Markdown,
        has_errors: false,
        doc: None,
        definitions,
        references: Vec::new(),
        imports: Vec::new(),
    }
}
