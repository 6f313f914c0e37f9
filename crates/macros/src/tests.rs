//! What the attribute says to code that is not an operation, and what it generates for code that is.

use proc_macro2::TokenStream;

use crate::{expand, parse};

const SYSTEM: &str = r#"system = "review""#;

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("Rust tokens")
}

/// All messages, or none where the code is right.
fn errors(attribute: &str, item: &str) -> Vec<String> {
    match parse::handle(tokens(attribute), tokens(item)) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
    }
}

#[test]
fn a_mistake_is_named_with_what_would_be_right() {
    let method = |text: &str| format!("impl Review {{ {text} }}");
    for (attribute, item, want) in [
        ("", method("#[operation(reads)] /// D.\n async fn a(&self) -> Result<T> {}"), "system = \"…\""),
        (r#"system = "Review""#, method(""), "`Review` does not name a system"),
        (r#"sistem = "review""#, method(""), "the argument is `system"),
        (SYSTEM, method(""), "no operation here"),
        (SYSTEM, "impl Handle for Review {}".into(), "not on a trait's impl"),
        (SYSTEM, "impl<T> Review<T> {}".into(), "no type parameters"),
        (SYSTEM, method("#[operation(reads)] async fn scan(&self) -> Result<T> {}"), "documentation comment"),
        (
            SYSTEM,
            method("/// D.\n #[operation] async fn a(&self) -> Result<T> {}"),
            "say what the operation does",
        ),
        (
            SYSTEM,
            method("/// D.\n #[operation()] async fn a(&self) -> Result<T> {}"),
            "say what the operation does",
        ),
        (
            SYSTEM,
            method("/// D.\n #[operation(reads, writes)] async fn a(&self) -> Result<T> {}"),
            "one effect",
        ),
        (SYSTEM, method("/// D.\n #[operation(read)] async fn a(&self) -> Result<T> {}"), "expected `reads`"),
        (
            SYSTEM,
            method("/// D.\n #[operation(reads)] #[operation(reads)] async fn a(&self) -> Result<T> {}"),
            "one `#",
        ),
        (
            SYSTEM,
            method("/// D.\n #[operation(reads, name = \"A\")] async fn a(&self) -> Result<T> {}"),
            "`A` does not name",
        ),
        (
            SYSTEM,
            method("/// D.\n #[operation(reads, permission = \"a\")] async fn a(&self) -> Result<T> {}"),
            "`system.name`",
        ),
        (SYSTEM, method("/// D.\n #[operation(reads)] async fn a() -> Result<T> {}"), "takes `&self`"),
        (
            SYSTEM,
            method("/// D.\n #[operation(reads)] async fn a(&mut self) -> Result<T> {}"),
            "takes `&self`",
        ),
        (SYSTEM, method("/// D.\n #[operation(reads)] async fn a(self) -> Result<T> {}"), "takes `&self`"),
        (
            SYSTEM,
            method("/// D.\n #[operation(reads)] async fn a(&self, x: X, y: Y) -> Result<T> {}"),
            "put the rest into it",
        ),
        (SYSTEM, method("/// D.\n #[operation(reads)] async fn a(&self, x: &X) -> Result<T> {}"), "by value"),
        (
            SYSTEM,
            method("/// D.\n #[operation(reads)] async fn a<X>(&self, x: X) -> Result<T> {}"),
            "no type parameters",
        ),
        (
            SYSTEM,
            method("/// D.\n #[operation(reads)] fn a(&self) -> Result<T> {}"),
            "async fn … -> Result<T>",
        ),
        (SYSTEM, method("/// D.\n #[operation(reads)] async fn a(&self) -> T {}"), "async fn … -> Result<T>"),
        (SYSTEM, method("/// D.\n #[operation(reads)] async fn a(&self) {}"), "async fn … -> Result<T>"),
        (
            SYSTEM,
            method("/// D.\n #[operation(writes)] async fn a(&self) -> Result<T, E> {}"),
            "the kernel's `Result`",
        ),
        (
            SYSTEM,
            method("/// D.\n #[operation(table)] async fn a(&self) -> Result<Rows> {}"),
            "Result<Table>",
        ),
        (
            SYSTEM,
            method("/// D.\n #[operation(streams)] async fn a(&self) -> Result<T> {}"),
            "impl Stream<Item = Result<T>>",
        ),
        (
            SYSTEM,
            method("/// D.\n #[operation(streams)] fn a(&self) -> impl Stream<Item = T> {}"),
            "impl Stream<Item = Result<T>>",
        ),
    ] {
        let found = errors(attribute, &item);
        assert!(found.len() == 1 && found[0].contains(want), "{item}\nwant: {want}\nfound: {found:?}");
    }
}

#[test]
fn two_operations_of_one_name_are_refused() {
    let item = r#"impl Review {
        /// One.
        #[operation(reads)] async fn scan(&self) -> Result<T> {}
        /// Two.
        #[operation(writes, name = "scan")] async fn rescan(&self) -> Result<T> {}
    }"#;
    assert_eq!(
        errors(SYSTEM, item),
        ["two operations are called `review.scan`; give one another `name = \"…\"`"]
    );
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let item = "impl Review {
        #[operation(reads)] async fn a(&self) -> T {}
        #[operation(streams)] fn b(&self, x: X, y: Y) -> impl Stream<Item = Result<T>> {}
    }";
    assert_eq!(errors(SYSTEM, item).len(), 4);
}

#[test]
fn what_is_generated_is_rust_and_leaves_other_items_alone() {
    let item = r#"impl Review {
        /// Scans
        /// files.
        ///
        /// At
        /// length.
        #[operation(reads)] pub async fn scan(&self, Request { path }: Request) -> Result<Report> { body }
        /// Watches.
        #[operation(streams, permission = "review.scan")] fn watch(&self) -> impl Stream<Item = crate::Result<Finding>> { body }
        /// Counts.
        #[operation(table, name = "counts")] pub async fn tally(&self) -> Result<operation::Table> { body }
        pub fn plain(&self) -> usize { 1 }
    }"#;
    let parsed = parse::handle(tokens(SYSTEM), tokens(item)).expect("right code");
    let docs: Vec<&str> = parsed.operations.iter().map(|operation| operation.doc.as_str()).collect();
    assert_eq!(docs, ["Scans files.\n\nAt\nlength.", "Watches.", "Counts."]);
    let permissions: Vec<&str> =
        parsed.operations.iter().map(|operation| operation.permission.as_str()).collect();
    assert_eq!(permissions, ["review.scan", "review.scan", "review.counts"]);

    let file: syn::File = syn::parse2(expand::handle(parsed)).expect("generated code is Rust");
    let names: Vec<String> = file
        .items
        .iter()
        .flat_map(|item| match item {
            syn::Item::Impl(item) => item.items.iter(),
            _ => panic!("not an impl"),
        })
        .map(|item| match item {
            syn::ImplItem::Fn(method) => method.sig.ident.to_string(),
            syn::ImplItem::Const(constant) => constant.ident.to_string(),
            _ => panic!("neither method nor constant"),
        })
        .collect();
    let want = [
        "plain",
        "scan",
        "__scan",
        "watch",
        "__watch",
        "tally",
        "__tally",
        "OPERATIONS",
        "SPEC_SCAN",
        "SPEC_WATCH",
        "SPEC_TALLY",
    ];
    assert_eq!(names, want);
}
