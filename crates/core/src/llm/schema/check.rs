//! Whether an instance fits, and where it does not.

use serde_json::{Map, Value};

use super::{
    Violation,
    compile::{Count, Id, Node, Number, Rules},
};
use crate::suggest::{did_you_mean, json_kind, shortened};

/// More than these help nobody.
const MOST: usize = 20;
/// How deep references may lead within one value: beyond it, the schema goes in a circle.
const MAX_DEPTH: usize = 256;
/// How many schemas are looked at for one instance: alternatives within alternatives would take for ever.
const MAX_STEPS: usize = 2_000_000;

pub(super) fn check(nodes: &[Node], instance: &Value) -> Vec<Violation> {
    let mut checker = Checker { nodes, steps: 0, exhausted: false };
    let mut found = Vec::new();
    checker.node(0, instance, &mut Path::default(), 0, &mut found);
    if checker.exhausted {
        found.push(Violation {
            path: String::new(),
            message: "it takes too long to check against this schema".to_owned(),
        });
    }
    found
}

/// Where the checker is: pieces of a JSON pointer.
#[derive(Default)]
struct Path(String);

impl Path {
    fn within<T>(&mut self, step: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.0.len();
        self.0.push('/');
        self.0.push_str(&step.replace('~', "~0").replace('/', "~1"));
        let result = work(self);
        self.0.truncate(before);
        result
    }

    fn wrong(&self, found: &mut Vec<Violation>, message: impl Into<String>) {
        if found.len() < MOST {
            found.push(Violation { path: shortened(&self.0, 200), message: message.into() });
        }
    }
}

struct Checker<'a> {
    nodes: &'a [Node],
    steps: usize,
    exhausted: bool,
}

impl<'a> Checker<'a> {
    fn node(&mut self, id: Id, value: &Value, path: &mut Path, depth: usize, found: &mut Vec<Violation>) {
        self.steps += 1;
        if self.steps > MAX_STEPS || depth > MAX_DEPTH {
            self.exhausted = true;
            return;
        }
        match &self.nodes[id] {
            Node::Always(true) => {}
            Node::Always(false) => path.wrong(found, "nothing is allowed here"),
            Node::Rules(rules) => self.rules(rules, value, path, depth + 1, found),
        }
    }

    fn accepts(&mut self, id: Id, value: &Value, depth: usize) -> bool {
        let mut found = Vec::new();
        self.node(id, value, &mut Path::default(), depth, &mut found);
        found.is_empty()
    }

    fn rules(
        &mut self,
        rules: &'a Rules,
        value: &Value,
        path: &mut Path,
        depth: usize,
        found: &mut Vec<Violation>,
    ) {
        if let Some(types) = &rules.types
            && !types.iter().any(|name| is_of(name, value))
        {
            path.wrong(found, format!("it is {}, and should be {}", json_kind(value), types.join(" or ")));
        }
        if let Some(allowed) = &rules.allowed
            && !allowed.iter().any(|candidate| same(candidate, value))
        {
            let list: Vec<String> =
                allowed.iter().take(8).map(|value| shortened(&value.to_string(), 60)).collect();
            path.wrong(found, format!("it should be one of {}", list.join(", ")));
        }
        match value {
            Value::Object(fields) => self.object(rules, fields, path, depth, found),
            Value::Array(items) => self.array(rules, items, path, depth, found),
            Value::String(text) => string(rules, text, path, found),
            Value::Number(number) => numbers(rules, number, path, found),
            Value::Null | Value::Bool(_) => {}
        }
        self.combinations(rules, value, path, depth, found);
    }

    fn combinations(
        &mut self,
        rules: &'a Rules,
        value: &Value,
        path: &mut Path,
        depth: usize,
        found: &mut Vec<Violation>,
    ) {
        for id in &rules.all_of {
            self.node(*id, value, path, depth, found);
        }
        if let Some(any) = &rules.any_of
            && !any.iter().any(|id| self.accepts(*id, value, depth))
        {
            path.wrong(found, "it fits none of the alternatives");
            // With one alternative of the right type, what is wrong with that one is what helps.
            self.closest(any, value, path, depth, found);
        }
        if let Some(one) = &rules.one_of {
            match one.iter().filter(|id| self.accepts(**id, value, depth)).count() {
                1 => {}
                0 => {
                    path.wrong(found, "it fits none of the alternatives");
                    self.closest(one, value, path, depth, found);
                }
                _ => path.wrong(found, "it fits more than one of the alternatives"),
            }
        }
        if let Some(id) = rules.not
            && self.accepts(id, value, depth)
        {
            path.wrong(found, "it is what it should not be");
        }
        if let Some((condition, then, otherwise)) = rules.condition {
            let branch = if self.accepts(condition, value, depth) { then } else { otherwise };
            if let Some(id) = branch {
                self.node(id, value, path, depth, found);
            }
        }
    }

    /// Adds the violations of the alternative with the fewest.
    fn closest(
        &mut self,
        ids: &[Id],
        value: &Value,
        path: &mut Path,
        depth: usize,
        found: &mut Vec<Violation>,
    ) {
        let mut best: Option<Vec<Violation>> = None;
        for id in ids {
            let mut violations = Vec::new();
            self.node(*id, value, path, depth, &mut violations);
            if best.as_ref().is_none_or(|best| violations.len() < best.len()) {
                best = Some(violations);
            }
        }
        let room = MOST.saturating_sub(found.len());
        found.extend(best.into_iter().flatten().take(room));
    }

    fn object(
        &mut self,
        rules: &'a Rules,
        fields: &Map<String, Value>,
        path: &mut Path,
        depth: usize,
        found: &mut Vec<Violation>,
    ) {
        for name in rules.required.iter().filter(|name| !fields.contains_key(*name)) {
            path.wrong(found, format!("`{name}` is missing"));
        }
        for (name, needed) in rules.dependent.iter().filter(|(name, _)| fields.contains_key(name)) {
            for missing in needed.iter().filter(|needed| !fields.contains_key(*needed)) {
                path.wrong(found, format!("`{missing}` is missing, which `{name}` needs"));
            }
        }
        counts(rules, Count::MinProperties, Count::MaxProperties, fields.len(), "fields", path, found);
        for (name, value) in fields {
            if let Some(id) = rules.names
                && !self.accepts(id, &Value::String(name.clone()), depth)
            {
                path.wrong(found, format!("`{}` is not a name that a field may have", shortened(name, 60)));
            }
            let own = rules.properties.get(name).copied();
            let by_pattern =
                rules.patterns.iter().filter(|(pattern, _)| pattern.is_match(name)).map(|(_, id)| *id);
            let named: Vec<Id> = own.into_iter().chain(by_pattern).collect();
            let rest = rules.additional.filter(|_| named.is_empty());
            if rest.is_some_and(|id| matches!(self.nodes[id], Node::Always(false))) {
                let hint = did_you_mean(name, rules.properties.keys().map(String::as_str));
                path.wrong(found, format!("`{}` is not a field of it{hint}", shortened(name, 60)));
                continue;
            }
            for id in named.into_iter().chain(rest) {
                path.within(name, |path| self.node(id, value, path, depth, found));
            }
        }
    }

    fn array(
        &mut self,
        rules: &'a Rules,
        items: &[Value],
        path: &mut Path,
        depth: usize,
        found: &mut Vec<Violation>,
    ) {
        counts(rules, Count::MinItems, Count::MaxItems, items.len(), "items", path, found);
        for (index, item) in items.iter().enumerate() {
            if let Some(id) = rules.prefix.get(index).copied().or(rules.items) {
                path.within(&index.to_string(), |path| self.node(id, item, path, depth, found));
            }
        }
        if let Some(id) = rules.contains
            && !items.iter().any(|item| self.accepts(id, item, depth))
        {
            path.wrong(found, "none of the items is what one of them must be");
        }
        let twice = |index: usize| items[..index].iter().any(|earlier| same(earlier, &items[index]));
        self.steps += if rules.unique { items.len() * items.len() / 2 } else { 0 };
        if rules.unique && self.steps <= MAX_STEPS && (1..items.len()).any(twice) {
            path.wrong(found, "two items are the same");
        }
    }
}

fn string(rules: &Rules, text: &str, path: &Path, found: &mut Vec<Violation>) {
    if rules.counts.iter().any(|(count, _)| matches!(count, Count::MinLength | Count::MaxLength)) {
        counts(rules, Count::MinLength, Count::MaxLength, text.chars().count(), "characters", path, found);
    }
    if let Some(pattern) = &rules.pattern
        && !pattern.is_match(text)
    {
        path.wrong(found, format!("it does not match `{}`", shortened(pattern.as_str(), 80)));
    }
}

fn counts(
    rules: &Rules,
    least: Count,
    most: Count,
    has: usize,
    what: &str,
    path: &Path,
    found: &mut Vec<Violation>,
) {
    for (count, bound) in &rules.counts {
        if *count == least && (has as u64) < *bound {
            path.wrong(found, format!("it has {has} {what}, and should have {bound} or more"));
        }
        if *count == most && has as u64 > *bound {
            path.wrong(found, format!("it has {has} {what}, and should have {bound} or fewer"));
        }
    }
}

fn numbers(rules: &Rules, number: &serde_json::Number, path: &Path, found: &mut Vec<Violation>) {
    use std::cmp::Ordering::{Equal, Greater, Less};
    for (keyword, bound) in &rules.numbers {
        let order = compare(number, bound);
        let (fits, what) = match keyword {
            Number::Minimum => (order != Less, "at least"),
            Number::Maximum => (order != Greater, "at most"),
            Number::ExclusiveMinimum => (order == Greater, "above"),
            Number::ExclusiveMaximum => (order == Less, "below"),
            Number::MultipleOf => (is_multiple(number, bound) || order == Equal, "a multiple of"),
        };
        if !fits {
            path.wrong(found, format!("{number} should be {what} {bound}"));
        }
    }
}

/// Whole numbers exactly, all others as floating point.
fn compare(a: &serde_json::Number, b: &serde_json::Number) -> std::cmp::Ordering {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => {
            let float = |number: &serde_json::Number| number.as_f64().unwrap_or(f64::NAN);
            float(a).total_cmp(&float(b))
        }
    }
}

fn is_multiple(number: &serde_json::Number, step: &serde_json::Number) -> bool {
    if let (Some(number), Some(step)) = (number.as_i128(), step.as_i128()) {
        return step != 0 && number % step == 0;
    }
    let (Some(number), Some(step)) = (number.as_f64(), step.as_f64()) else { return false };
    let times = number / step;
    // 0.3 is a multiple of 0.1 although the quotient of the nearest binary fractions is not whole.
    times.is_finite() && (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
}

fn is_of(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Object(_) => name == "object",
        Value::Array(_) => name == "array",
        Value::String(_) => name == "string",
        Value::Number(number) => name == "number" || (name == "integer" && is_whole(number)),
    }
}

/// 1.0 is an integer, too.
fn is_whole(number: &serde_json::Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// Equal as JSON: 1 and 1.0 are the same number, fields have no order.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i128(), b.as_i128()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
