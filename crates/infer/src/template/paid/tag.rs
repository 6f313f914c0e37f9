//! One tag of a template, copied with the filter that pays behind each operand that is paid for.

use super::FILTER;

/// The most words and signs of one expression or statement. Templates in use have some dozens.
const LONGEST: usize = 500;

/// What stands between operands although it is written as a name.
const WORDS: &[&str] = &["and", "or", "not", "in", "is", "if", "else", "recursive", "as"];
/// What is compared by a sign.
const COMPARISONS: &[&str] = &["==", "!=", "<=", ">=", "<", ">"];
/// Names that are no more than they are.
const CONSTANTS: &[&str] = &["true", "false", "none", "True", "False", "None"];

/// The first word of a `{% … %}`.
pub(super) fn keyword(code: &str) -> &str {
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
pub(super) struct Tag<'a> {
    out: &'a mut String,
    /// The brackets that are open, the tag itself first.
    groups: Vec<Group>,
    /// An operand has just ended.
    operand: bool,
    /// It is a text or a number that stands for itself.
    plain: bool,
    /// No sign stands before it that makes more of it.
    alone: bool,
    /// What follows belongs to what stands before.
    after_dot: bool,
    /// The name of a test follows.
    test: bool,
    /// What the block does.
    block: Block,
    /// What stands here is given a value, not read.
    target: bool,
    /// What is to be put behind the whole statement.
    closing: &'static str,
}

/// What a block does, as far as it is written in a way of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    For,
    Set,
    With,
    Macro,
    Call,
    Other,
}

/// What a bracket holds.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// An expression, or a tuple.
    #[default]
    Parenthesis,
    List,
    Map,
    /// Arguments.
    Call,
    /// Names of parameters, and what they are otherwise.
    Parameters,
    Subscript,
}

/// Within a bracket.
#[derive(Default)]
struct Group {
    kind: Kind,
    /// Where in the output the operand began.
    start: Option<usize>,
    /// It stands behind a `+`, and its parenthesis is open.
    open: bool,
    /// It is a list, a map or a tuple that is written out.
    built: bool,
    /// It is compared.
    compared: bool,
    /// All operands up to the next comma or colon are paid for.
    paid: bool,
    /// A comma stands in it.
    comma: bool,
}

impl<'a> Tag<'a> {
    pub(super) fn new(out: &'a mut String) -> Self {
        Self {
            out,
            groups: vec![Group::default()],
            operand: false,
            plain: false,
            alone: true,
            after_dot: false,
            test: false,
            block: Block::Other,
            target: false,
            closing: "",
        }
    }

    /// Copies the tag that `code` begins with; what follows it.
    pub(super) fn read<'s>(&mut self, code: &'s str) -> Option<&'s str> {
        let end = if code.starts_with("{%") { "%}" } else { "}}" };
        let inside = code[2..].strip_prefix(['-', '+']).unwrap_or(&code[2..]);
        // The word that says what a block does is no operand.
        let name = if end == "%}" { word(inside.trim_start()) } else { 0 };
        self.block = match keyword(code) {
            "for" => Block::For,
            "set" => Block::Set,
            "with" => Block::With,
            "macro" => Block::Macro,
            "call" => Block::Call,
            _ => Block::Other,
        };
        self.target = matches!(self.block, Block::For | Block::Set | Block::With);
        let head = code.len() - if name > 0 { inside.trim_start() } else { inside }.len() + name;
        self.out.push_str(&code[..head]);
        let mut rest = &code[head..];
        let mut count = 0;
        while let Some(first) = rest.chars().next() {
            let closing = rest.strip_prefix(['-', '+']).unwrap_or(rest).starts_with(end);
            if closing && self.groups.len() == 1 {
                self.boundary();
                self.out.push_str(self.closing);
                let length = rest.len() - rest.strip_prefix(['-', '+']).unwrap_or(rest).len() + end.len();
                self.out.push_str(&rest[..length]);
                return Some(&rest[length..]);
            }
            let length = match first {
                '"' | '\'' => string(rest),
                _ if first.is_alphanumeric() || first == '_' => word(rest),
                _ => COMPARISONS
                    .iter()
                    .find(|sign| rest.starts_with(**sign))
                    .map_or(first.len_utf8(), |sign| sign.len()),
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
        let inside = std::mem::take(&mut self.after_dot);
        match first {
            _ if first.is_whitespace() => self.after_dot = inside,
            '+' => return self.sum(),
            '(' | '[' | '{' => return self.bracket(token, first),
            ')' | ']' | '}' => {
                self.boundary();
                self.out.push_str(token);
                return self.close();
            }
            '.' => (self.operand, self.after_dot) = (false, true),
            '|' => {
                self.end_of_built();
                (self.operand, self.after_dot) = (false, true);
            }
            '*' | '/' | '%' => {
                if first == '*' && self.operand {
                    self.hold();
                    self.group().built = false;
                }
                self.end_of_built();
                (self.operand, self.alone) = (false, false);
            }
            '-' if !self.operand => self.begin(),
            '"' | '\'' => {
                self.begin();
                (self.operand, self.plain) = (true, self.alone);
            }
            _ if first.is_alphanumeric() || first == '_' => self.name(token, first, inside),
            _ if COMPARISONS.contains(&token) => self.comparison(),
            '=' => return self.assignment(),
            ',' | ':' => {
                self.boundary();
                self.separator(first);
            }
            _ => {
                self.boundary();
                (self.operand, self.alone) = (false, first != '-');
            }
        }
        self.out.push_str(token);
    }

    fn sum(&mut self) {
        if let Group { open: false, start: Some(start), .. } = *self.group() {
            self.out.insert(start, '(');
            self.group().open = true;
        }
        self.boundary();
        self.out.push_str("+(");
        let start = Some(self.out.len());
        let group = self.group();
        (group.start, group.open) = (start, true);
        self.operand = false;
    }

    fn bracket(&mut self, token: &str, first: char) {
        let parameters = match self.block {
            Block::Macro => self.operand,
            Block::Call => !self.operand,
            _ => false,
        };
        let kind = match (first, self.operand) {
            ('(', _) if parameters && self.groups.len() == 1 => Kind::Parameters,
            ('(', true) => Kind::Call,
            ('(', false) => Kind::Parenthesis,
            ('[', true) => Kind::Subscript,
            ('[', false) => Kind::List,
            _ => Kind::Map,
        };
        if first == '(' && self.groups.len() == 1 && matches!(self.block, Block::Macro | Block::Call) {
            self.block = Block::Other;
        }
        self.begin();
        self.out.push_str(token);
        let paid = matches!(kind, Kind::Call | Kind::Subscript | Kind::Map);
        self.groups.push(Group { kind, paid, ..Group::default() });
        (self.operand, self.alone) = (false, true);
    }

    /// What follows the end of a bracket's last operand.
    fn close(&mut self) {
        if self.groups.len() > 1
            && let Some(Group { kind, comma, .. }) = self.groups.pop()
        {
            let tuple = kind == Kind::Parenthesis && comma && !self.target;
            self.group().built |= tuple || matches!(kind, Kind::List | Kind::Map);
        }
        (self.operand, self.plain) = (true, false);
    }

    fn name(&mut self, token: &str, first: char, inside: bool) {
        if self.test && token != "not" {
            self.test = false;
            return;
        }
        let joins = !inside && WORDS.contains(&token);
        self.test |= joins && token == "is";
        if joins && token == "in" && self.target && self.groups.len() == 1 {
            self.target = false;
            self.boundary();
        } else if joins && (token == "in" || token == "not" && self.operand) {
            self.comparison();
        } else if joins || self.operand {
            self.boundary();
        }
        if !joins {
            self.begin();
        }
        self.plain = self.alone && !inside && (first.is_ascii_digit() || CONSTANTS.contains(&token));
        self.operand = !joins;
    }

    /// What stands before is compared with what follows.
    fn comparison(&mut self) {
        self.group().compared = true;
        self.boundary();
        self.group().compared = true;
        self.operand = false;
    }

    /// What stands before is the name of what follows.
    fn assignment(&mut self) {
        self.operand = false;
        self.boundary();
        self.out.push('=');
        if self.groups.len() > 1 || !self.target {
            return;
        }
        self.target = false;
        if self.block == Block::Set {
            let dotted = self.out.rfind("{%").is_some_and(|tag| self.out[tag..].contains('.'));
            self.closing = if dotted { ")|held_part " } else { ")|held " };
            self.out.push('(');
        }
    }

    fn separator(&mut self, sign: char) {
        self.target |= self.block == Block::With && self.groups.len() == 1;
        self.operand = false;
        let group = self.group();
        group.comma |= sign == ',';
        group.paid = match group.kind {
            Kind::Call | Kind::Subscript => true,
            Kind::Map => sign == ',',
            Kind::Parenthesis | Kind::List | Kind::Parameters => false,
        };
    }

    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    /// An operand begins here, unless one has begun.
    fn begin(&mut self) {
        let at = self.out.len();
        self.group().start.get_or_insert(at);
    }

    /// The operand ends here.
    fn boundary(&mut self) {
        let whole = self.operand && !self.plain;
        let group = self.group();
        group.start = None;
        let built = std::mem::take(&mut group.built);
        let counts = built | std::mem::take(&mut group.compared) | group.paid;
        if std::mem::take(&mut group.open) {
            self.out.push(')');
            self.hold();
        } else if counts && whole {
            self.hold();
        }
        self.alone = true;
    }

    /// What was written out ends here, though the operand goes on.
    fn end_of_built(&mut self) {
        if std::mem::take(&mut self.group().built) {
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
