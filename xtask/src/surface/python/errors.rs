//! The exceptions: one for each kind of error, under one base, and under the built-in one that says the same where there is one.

use std::fmt::Write as _;

use super::docs::docstring;
use crate::surface::{Documented, Surface, definitions::pascal};

const BASE: &str = include_str!("errors_base.py");
const BASE_STUB: &str = include_str!("errors_base.pyi");

/// The built-in exception that says the same.
fn builtin(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "invalid_input" => "ValueError",
        "not_found" => "KeyError",
        "permission_denied" | "unauthenticated" => "PermissionError",
        "unsupported" => "NotImplementedError",
        "timeout" => "TimeoutError",
        "unavailable" => "ConnectionError",
        "internal" => "RuntimeError",
        _ => return None,
    })
}

fn class(error: &Documented) -> String {
    format!("{}Error", pascal(&error.name))
}

fn bases(error: &Documented) -> String {
    builtin(&error.name)
        .map_or_else(|| "HeptadError".into(), |builtin| format!("HeptadError, builtins.{builtin}"))
}

fn names(surface: &Surface) -> String {
    let names = surface.errors.iter().map(|error| format!("    \"{}\",\n", class(error)));
    format!("__all__ = [\n    \"HeptadError\",\n{}    \"BY_KIND\",\n]\n", names.collect::<String>())
}

pub(super) fn module(surface: &Surface) -> String {
    let mut text = BASE.replace("__ALL__\n", &names(surface));
    for error in &surface.errors {
        let doc = docstring(&error.doc, &[], 4);
        let _ = write!(
            text,
            "\n\nclass {}({}):\n{doc}\n    kind = \"{}\"\n",
            class(error),
            bases(error),
            error.name
        );
    }
    text.push_str("\n\n#: The exception of each kind of error.\nBY_KIND = {\n");
    for error in &surface.errors {
        let _ = writeln!(text, "    \"{}\": {},", error.name, class(error));
    }
    text + "}\n"
}

pub(super) fn stub(surface: &Surface) -> String {
    let mut text = BASE_STUB.replace("__ALL__\n", &names(surface));
    for error in &surface.errors {
        let _ = write!(text, "\nclass {}({}): ...\n", class(error), bases(error));
    }
    text + "\nBY_KIND: Final[dict[str, type[HeptadError]]]\n"
}
