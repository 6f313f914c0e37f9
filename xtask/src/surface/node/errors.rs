//! The errors: a class for each kind, under one base.

use std::fmt::Write as _;

use super::docs::comment;
use crate::surface::{Documented, Surface, definitions::pascal};

pub(super) fn class(error: &Documented) -> String {
    format!("{}Error", pascal(&error.name))
}

pub(super) fn script(surface: &Surface) -> String {
    surface.errors.iter().fold(String::new(), |mut text, error| {
        let _ = writeln!(text, "const {0} = kind(\"{1}\", \"{0}\");", class(error), error.name);
        text
    })
}

/// What an error is made of.
const MADE: &str = "constructor(message: string, told?: { operation?: string; context?: { readonly [name: string]: string }; \
                    retryAfter?: number; cause?: unknown });";

pub(super) fn declarations(surface: &Surface) -> String {
    let codes = surface.errors.iter().map(|error| format!("\n  | \"{}\"", error.name)).collect::<String>();
    let mut text = format!(
        "/** The kinds of errors. */\nexport type ErrorCode ={codes};\n\n\
         /** What every error of Heptad is. */\nexport class HeptadError extends Error {{\n  {MADE}\n\
         \x20 /** Its kind. */\n  readonly code: ErrorCode;\n\
         \x20 /** The operation that failed, as in `review.scan`. */\n  readonly operation: string | undefined;\n\
         \x20 /** Facts about it, by name. */\n  readonly context: {{ readonly [name: string]: string }};\n\
         \x20 /** After how many seconds it may be tried again; `undefined` where that does not help. */\n\
         \x20 readonly retryAfter: number | undefined;\n}}\n"
    );
    for error in &surface.errors {
        let _ = write!(
            text,
            "\n{}export class {} extends HeptadError {{\n  readonly code: \"{}\";\n}}\n",
            comment(&error.doc, &[], 0),
            class(error),
            error.name
        );
    }
    text
}
