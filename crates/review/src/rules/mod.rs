//! Rules: how they are written, compiled and chosen, and the ones that are built in.
//!
//! A rule file is TOML. Each `[[rule]]` has
//!
//! | key | |
//! |---|---|
//! | `id` | lower-case words joined by `-`, unique; required |
//! | `languages` | as in `["javascript", "typescript"]` (`typescript` covers TSX); required |
//! | `severity` | `note`, `warning` or `error`; required |
//! | `confidence` | `low`, `medium` or `high`; required |
//! | `message` | what was found; `$X` is replaced; required |
//! | `cwe` | as in `["CWE-78"]` |
//! | `explanation`, `remedy` | why it is bad, what to write instead |
//! | `bad`, `good` | examples of code that is and is not reported: the tests of the rule |
//! | a formula | below |
//!
//! A **formula** has exactly one of `pattern = "…"`, `any = […]` (one of these matches) and `all = […]` (each of these matches the same
//! code); and, if wanted, `not = […]` (none of these matches the same code), `inside = […]` and `not_inside = […]` (the match lies,
//! or does not lie, within a match of these), `where = { X = "regex" }` and `where_not = { X = "regex" }` (the regular expression is,
//! or is not, found in what `$X` stands for; write `^…$` for the whole). Each entry of a list is a pattern or a formula in turn:
//!
//! ```toml
//! [[rule]]
//! id = "python-requests-no-verify"
//! languages = ["python"]
//! severity = "error"
//! confidence = "high"
//! cwe = ["CWE-295"]
//! message = "`requests.$VERB` accepts any certificate"
//! pattern = "requests.$VERB(..., verify=False, ...)"
//! where = { VERB = "^(get|post|put|patch|delete|head|options|request)$" }
//! bad = ["requests.get(url, verify=False)"]
//! good = ["requests.get(url, verify=path)"]
//! ```
//!
//! A rule that cannot be used is an error that names file, line, rule and key; no rule is ever left out silently.

mod compiled;
mod error;
mod read;
mod set;

pub use self::{
    compiled::{CompiledRule, Rule},
    error::RuleError,
    read::read,
    set::{Choice, RuleSet},
};

/// The built-in packs: name and rule file.
pub const PACKS: [(&str, &str); 2] =
    [("python", include_str!("packs/python.toml")), ("javascript", include_str!("packs/javascript.toml"))];
