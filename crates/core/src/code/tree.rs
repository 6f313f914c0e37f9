//! A syntax tree of 16 bytes a node, in one allocation, in document order.
//!
//! Nodes are kept in preorder: the children of a node follow it, and `next` says where its subtree has ended. Walking a tree is walking
//! an array, needs no stack, and cannot overflow one, however deep the tree is.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};

use super::{
    language::{Grammar, Language},
    lines::{LineIndex, Position, Span},
};

/// A parsed file: its text and its tree. Independent of the parser; cheap to share in an [`Arc`].
pub struct Tree {
    pub(super) language: Language,
    pub(super) grammar: &'static Grammar,
    pub(super) source: Arc<str>,
    pub(super) nodes: Box<[RawNode]>,
    pub(super) has_errors: bool,
    pub(super) lines: OnceLock<LineIndex>,
}

/// The index of a node in its tree. The root is 0; a node comes after its parent and its earlier siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// What is kept of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawNode {
    pub(super) kind: u16,
    pub(super) field: u8,
    pub(super) flags: u8,
    pub(super) start: u32,
    pub(super) end: u32,
    /// Index behind the last node of the subtree.
    pub(super) next: u32,
}

const _: () = assert!(size_of::<RawNode>() == 16);

pub(super) const NAMED: u8 = 1;
pub(super) const ERROR: u8 = 2;
pub(super) const MISSING: u8 = 4;
pub(super) const EXTRA: u8 = 8;

impl Tree {
    /// The language it was parsed as.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text it was parsed from, byte for byte.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text, shared.
    pub fn shared_source(&self) -> Arc<str> {
        self.source.clone()
    }

    /// The node of the whole file.
    pub fn root(&self) -> Node<'_> {
        self.node(NodeId(0))
    }

    /// A node by its index.
    ///
    /// # Panics
    /// Where the tree has no such node: the id is of another tree.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        self.get(id).expect("ids are handed out by the tree that they index")
    }

    /// A node by its index, where there is one.
    pub fn get(&self, id: NodeId) -> Option<Node<'_>> {
        ((id.0 as usize) < self.nodes.len()).then_some(Node { tree: self, id })
    }

    /// How many nodes it has: at least the root.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: there is always a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes, parents before their children.
    pub fn nodes(&self) -> Descendants<'_> {
        self.root().descendants()
    }

    /// Whether the text has syntax errors (there are nodes that are errors or missing).
    pub fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// The lines of the text; counted on first use.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(self.source.clone()))
    }

    /// The place of a byte.
    pub fn position(&self, byte: u32) -> Position {
        self.lines().position(byte)
    }

    /// The span of a range of bytes.
    pub fn span(&self, bytes: Range<u32>) -> Span {
        self.lines().span(bytes)
    }

    /// The text of line `line`, from 1, without its line end; empty where there is no such line.
    pub fn line(&self, line: u32) -> &str {
        self.lines().line(line).map_or("", |bytes| &self.source[bytes.start as usize..bytes.end as usize])
    }

    /// The innermost node that covers all of `bytes`; the root where none does.
    pub fn innermost(&self, bytes: Range<u32>) -> Node<'_> {
        let covers = |node: &Node<'_>| node.raw().start <= bytes.start && bytes.end <= node.raw().end;
        let mut node = self.root();
        while let Some(child) = node.children().find(covers) {
            node = child;
        }
        node
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree({}, {} nodes, {} bytes)", self.language, self.len(), self.source.len())
    }
}

/// A node: its tree and its index. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    id: NodeId,
}

impl<'t> Node<'t> {
    fn raw(self) -> &'t RawNode {
        &self.tree.nodes[self.id.0 as usize]
    }

    /// Its tree.
    pub fn tree(self) -> &'t Tree {
        self.tree
    }

    /// Its index.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The grammar's name of what it is, as in `call`; the text itself for punctuation and keywords; `ERROR` for what was not understood.
    pub fn kind(self) -> &'static str {
        self.tree.grammar.kind(self.raw().kind)
    }

    /// The number of its kind, the same in all trees of a language and build.
    pub fn kind_id(self) -> u16 {
        self.raw().kind
    }

    /// The name of the field of its parent that it stands in.
    pub fn field(self) -> Option<&'static str> {
        self.tree.grammar.field(self.raw().field)
    }

    /// Whether it has a name in the grammar; punctuation and keywords have none.
    pub fn is_named(self) -> bool {
        self.raw().flags & NAMED != 0
    }

    /// Whether it is text that was not understood.
    pub fn is_error(self) -> bool {
        self.raw().flags & ERROR != 0
    }

    /// Whether it is not in the text but would have to be.
    pub fn is_missing(self) -> bool {
        self.raw().flags & MISSING != 0
    }

    /// Whether it may stand anywhere, as comments do.
    pub fn is_extra(self) -> bool {
        self.raw().flags & EXTRA != 0
    }

    /// Where it stands, in bytes.
    pub fn range(self) -> Range<u32> {
        self.raw().start..self.raw().end
    }

    /// Where it stands, in lines and columns.
    pub fn span(self) -> Span {
        self.tree.span(self.range())
    }

    /// Its text.
    pub fn text(self) -> &'t str {
        &self.tree.source[self.raw().start as usize..self.raw().end as usize]
    }

    /// Its children, punctuation included.
    pub fn children(self) -> Children<'t> {
        Children { tree: self.tree, at: self.id.0 + 1, end: self.raw().next }
    }

    /// Its named children that are not comments or the like.
    pub fn named_children(self) -> impl Iterator<Item = Node<'t>> + Clone + use<'t> {
        self.children().filter(|child| child.is_named() && !child.is_extra())
    }

    /// The first child in the field called `field`.
    pub fn child(self, field: &str) -> Option<Node<'t>> {
        self.children_in(field).next()
    }

    /// The children in the field called `field`.
    pub fn children_in(self, field: &str) -> impl Iterator<Item = Node<'t>> + Clone + use<'t> {
        let field = self.tree.grammar.field_id(field);
        self.children().filter(move |child| field != 0 && child.raw().field == field)
    }

    /// It and everything below it, parents before their children.
    pub fn descendants(self) -> Descendants<'t> {
        Descendants { tree: self.tree, at: self.id.0, end: self.raw().next }
    }

    /// Index behind the last node of its subtree: where a walk by index goes on that skips what is below it.
    pub fn next(self) -> NodeId {
        NodeId(self.raw().next)
    }

    /// Whether nothing is below it.
    pub fn is_leaf(self) -> bool {
        self.raw().next == self.id.0 + 1
    }

    /// What it stands in, innermost first. Found from the root: costs the siblings passed on the way.
    pub fn ancestors(self) -> impl Iterator<Item = Node<'t>> + use<'t> {
        let mut path = Vec::new();
        let mut node = self.tree.root();
        while node.id < self.id {
            path.push(node);
            let inside = |child: &Node<'t>| child.raw().next > self.id.0;
            node = node.children().find(inside).expect("a node lies in a subtree of each of its ancestors");
        }
        path.into_iter().rev()
    }

    /// What it stands in directly; costs as [`ancestors`](Self::ancestors).
    pub fn parent(self) -> Option<Node<'t>> {
        self.ancestors().next()
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && std::ptr::eq(self.tree, other.tree)
    }
}

impl Eq for Node<'_> {}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Range { start, end } = self.range();
        write!(f, "{} {start}..{end}", self.kind())
    }
}

/// The children of a node.
#[derive(Clone, Debug)]
pub struct Children<'t> {
    tree: &'t Tree,
    at: u32,
    end: u32,
}

impl<'t> Iterator for Children<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        if self.at >= self.end {
            return None;
        }
        let node = Node { tree: self.tree, id: NodeId(self.at) };
        self.at = node.raw().next;
        Some(node)
    }
}

/// A node and everything below it.
#[derive(Clone, Debug)]
pub struct Descendants<'t> {
    tree: &'t Tree,
    at: u32,
    end: u32,
}

impl<'t> Iterator for Descendants<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        if self.at >= self.end {
            return None;
        }
        let node = Node { tree: self.tree, id: NodeId(self.at) };
        self.at += 1;
        Some(node)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.at) as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Descendants<'_> {}
