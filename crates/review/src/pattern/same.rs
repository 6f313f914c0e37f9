//! Whether two pieces of code are the same but for what has no meaning.

use heptad_core::code::Node;

use super::{
    Bound, View,
    literal::{Text, text_of},
};

impl View<'_> {
    /// Whether two bindings stand for the same code; `steps` is lowered by the work it takes.
    pub(super) fn same(&self, a: &Bound, b: &Bound, steps: &mut u64) -> bool {
        match (a, b) {
            (Bound::Node(a), Bound::Node(b)) => a == b || self.same_node(self.node(*a), self.node(*b), steps),
            _ => self.text(a) == self.text(b),
        }
    }

    /// The source text of a binding.
    pub fn text(&self, bound: &Bound) -> &str {
        let bytes = self.bytes(bound);
        &self.tree.source()[bytes.start as usize..bytes.end as usize]
    }

    /// Where a binding stands.
    pub fn bytes(&self, bound: &Bound) -> std::ops::Range<u32> {
        match bound {
            Bound::Node(id) => self.node(*id).range(),
            Bound::Text(bytes) => bytes.clone(),
        }
    }

    /// Compares two trees without recursion: code may nest deeper than the stack.
    fn same_node(&self, a: Node<'_>, b: Node<'_>, steps: &mut u64) -> bool {
        let mut pairs = vec![(self.core(a), self.core(b))];
        while let Some((a, b)) = pairs.pop() {
            if *steps == 0 {
                return false;
            }
            *steps -= 1;
            let language = self.grammar.language;
            if let (Some(Text::Literal(x)), Some(Text::Literal(y))) =
                (text_of(language, a), text_of(language, b))
            {
                if x.content != y.content {
                    return false;
                }
                continue;
            }
            let (mut left, mut right) = (self.children(a), self.children(b));
            let mut is_leaf = true;
            loop {
                match (left.next(), right.next()) {
                    (None, None) => break,
                    (Some((field, x)), Some((other, y))) if field == other => pairs.push((x, y)),
                    _ => return false,
                }
                is_leaf = false;
            }
            // A name is the same name whatever it names: `x` as a variable and as a property.
            let same = if is_leaf {
                a.is_named() == b.is_named() && a.text() == b.text()
            } else {
                a.kind_id() == b.kind_id()
            };
            if !same {
                return false;
            }
        }
        true
    }
}
