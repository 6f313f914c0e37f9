//! Texts that a grammar's scanner cannot bear, refused before it sees them.
//!
//! tree-sitter gives an external scanner 1,024 bytes to save its state in after each token. A scanner that writes more, or reads back
//! what it did not write, ends the process by an `assert` in C, in release builds too: neither the driver nor the grammars are built
//! with `NDEBUG`, and their build scripts take no option for it from here. So each scanner was read for what its state can grow to:
//!
//! | grammar | state | what holds it |
//! |---|---|---|
//! | bash, hcl, html, php | here-documents, templates, open tags | each checks the room before it writes |
//! | c#, scala | interpolations, indentations | save nothing where there are too many |
//! | c++, rust, swift, dockerfile | a delimiter, a count, ten here-documents | fixed size |
//! | css, javascript, typescript | none | |
//! | c, go, java, json | no scanner | |
//! | python | indentations, open strings | [`python`] |
//! | yaml | block collections | [`yaml`] |
//! | kotlin | strings within strings | [`kotlin`] |
//! | ruby | literals, here-documents | [`ruby`] |
//!
//! The versions read are those of `Cargo.lock`; a new one is to be read again. The checks for Python and Kotlin follow from the scanners'
//! rules and hold for every text. Those for YAML and Ruby hold for what parses without errors; behind a syntax error the Ruby scanner can
//! heap up what a check of the text does not see, for which no exact bound is known that real files would pass.

mod kotlin;
mod python;
mod ruby;
mod yaml;

use super::{language::Language, parse::ParseError};

pub(super) fn check(language: Language, source: &str) -> Result<(), ParseError> {
    match language {
        Language::Kotlin => kotlin::check(source),
        Language::Python => python::check(source),
        Language::Ruby => ruby::check(source),
        Language::Yaml => yaml::check(source),
        _ => Ok(()),
    }
}
