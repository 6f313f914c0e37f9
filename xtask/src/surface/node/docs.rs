//! From Rust's documentation to TSDoc.

use crate::surface::python::docs::plain;

/// A comment of `text`, and of the tags behind it, indented by `indent` spaces; nothing where there is neither.
pub(super) fn comment(text: &str, tags: &[String], indent: usize) -> String {
    let text = plain(text).replace("*/", "*\\/");
    let mut lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    if lines.is_empty() && tags.is_empty() {
        return String::new();
    }
    if !lines.is_empty() && !tags.is_empty() {
        lines.push("");
    }
    lines.extend(tags.iter().map(String::as_str));
    let pad = " ".repeat(indent);
    if let [line] = lines[..] {
        return format!("{pad}/** {line} */\n");
    }
    let lines = lines.iter().map(|line| format!("{pad} *{}{line}\n", if line.is_empty() { "" } else { " " }));
    format!("{pad}/**\n{}{pad} */\n", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_cannot_end_itself() {
        assert_eq!(comment("Matches `src/**/*.rs`.", &[], 2), "  /** Matches `src/**\\/*.rs`. */\n");
    }

    #[test]
    fn tags_stand_behind_the_text() {
        let tags = ["@defaultValue 10".to_owned()];
        assert_eq!(
            comment("How many [`Hit`]s.", &tags, 0),
            "/**\n * How many `Hit`s.\n *\n * @defaultValue 10\n */\n"
        );
        assert_eq!(comment("", &[], 4), "");
    }
}
