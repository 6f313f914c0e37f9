//! Which language a file is written in.

use std::path::Path;

use super::{Language, TABLE};

/// How much of a file decides about it.
const HEAD: usize = 8 << 10;

/// Whether content is not text: it has a NUL among its first 8 KiB. UTF-16 is not text either, as offsets into it are no use to anyone.
pub fn is_binary(content: &[u8]) -> bool {
    content[..content.len().min(HEAD)].contains(&0)
}

pub(super) fn detect(path: &Path, head: &[u8]) -> Option<Language> {
    let head = &head[..head.len().min(HEAD)];
    if is_binary(head) {
        return None;
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if let Some(row) =
        TABLE.iter().find(|row| row.file_names.iter().any(|pattern| matches_name(pattern, name)))
    {
        return Some(row.language);
    }
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => by_extension(&extension.to_ascii_lowercase(), head),
        _ => by_shebang(head),
    }
}

fn matches_name(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(stem) => name.len() > stem.len() && name.starts_with(stem),
        None => pattern == name,
    }
}

fn by_extension(extension: &str, head: &[u8]) -> Option<Language> {
    let Some(row) = TABLE.iter().find(|row| row.extensions.contains(&extension)) else {
        return by_shebang(head);
    };
    let head = String::from_utf8_lossy(head);
    match extension {
        "h" if is_objective_c(&head) => None,
        "h" if is_cpp(&head) => Some(Language::Cpp),
        // Translations of Qt are XML files called `.ts`; RenderScript and XML schemas are called `.rs`.
        "ts" | "rs" if is_markup(&head) => None,
        "rs" if head.contains("#pragma version") => None,
        _ => Some(row.language),
    }
}

fn is_markup(head: &str) -> bool {
    let head = head.trim_start_matches('\u{FEFF}').trim_start();
    ["<?xml", "<!DOCTYPE", "<TS"].iter().any(|start| head.starts_with(start))
}

fn is_objective_c(head: &str) -> bool {
    head.lines().map(str::trim_start).any(|line| {
        ["@interface", "@protocol", "@class", "@import", "#import"]
            .iter()
            .any(|start| line.starts_with(start))
    })
}

/// Whether a header is C++: it has a line that is none in C. What stands under `#ifdef __cplusplus` is for both, so `extern "C"` says nothing.
fn is_cpp(head: &str) -> bool {
    let starts = [
        "class ",
        "namespace ",
        "template<",
        "template <",
        "using ",
        "public:",
        "private:",
        "protected:",
        "constexpr ",
    ];
    head.lines().map(str::trim_start).any(|line| {
        starts.iter().any(|start| line.starts_with(start))
            || line.contains("std::")
            || line.strip_prefix("#include <").is_some_and(|rest| !rest.contains('.'))
    })
}

/// The language of the program that a `#!` line names, also behind `env` and with a version (`python3.12`).
fn by_shebang(head: &[u8]) -> Option<Language> {
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let program = words.find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))?;
    let program = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    TABLE.iter().find(|row| row.interpreters.contains(&program)).map(|row| row.language)
}
