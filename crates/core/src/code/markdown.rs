//! Markdown, split into sections at its headings: for the search index and for outlines. Not a parser of Markdown.
//!
//! Headings are those of CommonMark 0.31 §4.2 (ATX) and §4.3 (setext); what stands in fenced code, in HTML comments and in front matter is
//! no heading.

use std::ops::Range;

use super::lines::lines;

/// A heading and the text under it, up to the next heading of any level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// 1 to 6; 0 for the text before the first heading.
    pub level: u8,
    /// The heading without its marks; empty for the text before the first one.
    pub title: String,
    /// The titles of the sections it stands in, outermost first.
    pub path: Vec<String>,
    /// The line of its heading, from 1.
    pub line: u32,
    /// All of it, heading included, in bytes. The sections of a text follow each other without gaps.
    pub range: Range<u32>,
    /// What is under the heading, in bytes.
    pub body: Range<u32>,
}

/// The sections of a text of less than 4 GiB, in order. Text before the first heading is a section where it is not blank.
pub fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut reader = Reader::default();
    let mut open: Vec<(u8, String)> = Vec::new();
    let mut starts: Vec<u32> = Vec::new();
    let mut end = 0;
    for (number, line) in lines(text).enumerate() {
        starts.push(end);
        end += line.len() as u32;
        if let Some(Heading { level, title, above }) = reader.read(line, number == 0) {
            // A setext heading began with the lines above its underline.
            let first = number - above;
            open.retain(|(outer, _)| *outer < level);
            sections.push(Section {
                level,
                path: open.iter().map(|(_, title)| title.clone()).collect(),
                title: title.clone(),
                line: first as u32 + 1,
                range: starts[first]..0,
                body: end..0,
            });
            open.push((level, title));
        }
    }
    let mut end = text.len() as u32;
    for section in sections.iter_mut().rev() {
        (section.range.end, section.body.end) = (end, end);
        end = section.range.start;
    }
    if !text[..end as usize].trim().is_empty() {
        let preamble = Section {
            level: 0,
            title: String::new(),
            path: Vec::new(),
            line: 1,
            range: 0..end,
            body: 0..end,
        };
        sections.insert(0, preamble);
    } else if let Some(first) = sections.first_mut() {
        first.range.start = 0;
    }
    sections
}

struct Heading {
    level: u8,
    title: String,
    /// Lines of the title above the line that made it a heading.
    above: usize,
}

/// What the lines so far have opened.
#[derive(Default)]
struct Reader {
    /// The mark and length of the code fence that is open.
    fence: Option<(char, usize)>,
    in_comment: bool,
    in_front_matter: bool,
    /// The lines of the paragraph that is open, which an underline would make a heading.
    paragraph: Vec<String>,
}

impl Reader {
    fn read(&mut self, line: &str, is_first: bool) -> Option<Heading> {
        let line = line.trim_end_matches(['\n', '\r']);
        let line = if is_first { line.trim_start_matches('\u{FEFF}') } else { line };
        if self.skips(line, is_first) {
            self.paragraph.clear();
            return None;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        let text = line.trim();
        if indent > 3 && self.paragraph.is_empty() || text.is_empty() {
            self.paragraph.clear();
            return None;
        }
        if indent <= 3 {
            if let Some(heading) = atx(text) {
                self.paragraph.clear();
                return Some(heading);
            }
            if let Some(level) = underline(text).filter(|_| !self.paragraph.is_empty()) {
                let lines = std::mem::take(&mut self.paragraph);
                return Some(Heading { level, title: lines.join(" "), above: lines.len() });
            }
            if interrupts(text) {
                self.paragraph.clear();
                return None;
            }
        }
        self.paragraph.push(text.to_owned());
        None
    }

    /// Whether the line belongs to code, a comment or front matter.
    fn skips(&mut self, line: &str, is_first: bool) -> bool {
        let text = line.trim();
        if self.in_front_matter {
            self.in_front_matter = !matches!(text, "---" | "...");
            return true;
        }
        if let Some((mark, length)) = self.fence {
            let closes = text.chars().all(|c| c == mark) && text.chars().count() >= length;
            if closes && indented_little(line) {
                self.fence = None;
            }
            return true;
        }
        if self.in_comment {
            self.in_comment = !text.contains("-->");
            return true;
        }
        if is_first && text == "---" {
            self.in_front_matter = true;
            return true;
        }
        if let Some(mark) =
            text.chars().next().filter(|mark| matches!(mark, '`' | '~') && indented_little(line))
        {
            let length = text.chars().take_while(|c| *c == mark).count();
            if length >= 3 && !(mark == '`' && text[length..].contains('`')) {
                self.fence = Some((mark, length));
                return true;
            }
        }
        if text.starts_with("<!--") {
            self.in_comment = !text.contains("-->");
            return true;
        }
        false
    }
}

fn indented_little(line: &str) -> bool {
    !line.starts_with("    ") && !line.starts_with('\t')
}

/// `## Title ##`
fn atx(text: &str) -> Option<Heading> {
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    let rest = &text[level..];
    if !(1..=6).contains(&level) || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let title = rest.trim();
    let open = title.trim_end_matches('#');
    let title = if open.is_empty() || open.ends_with([' ', '\t']) { open.trim_end() } else { title };
    Some(Heading { level: level as u8, title: title.to_owned(), above: 0 })
}

/// The level that a line of `=` or `-` gives to the paragraph above it.
fn underline(text: &str) -> Option<u8> {
    match text.as_bytes() {
        marks if marks.iter().all(|mark| *mark == b'=') => Some(1),
        marks if marks.iter().all(|mark| *mark == b'-') => Some(2),
        _ => None,
    }
}

/// Whether a line ends a paragraph or begins something that is none: a quote, a list, a rule, a table.
fn interrupts(text: &str) -> bool {
    let is_rule = |mark: char| {
        text.chars().filter(|c| *c == mark).count() >= 3 && text.chars().all(|c| c == mark || c == ' ')
    };
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = number.len() < text.len() && (number.starts_with(". ") || number.starts_with(") "));
    text.starts_with(['>', '|'])
        || ["- ", "* ", "+ "].iter().any(|mark| text.starts_with(mark))
        || is_numbered
        || ['-', '*', '_'].into_iter().any(is_rule)
}
