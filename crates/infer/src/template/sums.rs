//! Sums that are paid for.
//!
//! The engine adds lists without computing anything, and copies them all once enough of such sums lie in each other, without asking for fuel:
//! forty times `s = s + s` would fill the memory. Before a template is compiled, each operand of `+` is put through a filter that copies lists
//! at once and pays for each item.
//!
//! The engine also computes what is constant while it compiles, again for each expression around it and without fuel. So expressions are bounded
//! here, and no constant text is multiplied.

use minijinja::{Error, State, Value, value::ValueKind};

/// What the filter is called.
pub(super) const FILTER: &str = "held";

/// The most words and signs of one expression or statement. Templates in use have some dozens.
const LONGEST: usize = 500;

/// What stands between operands although it is written as a name.
const WORDS: &[&str] = &["and", "or", "not", "in", "is", "if", "else", "recursive", "as"];

/// The filter: a list as one of its own, anything else as it is.
pub(super) fn held(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) || value.is_tuple() {
        return Ok(value);
    }
    let mut items = Vec::new();
    for item in value.try_iter()? {
        state.consume_fuel(1)?;
        items.push(item);
    }
    Ok(items.into())
}

/// `source` with the filter behind every operand of `+`, its lines where they were. `None` where an expression is too long.
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

/// The first word of a `{% … %}`.
fn keyword(code: &str) -> &str {
    let Some(inside) = code.strip_prefix("{%") else { return "" };
    let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside).trim_start();
    &inside[..word(inside)]
}

/// How many bytes of `code` are a name or a number.
fn word(code: &str) -> usize {
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len());
    let number = code.starts_with(|c: char| c.is_ascii_digit()) && code[..end].ends_with(['e', 'E']);
    match code[end..].strip_prefix(['+', '-']) {
        Some(power) if number && power.starts_with(|c: char| c.is_ascii_digit()) => {
            end + 1 + power.find(|c: char| !c.is_ascii_digit()).unwrap_or(power.len())
        }
        _ => end,
    }
}

/// One `{{ … }}` or `{% … %}` while it is copied.
struct Tag<'a> {
    out: &'a mut String,
    /// The brackets that are open, the tag itself first.
    groups: Vec<Group>,
    /// An operand has just ended.
    operand: bool,
    /// What follows belongs to what stands before.
    after_dot: bool,
}

/// Within a bracket.
#[derive(Default)]
struct Group {
    /// Where in the output the operand began.
    start: Option<usize>,
    /// It stands behind a `+`, and its parenthesis is open.
    open: bool,
}

impl<'a> Tag<'a> {
    fn new(out: &'a mut String) -> Self {
        Self { out, groups: vec![Group::default()], operand: false, after_dot: false }
    }

    /// Copies the tag that `code` begins with; what follows it.
    fn read<'s>(&mut self, code: &'s str) -> Option<&'s str> {
        let end = if code.starts_with("{%") { "%}" } else { "}}" };
        let inside = code[2..].strip_prefix(['-', '+']).unwrap_or(&code[2..]);
        // The word that says what a block does is no operand.
        let name = if end == "%}" { word(inside.trim_start()) } else { 0 };
        let head = code.len() - if name > 0 { inside.trim_start() } else { inside }.len() + name;
        self.out.push_str(&code[..head]);
        let mut rest = &code[head..];
        let mut count = 0;
        while let Some(first) = rest.chars().next() {
            let closing = rest.strip_prefix(['-', '+']).unwrap_or(rest).starts_with(end);
            if closing && self.groups.len() == 1 {
                self.boundary();
                let length = rest.len() - rest.strip_prefix(['-', '+']).unwrap_or(rest).len() + end.len();
                self.out.push_str(&rest[..length]);
                return Some(&rest[length..]);
            }
            let length = match first {
                '"' | '\'' => string(rest),
                _ if first.is_alphanumeric() || first == '_' => word(rest),
                _ => first.len_utf8(),
            };
            let (token, after) = rest.split_at(length);
            self.token(token, first);
            count += usize::from(!first.is_whitespace());
            if count > LONGEST {
                return None;
            }
            rest = after;
        }
        Some(rest)
    }

    fn token(&mut self, token: &str, first: char) {
        let group = self.groups.len() - 1;
        let inside = std::mem::take(&mut self.after_dot);
        match first {
            _ if first.is_whitespace() => self.after_dot = inside,
            '+' => {
                if let (false, Some(start)) = (self.groups[group].open, self.groups[group].start) {
                    self.out.insert(start, '(');
                    self.groups[group].open = true;
                }
                self.boundary();
                self.out.push_str("+(");
                self.groups[group] = Group { start: Some(self.out.len()), open: true };
                self.operand = false;
                return;
            }
            '(' | '[' | '{' => {
                self.begin();
                self.out.push_str(token);
                self.groups.push(Group::default());
                self.operand = false;
                return;
            }
            ')' | ']' | '}' => {
                self.boundary();
                if group > 0 {
                    self.groups.pop();
                }
                self.operand = true;
            }
            '.' | '|' => (self.operand, self.after_dot) = (false, true),
            '*' | '/' | '%' => {
                if first == '*' && self.operand {
                    self.hold();
                }
                self.operand = false;
            }
            '-' if !self.operand => self.begin(),
            '"' | '\'' => {
                self.begin();
                self.operand = true;
            }
            _ if first.is_alphanumeric() || first == '_' => {
                let joins = !inside && WORDS.contains(&token);
                if joins || self.operand {
                    self.boundary();
                }
                if !joins {
                    self.begin();
                }
                self.operand = !joins;
            }
            _ => {
                self.boundary();
                self.operand = false;
            }
        }
        self.out.push_str(token);
    }

    /// An operand begins here, unless one has begun.
    fn begin(&mut self) {
        let at = self.out.len();
        if let Some(group) = self.groups.last_mut() {
            group.start.get_or_insert(at);
        }
    }

    /// The operand ends here.
    fn boundary(&mut self) {
        if self.groups.last_mut().is_some_and(|group| std::mem::take(group).open) {
            self.out.push(')');
            self.hold();
        }
    }

    /// The filter, for what stands before.
    fn hold(&mut self) {
        self.out.push('|');
        self.out.push_str(FILTER);
        self.out.push(' ');
    }
}

/// The length of the string that `code` begins with.
fn string(code: &str) -> usize {
    let quote = code.as_bytes()[0];
    let mut escaped = false;
    for (at, byte) in code.bytes().enumerate().skip(1) {
        if byte == quote && !escaped {
            return at + 1;
        }
        escaped = byte == b'\\' && !escaped;
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::paid;

    #[test]
    fn operands_of_sums_are_found() {
        for (source, expected) in [
            ("a + b {# a + b #} {% raw %}{{ a + b }}{% endraw %}", None),
            ("{{ 'a + b' }}{{ \"\\\"+\" }}{{ 1e+5 }}{%+ if a +%}x{% endif %}{{+ a -}}", None),
            ("{{ a - b / -c }}", None),
            ("{{ 'x' * -c }}{{ ('x')*2**3 }}", Some("{{ 'x' |held * -c }}{{ ('x')|held *2|held **3 }}")),
            ("{{a+b}}", Some("{{(a)|held +(b)|held }}")),
            (
                "{{a + b[c+d].e|f(g) * h}}",
                Some("{{(a )|held +( b[(c)|held +(d)|held ].e|f(g) |held * h)|held }}"),
            ),
            ("{%set ns.s=ns.s+ns.s%}", Some("{%set ns.s=(ns.s)|held +(ns.s)|held %}")),
            (
                "{% if not a+b==c and d+-e-%}",
                Some("{% if not (a)|held +(b)|held ==c and (d)|held +(-e)|held -%}"),
            ),
            ("{{ {'a':{'b':c+d}} }}+", Some("{{ {'a':{'b':(c)|held +(d)|held }} }}+")),
            (
                "{{a+b+c~d if e else f+g}}",
                Some("{{(a)|held +(b)|held +(c)|held ~d if e else (f)|held +(g)|held }}"),
            ),
            ("{%- for if_x in a.if+b if c -%}", Some("{%- for if_x in (a.if)|held +(b )|held if c -%}")),
        ] {
            assert_eq!(paid(source).as_deref(), Some(expected.unwrap_or(source)));
        }
        for cut in ["{{", "{%", "{#", "{{ 'a", "{{ (", "{{ a +", "{% raw %}", "{{ ]]] + }}", "{%é", "{%- +"]
        {
            assert!(paid(cut).is_some());
        }
        assert_eq!(paid(&format!("{{{{ {}1 }}}}", "1 ~ ".repeat(30_000))), None);
    }
}
