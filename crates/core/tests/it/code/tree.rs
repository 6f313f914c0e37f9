//! Laws of the tree, on texts put together from pieces of real and of nasty ones.

use heptad_core::code::{Language, Node, Tree, parse};
use proptest::prelude::*;

const PIECES: &[&str] = &[
    "def f(a, b=1):\n    return a\n",
    "class A(B):\n\t\"\"\"Doc.\"\"\"\n",
    "const f = (x) => { return `t ${x}` };\n",
    "{\"k\": [1, 2.5, null, true]}",
    "key: value\nlist:\n  - one\n  - {two: 2}\n",
    "package p\nfunc F(x int) (int, error) { return x, nil }\n",
    "impl<T> A for B<T> { fn f(&self) -> u8 { 1 } }\n",
    "class A { int f(int x) { return x; } }\n",
    "// comment\n",
    "# comment\r\n",
    "\u{FEFF}",
    "\r",
    "\r\n",
    "\t",
    "    ",
    "\n",
    "\0",
    "é",
    "🦀",
    "\u{2028}",
    "(",
    ")",
    "{",
    "}",
    "[",
    "\"",
    "'",
    "`",
    "x",
    ".",
    ":",
    "-",
    "=",
    "if",
    "async ",
    "f\"{",
];

const LANGUAGES: &[Language] = &[
    Language::Python,
    Language::JavaScript,
    Language::TypeScript,
    Language::Tsx,
    Language::Java,
    Language::Go,
    Language::Rust,
    Language::Yaml,
    Language::Json,
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

fn language() -> impl Strategy<Value = Language> {
    prop::sample::select(LANGUAGES)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nodes_nest_and_stand_in_document_order(language in language(), text in text()) {
        let tree = parse(language, text.as_str()).expect("small texts parse");
        prop_assert_eq!(tree.source(), &text);
        let whole = tree.root().range();
        for node in tree.nodes() {
            let range = node.range();
            prop_assert!(whole.start <= range.start && range.end <= whole.end);
            prop_assert_eq!(node.text(), &text[range.start as usize..range.end as usize]);
            prop_assert_eq!(node.is_leaf(), node.children().next().is_none());
            let mut before = range.start;
            let mut below = 1;
            for child in node.children() {
                prop_assert!(before <= child.range().start && child.range().end <= range.end, "{:?} in {:?}", child, node);
                prop_assert_eq!(child.parent(), Some(node));
                before = child.range().end;
                below += child.descendants().len();
            }
            prop_assert_eq!(node.descendants().len(), below, "children partition what is below");
        }
    }

    #[test]
    fn the_tree_is_what_tree_sitters_cursor_sees(language in language(), text in text()) {
        let tree = parse(language, text.as_str()).expect("small texts parse");
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&reference(language)).expect("a grammar that fits");
        let reference = parser.parse(&text, None).expect("no limit is set");
        prop_assert_eq!(tree.has_errors(), reference.root_node().has_error());
        let mut cursor = reference.walk();
        let mut ours = tree.nodes();
        'walk: loop {
            let (theirs, node) = (cursor.node(), ours.next().expect("as many nodes"));
            prop_assert_eq!(node.kind(), theirs.kind());
            prop_assert_eq!(node.field(), cursor.field_name());
            prop_assert_eq!(node.range(), theirs.start_byte() as u32..theirs.end_byte() as u32);
            prop_assert_eq!(
                (node.is_named(), node.is_error(), node.is_missing(), node.is_extra()),
                (theirs.is_named(), theirs.is_error(), theirs.is_missing(), theirs.is_extra()),
                "{:?}", node
            );
            prop_assert_eq!(node.ancestors().count(), cursor.depth() as usize);
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    break 'walk;
                }
            }
        }
        prop_assert!(ours.next().is_none(), "no more nodes");
    }

    #[test]
    fn the_innermost_node_of_a_nodes_range_is_in_it(language in language(), text in text()) {
        let tree = parse(language, text.as_str()).expect("small texts parse");
        for node in tree.nodes() {
            let found = tree.innermost(node.range());
            prop_assert!(found.range().start <= node.range().start && node.range().end <= found.range().end);
            prop_assert!(found.children().all(|child| child.range().start > node.range().start || child.range().end < node.range().end));
        }
    }
}

fn reference(language: Language) -> tree_sitter::Language {
    let grammar = match language {
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::JavaScript => tree_sitter_javascript::LANGUAGE,
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
        Language::Java => tree_sitter_java::LANGUAGE,
        Language::Go => tree_sitter_go::LANGUAGE,
        Language::Rust => tree_sitter_rust::LANGUAGE,
        Language::Yaml => tree_sitter_yaml::LANGUAGE,
        _ => tree_sitter_json::LANGUAGE,
    };
    tree_sitter::Language::new(grammar)
}

fn first<'t>(tree: &'t Tree, kind: &str) -> Node<'t> {
    tree.nodes().find(|node| node.kind() == kind).expect("a node of the kind")
}

#[test]
fn fields_lead_to_children() {
    let tree = parse(Language::Python, "f(a, b)  # why\n").expect("it parses");
    let call = first(&tree, "call");
    assert_eq!(call.child("function").map(Node::text), Some("f"));
    assert_eq!(call.child("no_such_field"), None);
    let arguments = call.child("arguments").expect("a call has arguments");
    assert_eq!(arguments.named_children().map(Node::text).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        arguments.children().map(Node::kind).collect::<Vec<_>>(),
        ["(", "identifier", ",", "identifier", ")"]
    );
    assert!(first(&tree, "comment").is_extra());
}

#[test]
fn what_is_missing_and_what_is_wrong_is_marked() {
    let tree = parse(Language::Java, "class A { int x = 1 }").expect("it parses");
    assert!(tree.has_errors());
    assert!(tree.nodes().any(|node| node.is_missing() && node.text().is_empty()));
    let tree = parse(Language::Python, "def ) 1\n").expect("it parses");
    assert!(tree.nodes().any(|node| node.is_error() && node.kind() == "ERROR" && node.is_named()));
    assert!(!parse(Language::Python, "").expect("it parses").has_errors());
}
