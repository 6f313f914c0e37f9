//! From Rust's documentation to docstrings in the style of numpy.

/// A docstring of `text` and its sections, indented by `indent` spaces.
pub(super) fn docstring(text: &str, sections: &[Section], indent: usize) -> String {
    let mut lines: Vec<String> = plain(text).lines().map(str::to_owned).collect();
    for section in sections.iter().filter(|section| !section.entries.is_empty()) {
        lines.extend([String::new(), section.title.to_owned(), "-".repeat(section.title.len())]);
        for (name, doc) in &section.entries {
            lines.push(name.clone());
            lines.extend(plain(doc).lines().map(|line| format!("    {line}").trim_end().to_owned()));
        }
    }
    let text = lines.join("\n");
    let text = text.trim().replace("\"\"\"", "'''");
    let raw = if text.contains('\\') { "r" } else { "" };
    let end = if text.contains('\n') {
        "\n"
    } else if text.ends_with('"') {
        " "
    } else {
        ""
    };
    let whole = format!("{raw}\"\"\"{text}{end}\"\"\"");
    let pad = " ".repeat(indent);
    let indented = |line: &str| if line.is_empty() { String::new() } else { format!("{pad}{line}") };
    whole.lines().map(indented).collect::<Vec<_>>().join("\n") + "\n"
}

/// Names and what they are.
pub(super) struct Section {
    /// As numpy calls it: `Parameters`, `Returns`.
    pub(super) title: &'static str,
    /// `name : type` and its documentation.
    pub(super) entries: Vec<(String, String)>,
}

/// Markdown without Rust's links: ``[`Finish`](Self::Finish)`` is `Finish`.
pub(in crate::surface) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find("[`") {
        let (before, link) = rest.split_at(begin);
        out.push_str(before);
        let Some(end) = link.find("`]") else {
            rest = link;
            break;
        };
        out.push_str(&link[1..=end]);
        rest = &link[end + 2..];
        if let Some(target) = rest.strip_prefix('(')
            && let Some(end) = target.find(')')
        {
            rest = &target[end + 1..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_names() {
        assert_eq!(plain("See [`Finish`](Self::Finish) and [`Start`]."), "See `Finish` and `Start`.");
        assert_eq!(plain("[a](b) and [`open"), "[a](b) and [`open");
    }

    #[test]
    fn a_docstring_has_sections() {
        let parameters =
            Section { title: "Parameters", entries: vec![("path : str".into(), "Where \\n ends.".into())] };
        let expected = "    r\"\"\"Scans.\n\n    Parameters\n    ----------\n    path : str\n        Where \\n ends.\n    \"\"\"\n";
        assert_eq!(docstring("Scans.", &[parameters], 4), expected);
    }
}
