//! A tree as the engine looks at it: without comments, separators and wrappers.

use std::{collections::HashMap, ops::Range};

use heptad_core::code::{Node, NodeId, Tree};

use super::Grammar;

/// A tree prepared for matching.
pub struct View<'t> {
    pub(super) tree: &'t Tree,
    pub(super) grammar: &'static Grammar,
    /// What may be matched, by kind, in document order.
    by_kind: HashMap<u16, Vec<NodeId>>,
    comments: Vec<NodeId>,
}

impl<'t> View<'t> {
    /// Looks at a tree; `None` where patterns cannot be written for its language.
    pub fn new(tree: &'t Tree) -> Option<Self> {
        let grammar = Grammar::of(tree.language())?;
        let mut by_kind: HashMap<u16, Vec<NodeId>> = HashMap::new();
        let mut comments = Vec::new();
        for node in tree.nodes() {
            if is_comment(node) {
                comments.push(node.id());
            } else if node.is_named() && !node.is_extra() && !node.is_error() {
                by_kind.entry(node.kind_id()).or_default().push(node.id());
            }
        }
        Some(Self { tree, grammar, by_kind, comments })
    }

    /// The tree.
    pub fn tree(&self) -> &'t Tree {
        self.tree
    }

    /// The comments, in document order.
    pub fn comments(&self) -> impl Iterator<Item = Node<'t>> {
        self.comments.iter().map(|id| self.tree.node(*id))
    }

    /// The tokens within `bytes` but for comments, in document order.
    pub fn tokens(&self, bytes: &Range<u32>) -> impl Iterator<Item = &'t str> + use<'_, 't> {
        let Range { start, end } = *bytes;
        let count = u32::try_from(self.tree.len()).unwrap_or(u32::MAX);
        let node = |index| self.tree.node(NodeId(index));
        // Nodes stand in document order, so the first one is found by halving.
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            if node(middle).range().start < start { low = middle + 1 } else { high = middle }
        }
        let within = move |node: &Node<'_>| node.range().start < end;
        (low..count).map(node).take_while(within).filter(|node| self.is_token(*node)).map(Node::text)
    }

    fn is_token(&self, node: Node<'_>) -> bool {
        (node.is_leaf() || self.grammar.atoms.contains(&node.kind())) && !is_comment(node)
    }

    pub(super) fn node(&self, id: NodeId) -> Node<'t> {
        self.tree.node(id)
    }

    /// The nodes of a kind, in document order.
    pub(super) fn of_kind(&self, kind: u16) -> &[NodeId] {
        self.by_kind.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The nodes whose children are statements, in document order.
    pub(super) fn blocks(&self) -> Vec<NodeId> {
        let is_block = |kind: &&u16| {
            let first = self.by_kind[kind].first();
            first.is_some_and(|id| self.grammar.blocks.contains(&self.node(*id).kind()))
        };
        let mut blocks: Vec<NodeId> =
            self.by_kind.keys().filter(is_block).flat_map(|kind| &self.by_kind[kind]).copied().collect();
        blocks.sort_unstable();
        blocks
    }

    /// The children that mean something, each without its wrappers, and the field that each stands in.
    pub(super) fn children(
        &self,
        node: Node<'t>,
    ) -> impl Iterator<Item = (Option<&'static str>, Node<'t>)> + use<'_, 't> {
        significant(node).map(|child| (child.field(), self.strip(child)))
    }

    /// The node within parentheses and the like.
    pub(super) fn strip(&self, node: Node<'t>) -> Node<'t> {
        let mut node = node;
        while self.grammar.wrappers.contains(&node.kind()) {
            let mut children = significant(node);
            match (children.next(), children.next()) {
                (Some(only), None) => node = only,
                _ => break,
            }
        }
        node
    }

    /// The innermost node with the same text: a name rather than what holds only the name.
    pub(super) fn core(&self, node: Node<'t>) -> Node<'t> {
        let mut node = self.strip(node);
        loop {
            let mut children = significant(node);
            match (children.next(), children.next()) {
                (Some(only), None) if only.is_named() && only.range() == node.range() => node = only,
                _ => return node,
            }
        }
    }

    /// Whether a metavariable may stand for this node.
    pub(super) fn is_expression(&self, node: Node<'t>) -> bool {
        node.is_named() && !node.is_error() && !self.grammar.not_expressions.contains(&node.kind())
    }
}

fn is_comment(node: Node<'_>) -> bool {
    node.is_extra() && node.kind().contains("comment")
}

/// The children but for comments, separators, brackets and the marks of types and optional chains.
fn significant(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    // `a[1:]` and `a[:1]` differ in nothing else.
    let colons_matter = node.kind() == "slice";
    node.children().filter(move |child| {
        let separates = !child.is_named()
            && match child.kind() {
                ":" => !colons_matter,
                kind => matches!(
                    kind,
                    "," | ";" | "." | "->" | "(" | ")" | "[" | "]" | "{" | "}" | "\"" | "'" | "`"
                ),
            };
        !(child.is_extra() || separates || child.kind() == "optional_chain")
    })
}
