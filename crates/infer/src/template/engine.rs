//! The engine's own filters, tests and functions that go through all of what they are given: what that costs is paid first.

use minijinja::{
    Environment, Error, State, Value, filters, functions, tests,
    value::{Kwargs, Rest, ValueOrKwargs, from_args},
};

use super::{paid, python};

/// These put values together that can be far larger than what is paid for; no template of a model is known that calls them.
const REMOVED: &[&str] = &["sum", "chain", "zip", "batch", "slice", "groupby", "pprint"];

/// Puts payment before what walks through values.
pub(super) fn pay(environment: &mut Environment<'_>) {
    for name in REMOVED {
        environment.remove_filter(name);
    }
    environment.remove_global("debug");
    let walking = [
        ("upper", Value::from_function(filters::upper)),
        ("lower", Value::from_function(filters::lower)),
        ("title", Value::from_function(filters::title)),
        ("capitalize", Value::from_function(filters::capitalize)),
        ("trim", Value::from_function(filters::trim)),
        ("join", Value::from_function(filters::join)),
        ("split", Value::from_function(filters::split)),
        ("lines", Value::from_function(filters::lines)),
        ("format", Value::from_function(filters::format)),
        ("string", Value::from_function(filters::string)),
        ("safe", Value::from_function(filters::safe)),
        ("escape", Value::from_function(filters::escape)),
        ("e", Value::from_function(filters::escape)),
        ("attr", Value::from_function(filters::attr)),
        ("min", Value::from_function(filters::min)),
        ("max", Value::from_function(filters::max)),
    ];
    for (name, filter) in walking {
        environment.add_filter(name, before(filter, |_| 1));
    }
    // Each item is compared with some others.
    let sorting = [
        ("sort", Value::from_function(filters::sort)),
        ("dictsort", Value::from_function(filters::dictsort)),
        ("unique", Value::from_function(filters::unique)),
    ];
    for (name, filter) in sorting {
        environment.add_filter(name, before(filter, |count| 1 + count.max(1).ilog2()));
    }
    environment.add_filter("replace", replace);
    environment.add_filter("map", |state: &mut State<'_, '_>, value: Value, rest: Rest<ValueOrKwargs>| {
        let items = Value::from(filters::map(state, value, rest)?);
        paid::pay(state, &items)?;
        Ok::<_, Error>(items)
    });
    let comparing = [
        (&["eq", "equalto", "=="][..], Value::from_function(tests::is_eq)),
        (&["ne", "!="], Value::from_function(tests::is_ne)),
        (&["lt", "lessthan", "<"], Value::from_function(tests::is_lt)),
        (&["le", "<="], Value::from_function(tests::is_le)),
        (&["gt", "greaterthan", ">"], Value::from_function(tests::is_gt)),
        (&["ge", ">="], Value::from_function(tests::is_ge)),
        (&["in"], Value::from_function(tests::is_in)),
        (&["startingwith"], Value::from_function(tests::is_startingwith)),
        (&["endingwith"], Value::from_function(tests::is_endingwith)),
        (&["lower"], Value::from_function(tests::is_lower)),
        (&["upper"], Value::from_function(tests::is_upper)),
    ];
    for (names, test) in comparing {
        for name in names {
            environment.add_test(*name, before(test.clone(), |_| 1));
        }
    }
    environment.add_function("dict", before(Value::from_function(functions::dict), |_| 1));
    environment.add_function("namespace", before(Value::from_function(functions::namespace), |_| 1));
}

/// What the engine's own filter does, which cannot be called from here with a `count`.
fn replace(
    state: &mut State<'_, '_>,
    value: Value,
    old: Value,
    new: Value,
    rest: Rest<ValueOrKwargs>,
) -> Result<Value, Error> {
    let rest = rest.into_values();
    let (count, options): (Option<i64>, Kwargs) = from_args(&rest)?;
    let count = count.map_or_else(|| options.get("count"), |count| Ok(Some(count)))?;
    options.assert_all_used()?;
    for value in [&value, &old, &new] {
        paid::pay(state, value)?;
    }
    let [old, new] = [old, new].map(|part| Value::from(part.to_string()));
    python::replaced(state, &value.to_string(), &[old, new, count.unwrap_or(-1).into()])
}

/// `original`, once all it is given is paid for, as often as `times` says for that many items.
fn before(
    original: Value,
    times: fn(usize) -> u32,
) -> impl Fn(&mut State<'_, '_>, Rest<ValueOrKwargs>) -> Result<Value, Error> + Send + Sync + 'static {
    move |state, arguments| {
        let arguments = arguments.into_values();
        for argument in &arguments {
            for _ in 0..times(argument.len().unwrap_or(0)) {
                paid::pay(state, argument)?;
            }
        }
        original.call(state, &arguments)
    }
}
