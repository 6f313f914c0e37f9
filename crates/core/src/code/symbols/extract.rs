//! One pass over the tree, steered by the rules of its language.

use std::{collections::HashSet, ops::Range};

use super::{
    Definition, Outline, Reference, ReferenceKind, SymbolKind,
    docs::{body_of, comment_above, comment_at_top, docstring, signature},
    rules::{Define, Name, Refer, Rules, Used},
};
use crate::code::{Node, NodeId, Tree};

/// The most bytes of a name; longer qualified names are cut at their beginning, for nesting may be deep.
const NAME: usize = 200;

/// The most names of a pattern.
const NAMES: usize = 1_000;

/// The most nodes followed to find a name, so that a chain of a hundred thousand calls is not followed from each of them.
const STEPS: usize = 32;

pub(super) fn outline(tree: &Tree) -> Outline {
    let outline = Outline {
        language: tree.language(),
        has_errors: tree.has_errors(),
        doc: None,
        definitions: Vec::new(),
        references: Vec::new(),
        imports: Vec::new(),
    };
    let Some(rules) = Rules::of(tree.language()) else { return outline };
    let mut walk = Walk { rules, outline, open: Vec::new(), above: Vec::new(), names: HashSet::new() };
    for node in tree.nodes() {
        walk.visit(node);
    }
    if rules.table.docstrings {
        walk.outline.doc = docstring(tree.root());
    } else {
        walk.outline.doc = comment_at_top(tree, &walk.above);
    }
    walk.outline
}

/// A node that is being walked.
#[derive(Clone, Copy)]
struct Open {
    /// Behind its last descendant.
    end: NodeId,
    /// The outermost of the wrappers right around its children.
    wrapper: Option<NodeId>,
    /// The innermost definition around its children.
    within: Option<u32>,
    /// It.
    id: NodeId,
    /// Whether it defines: then what stands in its field `name` is no use of that name.
    defines: bool,
}

struct Walk {
    rules: &'static Rules,
    outline: Outline,
    open: Vec<Open>,
    /// Comments and annotations so far; the flag tells comments.
    above: Vec<(Range<u32>, bool)>,
    /// The names of what was defined: no uses of them.
    names: HashSet<NodeId>,
}

impl Walk {
    fn visit(&mut self, node: Node<'_>) {
        while self.open.pop_if(|open| open.end <= node.id()).is_some() {}
        let around = self.open.last().copied();
        let mut within = around.and_then(|open| open.within);
        let (mut wrapper, mut defines) = (None, false);
        if let Some(meaning) = self.rules.meaning(node) {
            if meaning.is_comment || meaning.is_annotation {
                self.above.push((node.range(), meaning.is_comment));
            }
            if meaning.is_wrapper {
                wrapper = around.and_then(|open| open.wrapper).or(Some(node.id()));
            }
            if let Some(read) = meaning.import {
                read(node, &mut self.outline.imports);
            }
            let is_name = around.is_some_and(|open| open.defines) && node.field() == Some("name")
                || self.names.contains(&node.id());
            for refer in meaning.refers.iter().filter(|refer| !(is_name && matches!(refer.used, Used::Whole)))
            {
                self.refer(node, refer, within);
            }
            if let Some(define) = meaning.define.filter(|_| !(is_name && node.is_leaf())) {
                defines = true;
                let outer = around.map_or(node, |open| outermost(node, open));
                within = self.define(node, outer, define, within).or(within);
            }
        }
        if !node.is_leaf() {
            self.open.push(Open { end: node.next(), wrapper, within, id: node.id(), defines });
        }
    }

    /// Adds what `node` defines and returns the index of what contains the rest of it: the last, or the first of several names of a type.
    fn define(
        &mut self,
        node: Node<'_>,
        outer: Node<'_>,
        define: &Define,
        within: Option<u32>,
    ) -> Option<u32> {
        let kind = match define.refine {
            Some(refine) => refine(node, define.kind)?,
            None => define.kind,
        };
        let names: Vec<Node<'_>> = match define.name {
            Name::Field(field) => node.children_in(field).filter(|name| name.is_named()).collect(),
            Name::Child(kinds) => {
                node.children().find(|child| kinds.contains(&child.kind())).into_iter().collect()
            }
            Name::Declarator => node.children_in("declarator").filter_map(declared).collect(),
            Name::Whole => vec![node],
            Name::Find(find) => find(node).into_iter().collect(),
            Name::Each(find) => find(node),
        };
        // `typedef struct a { … } b` names a type that has a name of its own: what stands in that is no part of `b`.
        let is_alias = kind == SymbolKind::Type
            && node
                .child("type")
                .is_some_and(|named| named.child("name").is_some() && named.child("body").is_some());
        // A parameter of a constructor that is a field too stands in the type.
        let around = within.map(|at| &self.outline.definitions[at as usize]);
        let within = match around {
            Some(made) if define.kind == SymbolKind::Field && made.kind == SymbolKind::Constructor => {
                made.parent
            }
            _ => within,
        };
        let mut last = None;
        for name in names {
            let text = match name.kind() {
                "simple_symbol" => name.text().trim_start_matches(':'),
                "shorthand_property_identifier_pattern" => name.text(),
                kind if kind.contains("pattern") => "",
                _ => plain(name.text()),
            };
            let parent = within.map(|at| &self.outline.definitions[at as usize]);
            let Some(kind) = placed(kind, parent.map(|parent| parent.kind)).filter(|_| !text.is_empty())
            else {
                continue;
            };
            let made = kind == SymbolKind::Method && self.rules.table.constructors.contains(&text);
            let owner =
                define.owner.and_then(|owner| owner(node)).and_then(tail).map(|owner| plain(owner.text()));
            // What is defined outside of its type may stand in the module of it.
            let module = parent.filter(|parent| parent.kind == SymbolKind::Module);
            let owned = owner.map(|owner| {
                let module = module.map(|module| self.qualified(Some(&module.qualified_name), owner));
                module.unwrap_or_else(|| owner.to_owned())
            });
            let definition = Definition {
                kind: match owner {
                    _ if made => SymbolKind::Constructor,
                    Some(_) if kind == SymbolKind::Function => SymbolKind::Method,
                    _ => kind,
                },
                qualified_name: self
                    .qualified(owned.as_deref().or(parent.map(|parent| &*parent.qualified_name)), text),
                name: text.to_owned(),
                signature: signature(node, outer, self.rules.table),
                doc: self.documentation(node, outer),
                span: outer.span(),
                name_span: name.span(),
                parent: within,
            };
            if last.is_none() || kind != SymbolKind::Type {
                last = Some(self.outline.definitions.len() as u32);
            }
            if kind != SymbolKind::Implementation {
                self.names.insert(name.id());
            }
            self.outline.definitions.push(definition);
        }
        last.filter(|_| !is_alias)
    }

    fn qualified(&self, around: Option<&str>, name: &str) -> String {
        match around {
            None => name.to_owned(),
            Some(around) if around.len() > NAME => format!("…{}{name}", self.rules.table.separator),
            Some(around) => format!("{around}{}{name}", self.rules.table.separator),
        }
    }

    fn documentation(&self, node: Node<'_>, outer: Node<'_>) -> Option<String> {
        if self.rules.table.docstrings {
            return docstring(body_of(node, self.rules.table)?);
        }
        let above =
            |node: Node<'_>| comment_above(node.tree(), self.rules.table, &self.above, node.range().start);
        above(node).or_else(|| above(outer))
    }

    fn refer(&mut self, node: Node<'_>, refer: &Refer, within: Option<u32>) {
        let mut uses = |used: Node<'_>| {
            // A call is written with what it is made on: `a.b()`, whichever of its parts the grammar calls the name.
            let whole = if refer.kind == ReferenceKind::Call { node } else { used };
            self.uses(whole, used, refer.kind, within);
        };
        match refer.used {
            Used::Whole => uses(node),
            Used::Field(field) => node.child(field).into_iter().for_each(uses),
            Used::First => node.named_children().take(1).for_each(uses),
            Used::Each => node.named_children().for_each(uses),
            Used::EachIn(field) => {
                node.child(field).into_iter().flat_map(Node::named_children).for_each(uses)
            }
        }
    }

    fn uses(&mut self, whole: Node<'_>, used: Node<'_>, kind: ReferenceKind, within: Option<u32>) {
        let Some(name) = tail(used).filter(|name| !name.text().is_empty() && name.text().len() <= NAME)
        else {
            return;
        };
        let source = used.tree().source();
        let is_path = |text: &&str| {
            text.len() <= NAME && text.chars().all(|c| c.is_alphanumeric() || "_.:$\\@!?>-".contains(c))
        };
        let from = |start: u32| Some(&source[start as usize..name.range().end as usize]).filter(is_path);
        let path = from(whole.range().start).or_else(|| from(used.range().start)).unwrap_or(name.text());
        self.outline.references.push(Reference {
            kind,
            name: name.text().to_owned(),
            path: path.to_owned(),
            span: name.span(),
            within,
        });
    }
}

/// All that belongs to a definition: the wrappers around it, unless they wrap others like it too.
fn outermost<'t>(node: Node<'t>, around: Open) -> Node<'t> {
    let tree = node.tree();
    let alike = tree.node(around.id).children().filter(|child| child.kind_id() == node.kind_id());
    let in_group = tree.node(around.id).children().take(3).any(|child| child.kind() == "(");
    let wrapper = around.wrapper.filter(|_| !in_group && alike.take(2).count() == 1);
    wrapper.map_or(node, |id| tree.node(id))
}

/// What a definition is, given what it stands in: functions of types are methods, variables of types are fields, variables of functions and
/// keys below others are no symbols.
fn placed(kind: SymbolKind, parent: Option<SymbolKind>) -> Option<SymbolKind> {
    use SymbolKind as K;
    let Some(parent) = parent else { return Some(kind) };
    match kind {
        K::Function if parent.is_type() => Some(K::Method),
        K::Variable if parent.is_type() => Some(K::Field),
        K::Variable | K::Constant | K::Field if parent.is_function() => None,
        K::Key => None,
        _ => Some(kind),
    }
}

/// The name at the end of a dotted one: `c` of `a.b.c`, of `a::b::<T>::c` and of `a->c`; `None` where it is no name.
pub(super) fn tail(mut node: Node<'_>) -> Option<Node<'_>> {
    const FIELDS: &[&str] =
        &["attribute", "property", "field", "name", "type", "function", "suffix", "constructor", "value"];
    // Names of several parts have no fields in some grammars: then their last part is the name.
    const DOTTED: &[&str] = &[
        "dotted",
        "qualified",
        "scoped",
        "navigation",
        "type",
        "identifier",
        "generic",
        "invocation",
        "list",
        "word",
    ];
    for _ in 0..STEPS {
        if node.is_leaf() {
            return node.is_named().then_some(node);
        }
        let is_name =
            |part: &Node<'_>| !part.kind().contains("argument") && !part.kind().contains("parameter");
        let is_dotted = DOTTED.iter().any(|part| node.kind().contains(part));
        let last = if is_dotted { node.named_children().filter(is_name).last() } else { None };
        node = FIELDS.iter().find_map(|field| node.child(field)).or(last)?;
    }
    None
}

/// The identifier at the end of one of C's declarators.
fn declared(declarator: Node<'_>) -> Option<Node<'_>> {
    let mut at = declarator;
    for _ in 0..STEPS {
        let is_inner = |child: &Node<'_>| {
            ["declarator", "identifier", "_name"].iter().any(|end| child.kind().ends_with(end))
        };
        let wrapped = || at.named_children().find(is_inner).filter(|_| at.kind().ends_with("declarator"));
        match at.child("declarator").or_else(wrapped) {
            Some(inner) => at = inner,
            None if at.kind() == "qualified_identifier" => at = at.child("name")?,
            None => return Some(at),
        }
    }
    None
}

/// The names that a pattern binds: `a`, `b`, `c` and `d` of `{ a, x: b = 1, y: [c, ...d] }`.
pub(super) fn bound(pattern: Node<'_>) -> Vec<Node<'_>> {
    const BINDING: &[&str] = &["identifier", "simple_identifier", "shorthand_property_identifier_pattern"];
    // What a name has beside it: a default, the key it is taken from, a type.
    const BESIDE: &[&str] = &["right", "key", "type"];
    let mut names = Vec::new();
    let mut open = vec![pattern];
    while let Some(part) = open.pop().filter(|_| names.len() < NAMES) {
        if BINDING.contains(&part.kind()) {
            names.push(part);
        } else if part.id() == pattern.id() || !part.kind().contains("call") && !part.kind().contains("type")
        {
            let at = open.len();
            open.extend(
                part.named_children()
                    .filter(|child| !child.field().is_some_and(|field| BESIDE.contains(&field))),
            );
            open[at..].reverse();
        }
    }
    names
}

/// A name without quotes; cut where it is too long to be one.
fn plain(name: &str) -> &str {
    let name = name.trim().trim_matches(['"', '\'', '`']);
    let line = name.lines().next().unwrap_or_default();
    let end = (0..=NAME.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    &line[..end]
}
