//! What a file says: the paths it mentions, the methods and macros it calls, its `unsafe`, its lint levels.
//!
//! `syn` gives the structure (imports, which parts are tests); the token trees give the rest, so that code inside a macro's
//! arguments counts as well.

use std::{collections::BTreeSet, ops::Range};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{
    Attribute, ImplItemFn, ItemFn, ItemImpl, ItemMod, ItemUse, Signature, spanned::Spanned, visit::Visit,
};

use super::names::{Import, Names};
use crate::Result;

/// A path in the code, spelt out as far as the file's imports tell: `std::time::Instant::now`.
#[derive(Clone, Debug)]
pub struct Mention {
    /// The path. A macro's ends in `!`.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// In test code.
    pub test: bool,
}

impl Mention {
    /// Whether this is `prefix` or something below it.
    pub fn is_under(&self, prefix: &str) -> bool {
        self.path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }
}

/// A method call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method's name.
    pub method: String,
    /// Its arguments as tokens; a lone string literal keeps its quotes.
    pub arguments: String,
    /// Line, from 1.
    pub line: usize,
    /// In test code.
    pub test: bool,
}

/// An `#[allow(…)]` or `#[expect(…)]`.
#[derive(Clone, Debug)]
pub struct Level {
    /// `allow` or `expect`.
    pub level: String,
    /// Written with `#!`: it speaks for a whole module or crate.
    pub inner: bool,
    /// The arguments as tokens, lints and reason.
    pub arguments: String,
    /// Line, from 1.
    pub line: usize,
}

/// All facts of one file.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Paths, macros included.
    pub mentions: Vec<Mention>,
    /// Method calls.
    pub calls: Vec<Call>,
    /// `unsafe` in any form.
    pub unsafety: Vec<usize>,
    /// Lint levels turned down.
    pub levels: Vec<Level>,
    /// Names of the functions and methods that are written here.
    pub functions: BTreeSet<String>,
    /// Names of `#[cfg(test)] mod name;`.
    pub test_modules: Vec<String>,
    /// Where tests stand, in bytes.
    pub tests: Vec<Range<usize>>,
    /// Where string, byte and character literals stand: not code, not comment.
    pub literals: Vec<Range<usize>>,
}

impl Facts {
    /// Reads one file.
    ///
    /// # Errors
    /// When it is not Rust.
    pub fn read(text: &str) -> Result<Facts> {
        let parse = |e: &dyn std::fmt::Display| format!("not Rust: {e}");
        let file = syn::parse_file(text).map_err(|e| parse(&e))?;
        let mut structure = Structure::default();
        structure.visit_file(&file);
        let mut reader = Reader { text, facts: Facts::default(), structure };
        for import in std::mem::take(&mut reader.structure.imports) {
            reader.mention(import.path, import.line, import.offset, false);
        }
        let tokens: TokenStream = text.parse().map_err(|e| parse(&e))?;
        reader.stream(tokens);
        reader.facts.test_modules = reader.structure.test_modules;
        reader.facts.functions = reader.structure.functions;
        reader.facts.tests = reader.structure.tests;
        Ok(reader.facts)
    }
}

/// The imports of a file and the byte ranges that need care.
#[derive(Default)]
struct Structure {
    names: Names,
    imports: Vec<Import>,
    uses: Vec<Range<usize>>,
    tests: Vec<Range<usize>>,
    test_modules: Vec<String>,
    functions: BTreeSet<String>,
}

impl Structure {
    fn note_test(&mut self, attributes: &[Attribute], item: &dyn Bytes) {
        if attributes.iter().any(is_test) {
            self.tests.push(item.bytes());
        }
    }
}

impl<'a> Visit<'a> for Structure {
    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.uses.push(item.bytes());
        self.note_test(&item.attrs, item);
        self.imports.extend(self.names.add(item));
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        self.note_test(&item.attrs, item);
        if item.content.is_none() && item.attrs.iter().any(is_test) {
            self.test_modules.push(item.ident.to_string());
        }
        syn::visit::visit_item_mod(self, item);
    }

    fn visit_item_fn(&mut self, item: &'a ItemFn) {
        self.note_test(&item.attrs, item);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_signature(&mut self, signature: &'a Signature) {
        self.functions.insert(signature.ident.to_string());
        syn::visit::visit_signature(self, signature);
    }

    fn visit_item_impl(&mut self, item: &'a ItemImpl) {
        self.note_test(&item.attrs, item);
        syn::visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'a ImplItemFn) {
        self.note_test(&item.attrs, item);
        syn::visit::visit_impl_item_fn(self, item);
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`; not `#[cfg(not(test))]`.
fn is_test(attribute: &Attribute) -> bool {
    if attribute.path().segments.last().is_some_and(|last| last.ident == "test") {
        return true;
    }
    attribute.path().is_ident("cfg")
        && attribute.meta.require_list().is_ok_and(|list| {
            let words = list.tokens.to_string();
            words == "test"
                || (words.starts_with("all")
                    && words.split(|c: char| !c.is_alphanumeric()).any(|w| w == "test")
                    && !words.contains("not"))
        })
}

/// The byte range of anything with a span.
trait Bytes {
    fn bytes(&self) -> Range<usize>;
}

impl<T: Spanned> Bytes for T {
    fn bytes(&self) -> Range<usize> {
        self.span().byte_range()
    }
}

/// Walks the token trees.
struct Reader<'t> {
    text: &'t str,
    facts: Facts,
    structure: Structure,
}

impl Reader<'_> {
    fn stream(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at += self.step(&tokens, at);
        }
    }

    /// Reads what begins at `at`; returns how many tokens it took.
    fn step(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        match &tokens[at] {
            TokenTree::Literal(literal) => {
                let range = literal.span().byte_range();
                // A doc comment is a literal too, but one whose text begins with a slash.
                if self.text.get(range.clone()).is_some_and(|t| !t.starts_with('/')) {
                    self.facts.literals.push(range);
                }
                1
            }
            TokenTree::Group(group) => {
                self.stream(group.stream());
                1
            }
            TokenTree::Punct(punct) if punct.as_char() == '#' => self.attribute(tokens, at),
            TokenTree::Punct(punct) if punct.as_char() == '.' => self.call(tokens, at),
            TokenTree::Punct(_) => 1,
            TokenTree::Ident(ident) if ident == "unsafe" => {
                if !self.in_test(ident.span().byte_range().start) {
                    self.facts.unsafety.push(ident.span().start().line);
                }
                1
            }
            TokenTree::Ident(_) => self.path(tokens, at),
        }
    }

    /// `#[allow(…)]`, `#![expect(…)]`; other attributes are read as the tokens they are.
    fn attribute(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let inner =
            usize::from(matches!(tokens.get(at + 1), Some(TokenTree::Punct(p)) if p.as_char() == '!'));
        if let Some(TokenTree::Group(group)) = tokens.get(at + 1 + inner)
            && group.delimiter() == Delimiter::Bracket
        {
            let parts: Vec<TokenTree> = group.stream().into_iter().collect();
            if let [TokenTree::Ident(level), TokenTree::Group(arguments)] = parts.as_slice()
                && (level == "allow" || level == "expect")
            {
                let line = level.span().start().line;
                self.facts.levels.push(Level {
                    level: level.to_string(),
                    inner: inner == 1,
                    arguments: arguments.stream().to_string(),
                    line,
                });
            }
        }
        1
    }

    /// `.method(…)` and `.method::<T>(…)`.
    fn call(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let Some(TokenTree::Ident(method)) = tokens.get(at + 1) else { return 1 };
        let arguments = tokens[at + 2..]
            .iter()
            .take_while(|t| !matches!(t, TokenTree::Punct(p) if ";,.=".contains(p.as_char())));
        let group = arguments.clone().find_map(|t| match t {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group),
            _ => None,
        });
        let adjacent = matches!(tokens.get(at + 2), Some(TokenTree::Group(_)))
            || matches!(tokens.get(at + 2), Some(TokenTree::Punct(p)) if p.as_char() == ':');
        if let (Some(group), true) = (group, adjacent) {
            let (line, offset) = (method.span().start().line, method.span().byte_range().start);
            let test = self.in_test(offset);
            self.facts.calls.push(Call {
                method: method.to_string(),
                arguments: group.stream().to_string(),
                line,
                test,
            });
        }
        2
    }

    /// `a::b::c`, `::a::b`, `a!`.
    fn path(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let TokenTree::Ident(first) = &tokens[at] else { return 1 };
        let (mut path, mut next) = (vec![first.to_string()], at + 1);
        while let (Some(TokenTree::Punct(a)), Some(TokenTree::Punct(b)), Some(TokenTree::Ident(name))) =
            (tokens.get(next), tokens.get(next + 1), tokens.get(next + 2))
            && a.as_char() == ':'
            && b.as_char() == ':'
        {
            path.push(name.to_string());
            next += 3;
        }
        let makes_macro = matches!(tokens.get(next), Some(TokenTree::Punct(p)) if p.as_char() == '!')
            && matches!(tokens.get(next + 1), Some(TokenTree::Group(_)));
        let offset = first.span().byte_range().start;
        if !self.structure.uses.iter().any(|range| range.contains(&offset)) {
            self.mention(path, first.span().start().line, offset, makes_macro);
        }
        next - at
    }

    fn mention(&mut self, path: Vec<String>, line: usize, offset: usize, makes_macro: bool) {
        let mut path = self.structure.names.resolve(path).join("::");
        if makes_macro {
            path.push('!');
        }
        let test = self.in_test(offset);
        self.facts.mentions.push(Mention { path, line, test });
    }

    fn in_test(&self, offset: usize) -> bool {
        self.structure.tests.iter().any(|range| range.contains(&offset))
    }
}
