//! Compares a shape with the code at one place.
//!
//! A small logic program: goals are a linked list on the stack, each step replaces the first goal by simpler ones, and every way to the
//! end of the list is a match. So backtracking is complete, the stack is as deep as the pattern is large (not the code), and a budget
//! of steps bounds patterns whose gaps and metavariables multiply.

use std::ops::Range;

use heptad_core::code::{Node, NodeId};

use super::{
    Bound, Budget, Match, Name, View,
    literal::{Text, text_of},
    matcher::Bindings,
    shape::{Group, Items, Shape},
};

/// The most ways in which one pattern may match at one place.
const WAYS_AT_ONE_PLACE: usize = 100;

/// Goals that are still to be reached, the next one first.
#[derive(Clone, Copy)]
pub(super) struct Todo<'g> {
    goal: Goal<'g>,
    next: Option<&'g Todo<'g>>,
}

#[derive(Clone, Copy)]
enum Goal<'g> {
    /// The groups match these lists of children.
    Groups(&'g [Group], &'g [Vec<NodeId>]),
    /// The items match all of the nodes from here on, in order.
    Run(&'g [Shape], &'g [NodeId]),
    /// The items match nodes from this one on, in order; others may follow.
    Start(&'g [Shape], &'g [NodeId], usize),
    /// The items match the nodes in any order.
    Set { items: &'g [Shape], nodes: &'g [NodeId], open: bool },
}

/// The search for one pattern in one view.
pub(super) struct Search<'s, 't> {
    pub(super) view: &'s View<'t>,
    pub(super) found: Vec<Match>,
    budget: &'s mut Budget,
    bindings: Bindings,
    /// Where the match that is being looked for begins and ends.
    place: Range<u32>,
    is_run: bool,
    /// In how many ways the pattern matched at this place.
    ways: usize,
}

impl<'s, 't> Search<'s, 't> {
    pub(super) fn new(view: &'s View<'t>, budget: &'s mut Budget) -> Self {
        Self { view, found: Vec::new(), budget, bindings: Vec::new(), place: 0..0, is_run: false, ways: 0 }
    }

    /// Looks for matches of `shape` that are `node`.
    pub(super) fn one_at(&mut self, shape: &Shape, node: Node<'t>) {
        (self.place, self.is_run, self.ways) = (node.range(), false, 0);
        self.one(shape, node.id(), None);
    }

    /// Looks for matches of `items` that begin with the first of `nodes`.
    pub(super) fn run_at(&mut self, items: &[Shape], nodes: &[NodeId]) {
        let start = self.view.node(nodes[0]).range().start;
        (self.place, self.is_run, self.ways) = (start..start, true, 0);
        self.solve(Some(&Todo { goal: Goal::Start(items, nodes, 0), next: None }));
    }

    fn solve(&mut self, todo: Option<&Todo<'_>>) {
        if self.budget.steps == 0 || self.ways >= WAYS_AT_ONE_PLACE {
            self.budget.exhausted = true;
            return;
        }
        self.budget.steps -= 1;
        let Some(Todo { goal, next }) = todo else { return self.emit() };
        match *goal {
            Goal::Groups(groups, lists) => self.groups(groups, lists, *next),
            Goal::Run(items, nodes) => self.run(items, nodes, *next),
            Goal::Start(items, nodes, at) => self.start(items, nodes, at, *next),
            Goal::Set { items, nodes, open } => self.set(items, nodes, open, *next),
        }
    }

    fn emit(&mut self) {
        self.ways += 1;
        if self.found.len() >= self.budget.matches {
            self.budget.exhausted = true;
            return;
        }
        let (bytes, bindings) = (self.place.clone(), self.bindings.clone());
        self.found.push(Match { bytes, bindings, is_run: self.is_run });
    }

    fn one(&mut self, shape: &Shape, id: NodeId, next: Option<&Todo<'_>>) {
        let view = self.view;
        let node = view.strip(view.node(id));
        let language = view.grammar.language;
        match shape {
            Shape::Gap | Shape::NamedGap(_) => self.solve(next),
            Shape::Hole(name) if view.is_expression(node) => {
                self.bind(*name, Bound::Node(view.core(node).id()), next)
            }
            Shape::AnyText | Shape::TextHole(_) | Shape::Text(_) => {
                let Some(Text::Literal(literal)) = text_of(language, node) else { return };
                match shape {
                    Shape::TextHole(name) => self.bind(*name, Bound::Text(literal.bytes), next),
                    Shape::Text(wanted) if literal.content != *wanted => {}
                    _ => self.solve(next),
                }
            }
            Shape::Format(parts) if is_format(view, node) => {
                let quotes = |node: &Node<'_>| matches!(node.kind(), "string_start" | "string_end");
                let nodes = view.children(node).map(|(_, part)| part).filter(|part| !quotes(part));
                let nodes: Vec<NodeId> = nodes.map(Node::id).collect();
                self.run(parts, &nodes, next);
            }
            Shape::Leaf { kind, text } if node.kind_id() == *kind && node.text() == text => self.solve(next),
            Shape::Node { kind, groups } if node.kind_id() == *kind => {
                if let Some(lists) = self.lists(groups, node) {
                    self.groups(groups, &lists, next);
                }
            }
            Shape::Hole(_) | Shape::Format(_) | Shape::Leaf { .. } | Shape::Node { .. } => {}
        }
    }

    /// The children of `node` for each group; `None` where it has children that no group speaks of.
    fn lists(&self, groups: &[Group], node: Node<'t>) -> Option<Vec<Vec<NodeId>>> {
        let mut lists = vec![Vec::new(); groups.len()];
        for (field, child) in self.view.children(node) {
            match groups.iter().position(|group| group.field == field) {
                Some(group) => lists[group].push(child.id()),
                None if field.is_some_and(|field| self.view.grammar.optional_fields.contains(&field)) => {}
                None => return None,
            }
        }
        Some(lists)
    }

    fn groups(&mut self, groups: &[Group], lists: &[Vec<NodeId>], next: Option<&Todo<'_>>) {
        let (Some((group, groups)), Some((nodes, lists))) = (groups.split_first(), lists.split_first())
        else {
            return self.solve(next);
        };
        let rest = Todo { goal: Goal::Groups(groups, lists), next };
        match &group.items {
            Items::Run(items) => self.run(items, nodes, Some(&rest)),
            Items::Set { items, open } => self.set(items, nodes, *open, Some(&rest)),
            Items::Call { by_place, by_keyword, open } => {
                let keyword = self.view.grammar.keyword_argument;
                let is_keyword = |id: &NodeId| Some(self.view.node(*id).kind()) == keyword;
                let (keywords, places): (Vec<_>, Vec<_>) = nodes.iter().copied().partition(is_keyword);
                let set = Goal::Set { items: by_keyword, nodes: &keywords, open: *open };
                self.run(by_place, &places, Some(&Todo { goal: set, next: Some(&rest) }));
            }
        }
    }

    fn run(&mut self, items: &[Shape], nodes: &[NodeId], next: Option<&Todo<'_>>) {
        let Some((item, items)) = items.split_first() else {
            if nodes.is_empty() {
                self.solve(next);
            }
            return;
        };
        if !item.is_gap() {
            if let Some((node, nodes)) = nodes.split_first() {
                self.one(item, *node, Some(&Todo { goal: Goal::Run(items, nodes), next }));
            }
            return;
        }
        // A last gap takes everything; any other takes as little as it can at first.
        let least = if items.is_empty() { nodes.len() } else { 0 };
        for taken in least..=nodes.len() {
            let rest = Todo { goal: Goal::Run(items, &nodes[taken..]), next };
            self.gap(item, &nodes[..taken], Some(&rest));
        }
    }

    fn start(&mut self, items: &[Shape], nodes: &[NodeId], at: usize, next: Option<&Todo<'_>>) {
        let Some((item, items)) = items.split_first() else {
            if at > 0 {
                self.place.end = self.view.node(nodes[at - 1]).range().end;
                self.solve(next);
            }
            return;
        };
        if !item.is_gap() {
            if let Some(node) = nodes.get(at) {
                self.one(item, *node, Some(&Todo { goal: Goal::Start(items, nodes, at + 1), next }));
            }
            return;
        }
        let least = if items.is_empty() { nodes.len() } else { at };
        for end in least..=nodes.len() {
            let rest = Todo { goal: Goal::Start(items, nodes, end), next };
            self.gap(item, &nodes[at..end], Some(&rest));
        }
    }

    /// Goes on behind a gap that took `nodes`.
    fn gap(&mut self, gap: &Shape, nodes: &[NodeId], next: Option<&Todo<'_>>) {
        let Shape::NamedGap(name) = gap else { return self.solve(next) };
        let range = |id: &NodeId| self.view.node(*id).range();
        let start = nodes.first().map_or(self.place.start, |first| range(first).start);
        let end = nodes.last().map_or(start, |last| range(last).end);
        self.bind(*name, Bound::Text(start..end), next);
    }

    fn set(&mut self, items: &[Shape], nodes: &[NodeId], open: bool, next: Option<&Todo<'_>>) {
        let Some((item, items)) = items.split_first() else {
            if open || nodes.is_empty() {
                self.solve(next);
            }
            return;
        };
        for index in 0..nodes.len() {
            let others: Vec<NodeId> = [&nodes[..index], &nodes[index + 1..]].concat();
            let rest = Todo { goal: Goal::Set { items, nodes: &others, open }, next };
            self.one(item, nodes[index], Some(&rest));
        }
    }

    fn bind(&mut self, name: Name, bound: Bound, next: Option<&Todo<'_>>) {
        if let Some((_, known)) = self.bindings.iter().find(|(known, _)| *known == name) {
            if self.view.same(known, &bound, &mut self.budget.steps) {
                self.solve(next);
            }
            return;
        }
        self.bindings.push((name, bound));
        self.solve(next);
        self.bindings.pop();
    }
}

/// Whether `node` is a string in the form that may have interpolations.
fn is_format(view: &View<'_>, node: Node<'_>) -> bool {
    node.kind() == "template_string" || text_of(view.grammar.language, node) == Some(Text::Format)
}
