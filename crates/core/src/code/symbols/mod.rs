//! What a file defines, uses and imports.
//!
//! One generic walk (`extract.rs`) over the tree, steered by a `rules::SymbolTable` per language: data that says which kinds of nodes
//! define something and where its name stands. **To add a language**, write its table beside the others and name it in `table_of`.
//! Names are as written: nothing is resolved across files or types.

mod docs;
mod extract;
mod headings;
mod languages;
mod rules;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use self::languages::table_of;
use super::{Language, ParseError, Span, Tree, parse};

/// The number of the extractor: grows whenever outlines change, so that kept ones are made again.
pub const VERSION: u32 = 2;

/// What a file defines, uses and imports, in document order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Outline {
    /// The language of the file.
    pub language: Language,
    /// Whether the file has syntax errors: then something may be missing.
    pub has_errors: bool,
    /// The documentation of the file itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// What it defines; parents before their children.
    pub definitions: Vec<Definition>,
    /// What it uses.
    pub references: Vec<Reference>,
    /// What it imports.
    pub imports: Vec<Import>,
}

/// A named thing that a file defines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Definition {
    /// What it is.
    pub kind: SymbolKind,
    /// Its name.
    pub name: String,
    /// Its name behind those of what it stands in, as the language joins them: `Stack.push`, `Stack::push`.
    pub qualified_name: String,
    /// Its head in one line, without its body and annotations, as in `async def push(self, item: T) -> None`.
    pub signature: String,
    /// Its documentation: the comment before it or its docstring, without the marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// All of it, with annotations.
    pub span: Span,
    /// Its name.
    pub name_span: Span,
    /// Index of the definition it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
}

/// What a definition is, in the words most languages share.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SymbolKind {
    /// A module, namespace or package.
    Module,
    /// A class, or an object that is one of its kind.
    Class,
    /// A structure or record.
    Struct,
    /// An enumeration.
    Enum,
    /// One of the values of an enumeration.
    Variant,
    /// An interface or protocol.
    Interface,
    /// A trait or mixin.
    Trait,
    /// An implementation or extension of a type.
    Implementation,
    /// Another name for a type.
    Type,
    /// A function outside a type.
    Function,
    /// A function of a type.
    Method,
    /// What makes values of a type.
    Constructor,
    /// A field or property of a type.
    Field,
    /// A variable that does not change.
    Constant,
    /// A variable outside a function.
    Variable,
    /// A macro.
    Macro,
    /// A section of a document.
    Section,
    /// A key at the top of a document of data.
    Key,
    /// A block of configuration.
    Block,
    /// A rule of a style sheet.
    Rule,
    /// A stage of a container build.
    Stage,
    /// An element with an id.
    Element,
}

impl SymbolKind {
    /// Whether what is defined in it are its members.
    pub fn is_type(self) -> bool {
        use SymbolKind as K;
        matches!(self, K::Class | K::Struct | K::Enum | K::Interface | K::Trait | K::Implementation)
    }

    /// Whether it has a body that runs.
    pub fn is_function(self) -> bool {
        matches!(self, Self::Function | Self::Method | Self::Constructor)
    }
}

/// A use of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reference {
    /// How it is used.
    pub kind: ReferenceKind,
    /// The last part of the name.
    pub name: String,
    /// The whole of it as written, as in `os.path.join`; the last part alone where the rest is no plain name.
    pub path: String,
    /// The last part of the name.
    pub span: Span,
    /// Index of the definition it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u32>,
}

/// How a name is used.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReferenceKind {
    /// It is called, or a value of it is made.
    Call,
    /// It stands as a type: in an annotation, a cast, a base class.
    Type,
    /// It annotates a definition.
    Annotation,
}

/// A name brought in from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Import {
    /// Where it comes from, as written.
    pub module: String,
    /// What is brought in; `*` for everything; nothing where the module itself is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is called here, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The statement.
    pub span: Span,
}

impl Outline {
    /// The outline of a text: from its tree, or from its headings where it is Markdown.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn of_text(language: Language, text: impl Into<Arc<str>>) -> Result<Self, ParseError> {
        match language {
            Language::Markdown => Ok(headings::outline(text)),
            _ => Ok(Self::of(&parse(language, text)?)),
        }
    }

    /// The outline of a parsed file; one pass over its nodes.
    pub fn of(tree: &Tree) -> Self {
        extract::outline(tree)
    }

    /// Whether every index leads to a definition, and that of a parent to one before its child.
    pub(crate) fn is_whole(&self) -> bool {
        let count = self.definitions.len();
        let is_before = |(at, definition): (usize, &Definition)| {
            definition.parent.is_none_or(|parent| (parent as usize) < at)
        };
        self.definitions.iter().enumerate().all(is_before)
            && self.references.iter().all(|used| used.within.is_none_or(|within| (within as usize) < count))
    }
}
