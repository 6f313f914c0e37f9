//! Finds a pattern in a view: where to look, and what a match is. How a place is compared is in `solve.rs`.

use std::ops::Range;

use heptad_core::code::NodeId;

use super::{
    Name, Pattern, View,
    shape::{Root, Shape},
    solve::Search,
};

/// What a metavariable stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A node of the tree.
    Node(NodeId),
    /// Bytes of the source: the content of a string, or what a `$...X` passed over.
    Text(Range<u32>),
}

/// What the metavariables stand for, in the order in which they were bound.
pub type Bindings = Vec<(Name, Bound)>;

/// One way in which a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// What it matches, in bytes.
    pub bytes: Range<u32>,
    /// What its metavariables stand for.
    pub bindings: Bindings,
    /// It matched a run of statements: of several that begin at one place the shortest counts.
    pub is_run: bool,
}

/// How much work may still be done. When it is used up, what was found so far is all that is found.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Steps left.
    pub steps: u64,
    /// The most matches of one pattern in one file.
    pub matches: usize,
    /// There were more matches, or more ways at one place, than there may be.
    pub exhausted: bool,
}

impl Default for Budget {
    /// 4 million steps (well under a second; a large file takes some ten thousand) and 100,000 matches.
    fn default() -> Self {
        Self { steps: 4_000_000, matches: 100_000, exhausted: false }
    }
}

impl Budget {
    /// Whether something was left out.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted || self.steps == 0
    }
}

impl Pattern {
    /// Every match in the code of `view`, in document order.
    pub fn find(&self, view: &View<'_>, budget: &mut Budget) -> Vec<Match> {
        if self.language != view.grammar.language {
            return Vec::new();
        }
        let mut search = Search::new(view, budget);
        match &self.root {
            Root::One(shape) => everywhere(&mut search, shape),
            Root::Run(items) => in_blocks(&mut search, items),
        }
        search.found
    }
}

/// An expression, or a statement by itself, may stand anywhere.
fn everywhere(search: &mut Search<'_, '_>, shape: &Shape) {
    let view = search.view;
    let all: Vec<NodeId>;
    let candidates = match shape {
        Shape::Node { kind, .. } | Shape::Leaf { kind, .. } => view.of_kind(*kind),
        _ => {
            all = view.tree.nodes().map(|node| node.id()).collect();
            &all
        }
    };
    for node in candidates.iter().map(|id| view.node(*id)) {
        if !node.is_extra() && view.strip(node) == node && view.is_expression(node) {
            search.one_at(shape, node);
        }
    }
}

/// Statements that follow each other stand in a block.
fn in_blocks(search: &mut Search<'_, '_>, items: &[Shape]) {
    let view = search.view;
    for block in view.blocks() {
        // A `case` has its value before its statements.
        let statements = view.children(view.node(block)).filter(|(field, _)| *field != Some("value"));
        let nodes: Vec<NodeId> =
            statements.filter(|(_, node)| node.is_named()).map(|(_, node)| node.id()).collect();
        // A leading gap reaches back to the beginning of the block: another beginning would say nothing new.
        let starts = if items[0].is_gap() { nodes.len().min(1) } else { nodes.len() };
        for start in 0..starts {
            search.run_at(items, &nodes[start..]);
        }
    }
}
