//! Values that are paid for.
//!
//! The engine pays for the top of a value: a list of two lists costs two slots, however much lies in them. Sixty times `s = [s, s]` is a value whose
//! text would fill any memory, and that the engine writes, compares and hashes by going through all of it. So a value is paid for as if nothing in it
//! were shared, each part and its text: where lists, maps and tuples are written out, where something is set, at operands of `+`, of comparisons
//! and of calls, and at keys. Before a template is compiled, a filter is put behind each of these that pays, and that copies lists, which the engine
//! adds and cuts without computing anything. `engine.rs` does the same to what the engine's own filters and tests are given.
//!
//! The engine also computes what is constant while it compiles, again for each expression around it and without fuel. So expressions are bounded
//! here, and no constant text is multiplied.

mod tag;

use minijinja::{Error, ErrorKind, State, Value, value::ValueKind};

use self::tag::{Tag, keyword};

/// What the filter is called.
pub(super) const FILTER: &str = "held";
/// The filter for what becomes a part of something that can be changed.
pub(super) const PART: &str = "held_part";

/// The filter: pays for the value; a list is then one of its own, anything else as it is.
pub(super) fn held(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    pay(state, &value)?;
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) || value.is_tuple() {
        return Ok(value);
    }
    Ok(value.try_iter()?.collect::<Vec<Value>>().into())
}

/// The filter, where a namespace would come to lie in another one.
pub(super) fn held_part(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    if changeable(&value) { Err(within()) } else { held(state, value) }
}

/// Pays for every part of the value and for its text, as often as it lies in it. What can be changed may not lie in it: it could come to lie in itself.
pub(super) fn pay(state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    let mut open = Vec::new();
    visit(state, value.clone(), &mut open)?;
    while let Some(value) = open.pop() {
        let map = value.kind() == ValueKind::Map;
        for part in value.try_iter()? {
            for part in [map.then(|| value.get_item(&part)).transpose()?, Some(part)].into_iter().flatten() {
                if changeable(&part) {
                    return Err(within());
                }
                visit(state, part, &mut open)?;
            }
        }
    }
    Ok(())
}

/// Pays for the value itself; it is opened later if there is something in it.
fn visit(state: &State<'_, '_>, value: Value, open: &mut Vec<Value>) -> Result<(), Error> {
    state.consume_fuel(1 + value.as_str().map_or(0, |text| text.len() as u64 / 64))?;
    if matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable | ValueKind::Map) {
        open.push(value);
    }
    Ok(())
}

/// Whether it is a namespace, the only value that can be changed.
fn changeable(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.type_name().ends_with("::Namespace"))
}

fn within() -> Error {
    Error::new(ErrorKind::InvalidOperation, "a namespace cannot lie within another value")
}

/// `source` with the filter behind all that is to be paid for, its lines where they were. `None` where an expression is too long.
pub(super) fn paid(source: &str) -> Option<String> {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = [rest.find("{{"), rest.find("{%"), rest.find("{#")].into_iter().flatten().min() {
        let (text, code) = rest.split_at(at);
        out.push_str(text);
        let length = if code.starts_with("{#") {
            code.find("#}").map_or(code.len(), |end| end + 2)
        } else if keyword(code) == "raw" {
            let mut tags = code.match_indices("{%").map(|(tag, _)| tag);
            tags.find(|tag| keyword(&code[*tag..]) == "endraw").unwrap_or(code.len())
        } else {
            rest = Tag::new(&mut out).read(code)?;
            continue;
        };
        out.push_str(&code[..length]);
        rest = &code[length..];
    }
    Some(out + rest)
}

#[cfg(test)]
mod tests {
    use super::paid;

    #[test]
    fn what_is_to_be_paid_for_is_found() {
        for (source, expected) in [
            ("a + b {# a + b #} {% raw %}{{ a + b }}{% endraw %}", None),
            ("{{ 'a + b' }}{{ \"\\\"+\" }}{{ 1e+5 }}{%+ if a +%}x{% endif %}{{+ a -}}", None),
            ("{{ a - b / -c }}", None),
            ("{{ 'x' * -c }}{{ ('x')*2**3 }}", Some("{{ 'x' |held * -c }}{{ ('x')|held *2|held **3 }}")),
            ("{{a+b}}", Some("{{(a)|held +(b)|held }}")),
            (
                "{{a + b[c+d].e|f(g) * h}}",
                Some("{{(a )|held +( b[(c)|held +(d)|held ].e|f(g|held ) |held * h)|held }}"),
            ),
            ("{%set ns.s=ns.s+ns.s%}", Some("{%set ns.s=((ns.s)|held +(ns.s)|held )|held_part %}")),
            ("{% set a, b = c, d -%}", Some("{% set a, b =( c, d )|held -%}")),
            (
                "{% set a %}{{ b }}{% endset %}{% set (a, b) = c %}",
                Some("{% set a %}{{ b }}{% endset %}{% set (a, b) =( c )|held %}"),
            ),
            ("{% with a = [b], (c, d) = e %}", Some("{% with a = [b]|held , (c, d) = e %}")),
            (
                "{% if not a+b==c and d+-e-%}",
                Some("{% if not (a)|held +(b)|held ==c |held and (d)|held +(-e)|held -%}"),
            ),
            ("{{ {'a':{'b':c+d}} }}+", Some("{{ {'a':{'b':(c)|held +(d)|held }|held } |held }}+")),
            ("{{ {a: b, 'c': d}.e }}", Some("{{ {a|held : b, 'c': d}.e |held }}")),
            (
                "{{a+b+c~d if e else f+g}}",
                Some("{{(a)|held +(b)|held +(c)|held ~d if e else (f)|held +(g)|held }}"),
            ),
            ("{%- for if_x in a.if+b if c -%}", Some("{%- for if_x in (a.if)|held +(b )|held if c -%}")),
            (
                "{% for (a, b), c in d if a in d and b not in [c] %}",
                Some("{% for (a, b), c in d if a |held in d |held and b |held not in [c] |held %}"),
            ),
            (
                "{{ [a, a][0]|f }}{{ (a, a) }}{{ (a) }}{{ [a]|f }}",
                Some("{{ [a, a][0]|held |f }}{{ (a, a) |held }}{{ (a) }}{{ [a]|held |f }}"),
            ),
            ("{{ a[b] ~ a['b'] ~ a[1:] ~ a[::-1] }}", Some("{{ a[b|held ] ~ a['b'] ~ a[1:] ~ a[::-1] }}")),
            ("{{ f(a, 'b', c=d, e=1) }}", Some("{{ f(a|held , 'b', c=d|held , e=1) }}")),
            (
                "{% macro m(a, b=[c]) %}{% call(a, b) m(c) %}{% call m(c) %}",
                Some("{% macro m(a, b=[c]|held ) %}{% call(a, b) m(c|held ) %}{% call m(c|held ) %}"),
            ),
            (
                "{{ f(a is not divisibleby 3, b is in [c], d is none) }}",
                Some("{{ f(a |held is not divisibleby 3, b |held is in [c]|held , d |held is none) }}"),
            ),
            (
                "{% if a == 'b' or none != c.d|f or -a < b - 1 %}",
                Some("{% if a |held == 'b' or none != c.d|f |held or -a |held < b |held - 1 %}"),
            ),
        ] {
            assert_eq!(paid(source).as_deref(), Some(expected.unwrap_or(source)));
        }
        for cut in [
            "{{",
            "{%",
            "{#",
            "{{ 'a",
            "{{ (",
            "{{ a +",
            "{% raw %}",
            "{{ ]]] + }}",
            "{%é",
            "{%- +",
            "{% set a = [",
            "{{ a is",
            "{{ ) == ]",
        ] {
            assert!(paid(cut).is_some());
        }
        assert_eq!(paid(&format!("{{{{ {}1 }}}}", "1 ~ ".repeat(30_000))), None);
    }
}
