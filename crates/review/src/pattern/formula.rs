//! Patterns combined: *all*, *any*, *not*, *inside*, and regular expressions on metavariables.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use regex::Regex;

use super::{
    Bindings, Bound, Budget, Literals, Match, Name, Need, Pattern, View,
    literal::{Text, text_of},
};

/// What a rule looks for.
#[derive(Clone, Debug)]
pub struct Formula {
    /// What it looks for.
    pub term: Term,
    /// Not where one of these matches the same code.
    pub not: Vec<Formula>,
    /// Only within a match of each of these.
    pub inside: Vec<Formula>,
    /// Not within a match of one of these.
    pub not_inside: Vec<Formula>,
    /// Only where each of these holds.
    pub conditions: Vec<Condition>,
}

/// The positive part of a [`Formula`].
#[derive(Clone, Debug)]
pub enum Term {
    /// A pattern.
    Pattern(Pattern),
    /// All of these match the same code, with the same metavariables.
    All(Vec<Formula>),
    /// One of these matches.
    Any(Vec<Formula>),
}

/// What the code that a metavariable stands for has to look like.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The metavariable; where it is bound to nothing, the condition does not hold.
    pub name: Name,
    /// Searched in its text; of a string without interpolation, in what is between the quotes.
    pub regex: Regex,
    /// Whether the expression is to be found, or not to be.
    pub found: bool,
}

impl Formula {
    /// Only a pattern.
    pub fn pattern(pattern: Pattern) -> Self {
        Self::of(Term::Pattern(pattern))
    }

    /// Only a term.
    pub fn of(term: Term) -> Self {
        Self { term, not: Vec::new(), inside: Vec::new(), not_inside: Vec::new(), conditions: Vec::new() }
    }

    /// What a file must contain for this to match.
    pub fn need(&self, literals: &mut Literals) -> Need {
        let all =
            |formulas: &[Self], literals: &mut Literals| formulas.iter().map(|f| f.need(literals)).collect();
        let term = match &self.term {
            Term::Pattern(pattern) => {
                Need::All(pattern.words.iter().map(|word| Need::Word(literals.intern(word))).collect())
            }
            Term::All(formulas) => Need::All(all(formulas, literals)),
            Term::Any(formulas) => Need::Any(all(formulas, literals)),
        };
        Need::All(vec![term, Need::All(all(&self.inside, literals))])
    }

    /// Every match, ordered by place; of runs of statements that begin at one place, only the shortest.
    pub fn find(&self, view: &View<'_>, budget: &mut Budget) -> Vec<Match> {
        let mut matches = self.ways(view, budget);
        matches.sort_by_key(|m| (m.bytes.start, m.bytes.end));
        matches.dedup_by(|next, kept| {
            next.bytes == kept.bytes || next.is_run && kept.is_run && next.bytes.start == kept.bytes.start
        });
        matches
    }

    /// Every way in which it matches.
    fn ways(&self, view: &View<'_>, budget: &mut Budget) -> Vec<Match> {
        let mut matches = match &self.term {
            Term::Pattern(pattern) => pattern.find(view, budget),
            Term::Any(formulas) => formulas.iter().flat_map(|formula| formula.ways(view, budget)).collect(),
            Term::All(formulas) => {
                let mut each = formulas.iter();
                let first = each.next().map(|formula| formula.ways(view, budget)).unwrap_or_default();
                each.fold(first, |matches, formula| {
                    let others = formula.ways(view, budget);
                    join(view, budget, matches, &others)
                })
            }
        };
        // What is bound already is looked at first: it leaves less to compare.
        let may_hold = |condition: &Condition, m: &Match| {
            !condition.is_bound(&m.bindings) || condition.holds(view, &m.bindings)
        };
        matches.retain(|m| self.conditions.iter().all(|condition| may_hold(condition, m)));
        for formula in &self.inside {
            if matches.is_empty() {
                return matches;
            }
            let outer = formula.ways(view, budget);
            matches = matches.into_iter().filter_map(|m| within(view, budget, m, &outer)).collect();
        }
        matches.retain(|m| self.conditions.iter().all(|condition| condition.holds(view, &m.bindings)));
        for formula in &self.not_inside {
            if matches.is_empty() {
                return matches;
            }
            let outer = formula.ways(view, budget);
            matches.retain(|m| within(view, budget, m.clone(), &outer).is_none());
        }
        for formula in &self.not {
            if matches.is_empty() {
                return matches;
            }
            let others = by_place(formula.ways(view, budget));
            matches.retain(|m| {
                let others = others.get(&m.bytes).map_or(&[][..], Vec::as_slice);
                !others.iter().any(|other| unify(view, budget, &m.bindings, &other.bindings).is_some())
            });
        }
        matches
    }
}

impl Condition {
    fn is_bound(&self, bindings: &Bindings) -> bool {
        bindings.iter().any(|(name, _)| *name == self.name)
    }

    fn holds(&self, view: &View<'_>, bindings: &Bindings) -> bool {
        let bound = bindings.iter().find(|(name, _)| *name == self.name);
        bound.is_some_and(|(_, bound)| self.regex.is_match(&view.value(bound)) == self.found)
    }
}

fn by_place(matches: Vec<Match>) -> HashMap<Range<u32>, Vec<Match>> {
    let mut places: HashMap<_, Vec<Match>> = HashMap::new();
    for m in matches {
        places.entry(m.bytes.clone()).or_default().push(m);
    }
    places
}

/// The matches that both lists have, with the bindings of both.
fn join(view: &View<'_>, budget: &mut Budget, matches: Vec<Match>, others: &[Match]) -> Vec<Match> {
    let others = by_place(others.to_vec());
    let mut joined = Vec::new();
    for m in matches {
        for other in others.get(&m.bytes).map_or(&[][..], Vec::as_slice) {
            if let Some(bindings) = unify(view, budget, &m.bindings, &other.bindings) {
                joined.push(Match { bindings, ..m.clone() });
            }
        }
    }
    joined
}

/// `m` with the bindings of the smallest of `outer` that it lies within and that agrees with it.
fn within(view: &View<'_>, budget: &mut Budget, m: Match, outer: &[Match]) -> Option<Match> {
    // Looking at a match costs far less than making one.
    budget.steps = budget.steps.saturating_sub(outer.len() as u64 / 16);
    if budget.steps == 0 {
        return None;
    }
    let holds = |o: &&Match| o.bytes.start <= m.bytes.start && m.bytes.end <= o.bytes.end;
    let mut outer: Vec<&Match> = outer.iter().filter(holds).collect();
    outer.sort_by_key(|o| (o.bytes.len(), o.bytes.start));
    let bindings = outer.into_iter().find_map(|o| unify(view, budget, &m.bindings, &o.bindings))?;
    Some(Match { bindings, ..m })
}

/// The bindings of both, if they agree on what they share.
fn unify(view: &View<'_>, budget: &mut Budget, a: &Bindings, b: &Bindings) -> Option<Bindings> {
    let mut all = a.clone();
    for (name, bound) in b {
        match all.iter().find(|(known, _)| known == name) {
            Some((_, known)) if view.same(known, bound, &mut budget.steps) => {}
            Some(_) => return None,
            None => all.push((*name, bound.clone())),
        }
    }
    Some(all)
}

impl View<'_> {
    /// What a condition looks at: the text, or what is between the quotes.
    fn value(&self, bound: &Bound) -> Cow<'_, str> {
        if let Bound::Node(id) = bound
            && let Some(Text::Literal(literal)) = text_of(self.grammar.language, self.node(*id))
        {
            return literal.content;
        }
        self.text(bound).into()
    }
}
