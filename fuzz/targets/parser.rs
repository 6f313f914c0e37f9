//! The parser wrapper: any bytes in any language give a tree or a refusal, and a tree's spans fit the text and each other.

use heptad::core::code::{Language, Node, ParseLimits, Source, Tree, parse_with};

/// The first byte chooses the language, the rest is the file.
pub(crate) fn run(data: &[u8]) {
    let parsed: Vec<Language> =
        Language::ALL.iter().copied().filter(|language| language.is_parsed()).collect();
    let Some((choice, file)) = data.split_first() else { return };
    let Some(language) = parsed.get(usize::from(*choice) % parsed.len().max(1)) else { return };
    let Ok(source) = Source::from_bytes(file.to_vec()) else { return };
    if let Ok(tree) = parse_with(*language, source.as_str(), &ParseLimits::default()) {
        assert_eq!(tree.source(), source.as_str(), "the text is kept byte for byte");
        tree.nodes().for_each(|node| fits(&tree, node));
    }
}

/// A node lies in the text, in its parent and behind its elder sibling, on character boundaries, at a place that can be found again.
fn fits(tree: &Tree, node: Node<'_>) {
    let (range, text) = (node.range(), tree.source());
    let slice = text.get(range.start as usize..range.end as usize);
    assert_eq!(slice, Some(node.text()), "{} is no piece of the text", node.kind());
    let span = node.span();
    assert!(span.start <= span.end, "{} ends before it starts", node.kind());
    let mut from = range.start;
    for child in node.children() {
        assert!(
            from <= child.range().start && child.range().end <= range.end,
            "{} leaves {}",
            child.kind(),
            node.kind()
        );
        assert_eq!(child.parent().map(Node::id), Some(node.id()), "{} has another parent", child.kind());
        from = child.range().end;
    }
}
