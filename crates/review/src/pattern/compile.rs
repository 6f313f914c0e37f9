//! From the text of a pattern to its [`Shape`].

use heptad_core::code::{Language, Node, ParseError, parse};

use super::{
    Grammar, Names, Pattern, View,
    holes::{Hole, write_holes},
    literal::{Text, text_of},
    shape::{Group, Items, Root, Shape},
};

/// The longest pattern, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// The deepest pattern, in levels: matching needs a stack of this depth.
const MAX_DEPTH: usize = 200;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// There is nothing in it.
    #[error("the pattern is empty")]
    Empty,
    /// It would match everything.
    #[error("the pattern is only `...`, which matches everything; name what stands around it")]
    OnlyGap,
    /// It is too long or too deep.
    #[error("the pattern is too large: at most {MAX_BYTES} bytes and {MAX_DEPTH} levels")]
    TooLarge,
    /// The engine cannot match in this language.
    #[error("patterns cannot be written for {0}; they can for {supported}", supported = supported())]
    Language(Language),
    /// It is not code.
    #[error("the pattern is not {language}: line {line}, column {column}, near `{near}`")]
    Syntax {
        /// The language it was parsed as.
        language: Language,
        /// Line in the pattern, from 1.
        line: u32,
        /// Column in the pattern with its holes written out, in characters from 1.
        column: u32,
        /// The text there.
        near: String,
    },
    /// A string is partly a hole.
    #[error(
        "`{0}` is a string with a hole in it; a string is all `...`, all `$X`, or has none (use `where` for a part of it)"
    )]
    PartialString(String),
    /// The parser gave up.
    #[error("the pattern cannot be parsed: {0}")]
    Parser(#[from] ParseError),
}

fn supported() -> String {
    super::supported_languages().map(Language::name).collect::<Vec<_>>().join(", ")
}

impl Pattern {
    /// Compiles `text` for `language`; its metavariables become known in `names`.
    ///
    /// # Errors
    /// [`PatternError`] where the text is not code of that language but for its holes, or says what the engine cannot match.
    pub fn compile(language: Language, text: &str, names: &mut Names) -> Result<Self, PatternError> {
        let grammar = Grammar::of(language).ok_or(PatternError::Language(language))?;
        let text = text.trim();
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(PatternError::TooLarge);
        }
        let written = write_holes(text, grammar, names);
        // Braces at the beginning of a statement are a block; a pattern that begins with one means an object.
        if grammar.semicolons && written.starts_with('{') {
            let object = Self::parse(grammar, &format!("({written})"), names);
            if object.is_ok() {
                return object;
            }
        }
        Self::parse(grammar, &written, names)
    }

    fn parse(grammar: &'static Grammar, written: &str, names: &mut Names) -> Result<Self, PatternError> {
        let tree = parse(grammar.language, written)?;
        let view = View::new(&tree).ok_or(PatternError::Language(grammar.language))?;
        if let Some(wrong) = tree.nodes().find(|node| node.is_error() || node.is_missing()) {
            let start = wrong.span().start;
            let near = written[start.byte as usize..].chars().take(20).collect();
            let (line, column) = (start.line, start.column);
            return Err(PatternError::Syntax { language: grammar.language, line, column, near });
        }
        let mut shapes: Vec<Shape> = Vec::new();
        for (_, child) in view.children(tree.root()) {
            shapes.push(Compiler { view: &view, names }.shape(child, 0)?);
        }
        let mut words = Vec::new();
        shapes.iter().for_each(|shape| shape.words(&mut words));
        words.sort_unstable();
        words.dedup();
        if shapes.iter().all(Shape::is_gap) {
            return Err(if shapes.is_empty() { PatternError::Empty } else { PatternError::OnlyGap });
        }
        let root = match <[Shape; 1]>::try_from(shapes) {
            Ok([only]) => Root::One(only),
            Err(run) => Root::Run(run),
        };
        Ok(Self { language: grammar.language, root, words })
    }
}

struct Compiler<'c> {
    view: &'c View<'c>,
    names: &'c mut Names,
}

impl<'c> Compiler<'c> {
    fn shape(&mut self, node: Node<'c>, depth: usize) -> Result<Shape, PatternError> {
        if depth > MAX_DEPTH {
            return Err(PatternError::TooLarge);
        }
        let kept = self.view.grammar.kept.contains(&node.kind());
        match Hole::of(node.text()) {
            Some(Hole::Gap) => return Ok(Shape::Gap),
            Some(Hole::NamedGap(name)) => return Ok(Shape::NamedGap(self.names.intern(name))),
            Some(Hole::One(name)) if !kept => return Ok(Shape::Hole(self.names.intern(name))),
            _ => {}
        }
        match text_of(self.view.grammar.language, node) {
            Some(Text::Literal(literal))
                if node.kind() != "template_string" || !Hole::within(&literal.content) =>
            {
                self.literal(&literal.content)
            }
            Some(_) => self.format(node, depth),
            None => self.node(node, depth),
        }
    }

    fn literal(&mut self, content: &str) -> Result<Shape, PatternError> {
        match Hole::of(content) {
            Some(Hole::Gap) => Ok(Shape::AnyText),
            Some(Hole::One(name)) => Ok(Shape::TextHole(self.names.intern(name))),
            _ if Hole::within(content) => Err(PatternError::PartialString(content.to_owned())),
            _ => Ok(Shape::Text(content.to_owned())),
        }
    }

    fn format(&mut self, node: Node<'c>, depth: usize) -> Result<Shape, PatternError> {
        let mut parts = Vec::new();
        for (_, part) in self.view.children(node) {
            let text = part.text();
            match part.kind() {
                "string_start" | "string_end" => {}
                "string_content" | "string_fragment" => parts.push(match Hole::of(text) {
                    Some(Hole::Gap) => Shape::Gap,
                    None if !Hole::within(text) => {
                        Shape::Leaf { kind: part.kind_id(), text: text.to_owned() }
                    }
                    _ => return Err(PatternError::PartialString(text.to_owned())),
                }),
                _ => parts.push(self.shape(part, depth + 1)?),
            }
        }
        Ok(Shape::Format(parts))
    }

    fn node(&mut self, node: Node<'c>, depth: usize) -> Result<Shape, PatternError> {
        let kind = node.kind_id();
        let mut fields: Vec<(Option<&'static str>, Vec<Shape>, Vec<Shape>)> = Vec::new();
        let grammar = self.view.grammar;
        if !grammar.atoms.contains(&node.kind()) {
            let view = self.view;
            for (field, child) in view.children(node) {
                let shape = self.shape(child, depth + 1)?;
                let index = fields.iter().position(|(known, ..)| *known == field).unwrap_or_else(|| {
                    fields.push((field, Vec::new(), Vec::new()));
                    fields.len() - 1
                });
                let by_keyword = Some(child.kind()) == grammar.keyword_argument;
                let (_, plain, keyword) = &mut fields[index];
                if by_keyword { keyword.push(shape) } else { plain.push(shape) }
            }
        }
        if fields.is_empty() && !has_brackets(node) {
            return Ok(Shape::Leaf { kind, text: node.text().to_owned() });
        }
        let groups = fields.into_iter().map(|(field, plain, keyword)| Group {
            field,
            items: items(grammar, node.kind(), field, plain, keyword),
        });
        Ok(Shape::Node { kind, groups: groups.collect() })
    }
}

/// Whether an empty node is an empty list or the like, whose text may have whitespace in it, rather than a word.
fn has_brackets(node: Node<'_>) -> bool {
    !node.is_leaf()
}

fn items(
    grammar: &Grammar,
    kind: &str,
    field: Option<&'static str>,
    mut plain: Vec<Shape>,
    keyword: Vec<Shape>,
) -> Items {
    let has_gap = plain.iter().any(Shape::is_gap);
    if let Some((_, open)) = grammar.sets.iter().find(|(set, _)| *set == kind && field.is_none()) {
        plain.retain(|shape| !shape.is_gap());
        return Items::Set { items: plain, open: *open || has_gap };
    }
    if grammar.open_fields.iter().any(|(open, of)| *open == kind && Some(*of) == field) {
        plain.retain(|shape| !shape.is_gap());
        return Items::Set { items: plain, open: true };
    }
    if grammar.keyword_argument.is_some() && kind == "argument_list" {
        return Items::Call { by_place: plain, by_keyword: keyword, open: has_gap };
    }
    plain.extend(keyword);
    Items::Run(plain)
}
