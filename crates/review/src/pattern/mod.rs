//! The engine: patterns that look like the code they match.
//!
//! A pattern is a piece of code in the language it is written for, with holes:
//!
//! | in a pattern | matches |
//! |---|---|
//! | `$X` | one expression (a statement where a statement stands); the same name again: the same code again |
//! | `...` | any number of arguments, elements, parameters or statements |
//! | `$...ARGS` | the same, and remembers them |
//! | `"..."` | any string without interpolation; `f"..."` and `` `...` ``: any string of that form |
//! | `"$X"` | the same, and remembers what is between the quotes |
//! | `f"...{$X}..."` | a string with an interpolation |
//!
//! Everything else means itself, but for what has no meaning: comments, whitespace, the form of quotes, parentheses around an
//! expression, trailing commas, `a?.b` where the pattern says `a.b`, and type annotations that the pattern leaves out. Keyword
//! arguments, dictionary keys and object members match in any order; others than those named are allowed where the pattern has a `...`.
//! An import that lists names matches one that lists more. Modifiers (`async`, `static`) must be written to be matched. A name must be
//! written as in the code: import aliases are not resolved.
//!
//! An expression matches wherever it stands. A pattern of several statements matches statements that follow each other in one block; with
//! `...` last it reaches to the end of the block. A `...` between statements does not look into nested blocks.
//!
//! Data goes one way: [`Pattern::compile`] parses the text (`holes`, `compile`), a [`View`] prepares a file's tree, `matcher`
//! finds a pattern in a view, and a [`Formula`] combines patterns with *all*, *any*, *not*, *inside* and regular expressions.

mod compile;
mod formula;
mod grammar;
mod holes;
mod literal;
mod matcher;
mod names;
mod need;
mod same;
mod shape;
mod solve;
mod view;

pub use self::{
    compile::PatternError,
    formula::{Condition, Formula, Term},
    grammar::{Grammar, supported_languages},
    matcher::{Bindings, Bound, Budget, Match},
    names::{Name, Names},
    need::{Literals, Need},
    shape::Pattern,
    view::View,
};
