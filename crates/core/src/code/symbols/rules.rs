//! What a table says about a language.

use std::{collections::HashMap, sync::OnceLock};

use super::{Import, ReferenceKind, SymbolKind};
use crate::code::{
    Language, Node,
    language::{COUNT, Grammar},
};

/// Which nodes of a grammar mean what.
pub(crate) struct SymbolTable {
    /// Joins names to qualified ones.
    pub(crate) separator: &'static str,
    pub(crate) definitions: &'static [Define],
    pub(crate) references: &'static [Refer],
    /// Statements that import, and how to read them.
    pub(crate) imports: &'static [(&'static str, ReadImport)],
    /// Nodes around a definition that belong to it: `export`, decorators, the statement of a declarator.
    pub(crate) wrappers: &'static [&'static str],
    /// Decorators and attributes: no part of a signature, and a doc comment may stand before them.
    pub(crate) annotations: &'static [&'static str],
    /// Kinds of bodies, for definitions that have none in a field `body`.
    pub(crate) bodies: &'static [&'static str],
    /// Kinds of comments.
    pub(crate) comments: &'static [&'static str],
    /// How comments begin that document what follows them.
    pub(crate) doc_marks: &'static [&'static str],
    /// Whether the first string of a body documents it.
    pub(crate) docstrings: bool,
    /// Names of methods that make values.
    pub(crate) constructors: &'static [&'static str],
}

impl SymbolTable {
    /// The table of a language without symbols; others are written as changes to it.
    pub(crate) const EMPTY: Self = Self {
        separator: ".",
        definitions: &[],
        references: &[],
        imports: &[],
        wrappers: &[],
        annotations: &[],
        bodies: &[],
        comments: &["comment"],
        doc_marks: &["/**"],
        docstrings: false,
        constructors: &[],
    };
}

/// Reads the imports of a statement.
pub(crate) type ReadImport = fn(Node<'_>, &mut Vec<Import>);

/// A kind of node that defines something.
pub(crate) struct Define {
    pub(crate) node: &'static str,
    pub(crate) kind: SymbolKind,
    pub(crate) name: Name,
    /// Decides by more than the kind of node; `None` where it defines nothing.
    pub(crate) refine: Option<fn(Node<'_>, SymbolKind) -> Option<SymbolKind>>,
    /// The type it is a member of, where that is written at the definition.
    pub(crate) owner: Option<fn(Node<'_>) -> Option<Node<'_>>>,
}

/// Where the name of a definition stands.
#[derive(Clone, Copy)]
pub(crate) enum Name {
    /// In a field; every node in it defines.
    Field(&'static str),
    /// In the first child of one of these kinds.
    Child(&'static [&'static str]),
    /// At the end of each of the fields `declarator`, as in C.
    Declarator,
    /// The node is the name.
    Whole,
    /// Where a function says.
    Find(fn(Node<'_>) -> Option<Node<'_>>),
    /// In several places that a function says; each defines.
    Each(for<'t> fn(Node<'t>) -> Vec<Node<'t>>),
}

/// `node` defines a `kind` and has its name in the field `name`.
pub(crate) const fn define(node: &'static str, kind: SymbolKind) -> Define {
    Define { node, kind, name: Name::Field("name"), refine: None, owner: None }
}

impl Define {
    pub(crate) const fn named(mut self, name: Name) -> Self {
        self.name = name;
        self
    }

    pub(crate) const fn refined(mut self, refine: fn(Node<'_>, SymbolKind) -> Option<SymbolKind>) -> Self {
        self.refine = Some(refine);
        self
    }

    pub(crate) const fn owned_by(mut self, owner: fn(Node<'_>) -> Option<Node<'_>>) -> Self {
        self.owner = Some(owner);
        self
    }
}

/// A kind of node that uses a name.
pub(crate) struct Refer {
    pub(crate) node: &'static str,
    pub(crate) used: Used,
    pub(crate) kind: ReferenceKind,
}

/// Where the name stands that a node uses.
#[derive(Clone, Copy)]
pub(crate) enum Used {
    /// The node is the name.
    Whole,
    /// In a field.
    Field(&'static str),
    /// In the first named child.
    First,
    /// In each of the named children.
    Each,
    /// In each of the named children of a field.
    EachIn(&'static str),
}

/// `node` calls what stands in a field.
pub(crate) const fn call(node: &'static str, field: &'static str) -> Refer {
    Refer { node, used: Used::Field(field), kind: ReferenceKind::Call }
}

/// `node` calls its first child.
pub(crate) const fn call_first(node: &'static str) -> Refer {
    Refer { node, used: Used::First, kind: ReferenceKind::Call }
}

/// `node` names a type somewhere.
pub(crate) const fn uses_type(node: &'static str, used: Used) -> Refer {
    Refer { node, used, kind: ReferenceKind::Type }
}

/// `node` annotates something with its first child.
pub(crate) const fn annotates(node: &'static str) -> Refer {
    Refer { node, used: Used::First, kind: ReferenceKind::Annotation }
}

/// A table resolved against its grammar: what each kind of node means, by number.
pub(crate) struct Rules {
    pub(crate) table: &'static SymbolTable,
    meanings: Vec<Meaning>,
}

/// What a kind of node means. Most mean nothing.
#[derive(Clone, Default)]
pub(crate) struct Meaning {
    pub(crate) define: Option<&'static Define>,
    pub(crate) refers: Vec<&'static Refer>,
    pub(crate) import: Option<ReadImport>,
    pub(crate) is_wrapper: bool,
    pub(crate) is_annotation: bool,
    pub(crate) is_comment: bool,
}

impl Rules {
    /// The rules of `language`, resolved on first use; `None` where the build has no grammar for it.
    pub(crate) fn of(language: Language) -> Option<&'static Self> {
        static RULES: [OnceLock<Rules>; COUNT] = [const { OnceLock::new() }; COUNT];
        let grammar = language.grammar()?;
        Some(RULES[language as usize].get_or_init(|| Self::new(grammar, super::table_of(language))))
    }

    fn new(grammar: &Grammar, table: &'static SymbolTable) -> Self {
        let mut by_name: HashMap<&str, Meaning> = HashMap::new();
        for define in table.definitions {
            by_name.entry(define.node).or_default().define = Some(define);
        }
        for refer in table.references {
            by_name.entry(refer.node).or_default().refers.push(refer);
        }
        for (node, read) in table.imports {
            by_name.entry(node).or_default().import = Some(*read);
        }
        for node in table.wrappers {
            by_name.entry(node).or_default().is_wrapper = true;
        }
        for node in table.annotations {
            by_name.entry(node).or_default().is_annotation = true;
        }
        for node in table.comments {
            by_name.entry(node).or_default().is_comment = true;
        }
        let meaning = |(name, named)| if named { by_name.get(name).cloned() } else { None };
        Self { table, meanings: grammar.kinds().map(|kind| meaning(kind).unwrap_or_default()).collect() }
    }

    /// What a node means; nothing for errors.
    pub(crate) fn meaning(&self, node: Node<'_>) -> Option<&Meaning> {
        self.meanings.get(usize::from(node.kind_id()))
    }
}
