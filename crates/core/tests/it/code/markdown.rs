//! Sections of Markdown.

use heptad_core::code::{Language, Outline, markdown::sections};
use proptest::prelude::*;

/// Level, title and line of each section.
fn headings(text: &str) -> Vec<(u8, String, u32)> {
    sections(text).into_iter().map(|section| (section.level, section.title, section.line)).collect()
}

#[test]
fn a_table_of_headings() {
    for (text, expected) in [
        ("", &[] as &[(u8, &str, u32)]),
        ("# A\n## B ##\n###### F\n", &[(1, "A", 1), (2, "B", 2), (6, "F", 3)]),
        ("text\n\n# A", &[(0, "", 1), (1, "A", 3)]),
        ("####### seven\n#no\n\\# no\n", &[(0, "", 1)]),
        ("   # A\n    # code\n", &[(1, "A", 1)]),
        ("# C#\n# D \\#\n#\n", &[(1, "C#", 1), (1, "D \\#", 2), (1, "", 3)]),
        ("```sh\n# no\n```\n# A\n", &[(0, "", 1), (1, "A", 4)]),
        ("~~~~\n```\n~~~\n# no\n~~~~\n# A\n", &[(0, "", 1), (1, "A", 6)]),
        ("``` a`b\n# A\n", &[(0, "", 1), (1, "A", 2)]),
        ("```\nnever closed\n# no\n", &[(0, "", 1)]),
        ("Title\n=====\ntext\nLong\ntitle\n---\n", &[(1, "Title", 1), (2, "text Long title", 3)]),
        ("para\n\n---\n\n# A\n", &[(0, "", 1), (1, "A", 5)]),
        ("- item\n---\n> quote\n---\n", &[(0, "", 1)]),
        ("| a | b |\n|---|---|\n", &[(0, "", 1)]),
        ("---\ntitle: x\n# no\n---\n# A\n", &[(0, "", 1), (1, "A", 5)]),
        ("<!--\n# no\n-->\n# A\n", &[(0, "", 1), (1, "A", 4)]),
        ("# A\r\n\r\nB\r\n-\r\n", &[(1, "A", 1), (2, "B", 3)]),
        ("\u{FEFF}# A\n", &[(1, "A", 1)]),
    ] {
        let expected: Vec<_> =
            expected.iter().map(|(level, title, line)| (*level, (*title).to_owned(), *line)).collect();
        assert_eq!(headings(text), expected, "{text:?}");
    }
}

#[test]
fn a_section_knows_where_it_stands() {
    let text = "intro\n# A\na\n## B\nb\n### C\n## D\nd\n";
    let found = sections(text);
    let paths: Vec<_> = found.iter().map(|section| section.path.join("/")).collect();
    assert_eq!(paths, ["", "", "A", "A/B", "A"]);
    let bodies: Vec<_> =
        found.iter().map(|section| &text[section.body.start as usize..section.body.end as usize]).collect();
    assert_eq!(bodies, ["intro\n", "a\n", "b\n", "", "d\n"]);
}

#[test]
fn the_outline_of_a_document_is_its_sections() {
    let outline =
        Outline::of_text(Language::Markdown, "# A\n## B\ntext\n# C\n").expect("Markdown is always read");
    let names: Vec<_> = outline.definitions.iter().map(|section| section.qualified_name.as_str()).collect();
    assert_eq!(names, ["A", "A / B", "C"]);
    assert_eq!(outline.definitions[1].parent, Some(0));
    assert_eq!(outline.definitions[0].span.end.line, 4);
}

proptest! {
    #[test]
    fn sections_are_the_text_without_gaps(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["# A\n", "## B", "\n", "\r\n", "text\n", "===\n", "---\n", "```\n", "é", "    ", "- x\n", "<!--", "-->", "\u{FEFF}"]),
            0..30,
        )
    ) {
        let text = pieces.concat();
        let mut at = 0;
        for section in sections(&text) {
            prop_assert_eq!(section.range.start, at);
            prop_assert!(section.range.start <= section.body.start && section.body.end == section.range.end);
            prop_assert!(text.is_char_boundary(section.body.start as usize));
            prop_assert!(section.level == 0 || section.path.len() < usize::from(section.level));
            at = section.range.end;
        }
        prop_assert!(at as usize == text.len() || text.trim().is_empty());
    }
}
