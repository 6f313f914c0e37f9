//! From text to a [`Tree`]. The only place that drives tree-sitter.
//!
//! tree-sitter's own tree is walked once with its cursor and then dropped; neither needs a stack that grows with the depth of the text.

use std::{
    cell::RefCell,
    ops::ControlFlow,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use tree_sitter::{ParseOptions, ParseState, Parser, TreeCursor};

use super::{
    hazards,
    language::{Grammar, KIND_ERROR, Language},
    tree::{self, RawNode, Tree},
};
use crate::error::{Error, ErrorKind};

/// How much parsing may take. What would exceed it is refused with a [`ParseError`] that names the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLimits {
    /// The most bytes of text; never more than 4 GiB.
    pub bytes: usize,
    /// The most nodes of the tree; they take 16 bytes each, and several times that while parsing.
    pub nodes: usize,
    /// The most levels of the tree.
    pub depth: usize,
    /// The most time for the parser. Which texts reach it depends on the machine: results that reach it should not be kept.
    pub time: Duration,
}

impl Default for ParseLimits {
    /// 16 MiB of text, 16 million nodes, a million levels, 10 seconds.
    fn default() -> Self {
        Self { bytes: 16 << 20, nodes: 16_000_000, depth: 1_000_000, time: Duration::from_secs(10) }
    }
}

/// Why a text was not parsed. Syntax errors are no reason: they are nodes of the tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is no grammar for the language, or not in this build.
    #[error("{language} cannot be parsed: {}", match .language.feature() {
        Some(feature) => format!("this build lacks the feature `{feature}`"),
        None => "there is no grammar for it".to_owned(),
    })]
    NoGrammar {
        /// The language.
        language: Language,
    },
    /// The text is longer than [`ParseLimits::bytes`].
    #[error("the text has {bytes} bytes, at most {limit} are parsed")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The tree would have more nodes than [`ParseLimits::nodes`].
    #[error("the tree has {nodes} nodes, at most {limit} are kept")]
    TooManyNodes {
        /// Its nodes.
        nodes: usize,
        /// The limit.
        limit: usize,
    },
    /// The tree would have more levels than [`ParseLimits::depth`], or the text nests deeper than the grammar's scanner can bear.
    #[error("the text nests deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Parsing took longer than [`ParseLimits::time`].
    #[error("parsing took longer than {limit:?}")]
    TooSlow {
        /// The limit.
        limit: Duration,
    },
    /// The text has something that the grammar's scanner cannot bear.
    #[error("the {language} grammar cannot read {what}")]
    Unreadable {
        /// The language.
        language: Language,
        /// What it is.
        what: &'static str,
    },
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        let kind = match error {
            ParseError::NoGrammar { .. } | ParseError::Unreadable { .. } => ErrorKind::Unsupported,
            ParseError::TooSlow { .. } => ErrorKind::Timeout,
            _ => ErrorKind::LimitExceeded,
        };
        Self::new(kind, error.to_string()).because(error)
    }
}

/// Parses `source` within the default [`ParseLimits`]. A text with syntax errors has a tree too: see [`Tree::has_errors`].
///
/// # Errors
/// [`ParseError`] where the build lacks the grammar or a limit is reached.
///
/// # Examples
/// ```
/// # #[cfg(feature = "lang-python")] {
/// use heptad_core::code::{Language, parse};
///
/// let tree = parse(Language::Python, "print('hi')\n")?;
/// let call = tree.nodes().find(|node| node.kind() == "call").expect("there is a call");
/// assert_eq!(call.child("function").expect("calls call something").text(), "print");
/// assert_eq!(call.span().start.line, 1);
/// # }
/// # Ok::<(), heptad_core::code::ParseError>(())
/// ```
pub fn parse(language: Language, source: impl Into<Arc<str>>) -> Result<Tree, ParseError> {
    parse_with(language, source, &ParseLimits::default())
}

/// Parses `source` within `limits`.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(
    language: Language,
    source: impl Into<Arc<str>>,
    limits: &ParseLimits,
) -> Result<Tree, ParseError> {
    let source: Arc<str> = source.into();
    let grammar = language.grammar().ok_or(ParseError::NoGrammar { language })?;
    let limit = limits.bytes.min(u32::MAX as usize - 1);
    if source.len() > limit {
        return Err(ParseError::TooLong { bytes: source.len(), limit });
    }
    hazards::check(language, &source)?;
    let parsed = drive(grammar, &source, limits.time).ok_or(ParseError::TooSlow { limit: limits.time })?;
    let root = parsed.root_node();
    let nodes = root.descendant_count();
    if nodes > limits.nodes.min(u32::MAX as usize) {
        return Err(ParseError::TooManyNodes { nodes, limit: limits.nodes });
    }
    let has_errors = root.has_error();
    let nodes = convert(grammar, root.walk(), nodes, limits.depth)?;
    Ok(Tree { language, grammar, source, nodes, has_errors, lines: OnceLock::new() })
}

/// Runs the parser of this thread; `None` where it takes longer than `time`.
fn drive(grammar: &Grammar, source: &str, time: Duration) -> Option<tree_sitter::Tree> {
    thread_local! {
        static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
    }
    PARSER.with_borrow_mut(|parser| {
        parser
            .set_language(grammar.language)
            .expect("a test holds every grammar against the driver's version");
        let bytes = source.as_bytes();
        let started = Instant::now();
        let mut check = |_: &ParseState| {
            if started.elapsed() > time { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut check);
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let parsed = parser.parse_with_options(&mut read, None, Some(options));
        if parsed.is_none() {
            parser.reset();
        }
        parsed
    })
}

/// Copies tree-sitter's tree in preorder.
fn convert(
    grammar: &Grammar,
    mut cursor: TreeCursor<'_>,
    count: usize,
    limit: usize,
) -> Result<Box<[RawNode]>, ParseError> {
    let mut nodes = Vec::with_capacity(count);
    let mut open: Vec<u32> = Vec::new();
    loop {
        let at = nodes.len() as u32;
        nodes.push(copy(grammar, &cursor, at));
        if cursor.goto_first_child() {
            open.push(at);
            if open.len() >= limit {
                return Err(ParseError::TooDeep { limit });
            }
            continue;
        }
        while !cursor.goto_next_sibling() {
            let Some(parent) = open.pop() else { return Ok(nodes.into_boxed_slice()) };
            cursor.goto_parent();
            nodes[parent as usize].next = nodes.len() as u32;
        }
    }
}

fn copy(grammar: &Grammar, cursor: &TreeCursor<'_>, at: u32) -> RawNode {
    let node = cursor.node();
    let kind = node.kind_id();
    let (start, end) = (node.start_byte() as u32, node.end_byte() as u32);
    let mut flags = 0;
    let mut set = |flag, holds: bool| flags |= if holds { flag } else { 0 };
    set(tree::NAMED, grammar.is_named(kind));
    set(tree::ERROR, kind == KIND_ERROR);
    // What is missing has no text, so that most nodes need not be asked.
    set(tree::MISSING, start == end && node.is_missing());
    set(tree::EXTRA, node.is_extra());
    let field = cursor.field_id().map_or(0, |id| u8::try_from(id.get()).unwrap_or(0));
    RawNode { kind, field, flags, start, end, next: at + 1 }
}
