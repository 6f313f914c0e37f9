//! From byte offsets to lines and columns, and back.

use std::{ops::Range, sync::Arc};

use serde::{Deserialize, Serialize};

/// A place in a text.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
pub struct Position {
    /// Offset in bytes from the beginning of the file, from 0.
    pub byte: u32,
    /// Line, from 1. Lines end with `\n`, `\r\n` or a lone `\r`, as in the Language Server Protocol.
    pub line: u32,
    /// Column in characters (Unicode scalar values), from 1. A tab is one character; a byte order mark is none.
    pub column: u32,
    /// UTF-16 code units since the beginning of the line, from 0: `character` of the Language Server Protocol.
    pub utf16: u32,
}

/// A stretch of text: from `start` up to, but without, `end`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
pub struct Span {
    /// Where it begins.
    pub start: Position,
    /// Where it has ended.
    pub end: Position,
}

impl Span {
    /// The stretch in bytes.
    pub fn bytes(&self) -> Range<u32> {
        self.start.byte..self.end.byte
    }
}

/// The offsets right behind the line ends of a text: `\n`, `\r\n` or a lone `\r`. The one place that says what a line is.
pub(super) fn line_ends(text: &[u8]) -> impl Iterator<Item = usize> {
    let ends = move |at: &usize| match text[*at - 1] {
        b'\n' => true,
        b'\r' => text.get(*at) != Some(&b'\n'),
        _ => false,
    };
    (1..=text.len()).filter(ends)
}

/// The lines of a text with their ends; what stands behind the last line end is a line where it is not empty.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    let ends = line_ends(text.as_bytes()).chain([text.len()]);
    ends.map(move |end| &text[std::mem::replace(&mut start, end)..end]).filter(|line| !line.is_empty())
}

/// Where the lines of a text begin, and how many characters stand before each of its blocks, so that a column costs the same on a line
/// of ten million characters. Four bytes a line; eight bytes a block where the text is not ASCII.
#[derive(Clone, Debug)]
pub struct LineIndex {
    text: Arc<str>,
    /// First byte of each line; that of the first line is behind the byte order mark.
    starts: Vec<u32>,
    /// What stands before each block; empty where every byte is a character.
    blocks: Vec<Width>,
}

/// Bytes a block.
const BLOCK: usize = 1 << 10;

/// The length of a text in characters and in UTF-16 units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Width {
    chars: u32,
    utf16: u32,
}

impl Width {
    fn of(bytes: &[u8]) -> Self {
        // A character is counted at its first byte; four-byte characters are two units of UTF-16.
        let count = |wanted: fn(u8) -> bool| bytes.iter().filter(|byte| wanted(**byte)).count() as u32;
        let chars = count(|byte| byte & 0xC0 != 0x80);
        Self { chars, utf16: chars + count(|byte| byte >= 0xF0) }
    }
}

impl std::ops::Add for Width {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { chars: self.chars + other.chars, utf16: self.utf16 + other.utf16 }
    }
}

impl std::ops::Sub for Width {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { chars: self.chars - other.chars, utf16: self.utf16 - other.utf16 }
    }
}

impl LineIndex {
    /// The index of a text of less than 4 GiB; one pass over it.
    ///
    /// # Panics
    /// Where the text is larger.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        assert!(u32::try_from(text.len()).is_ok(), "a line index takes texts of less than 4 GiB");
        let bytes = text.as_bytes();
        let mut starts = vec![if text.starts_with('\u{FEFF}') { 3 } else { 0 }];
        starts.extend(line_ends(bytes).map(|end| end as u32));
        let mut blocks = Vec::new();
        if !text.is_ascii() {
            let mut before = Width::default();
            for block in bytes.chunks(BLOCK) {
                blocks.push(before);
                before = before + Width::of(block);
            }
            blocks.push(before);
        }
        Self { text, starts, blocks }
    }

    /// How many lines there are: one more than line ends.
    pub fn len(&self) -> u32 {
        self.starts.len() as u32
    }

    /// Never: a text without line ends has one line.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The place of a byte. A byte within a character stands for its character, one behind the end for the end.
    pub fn position(&self, byte: u32) -> Position {
        let mut byte = byte.min(self.text.len() as u32);
        while !self.text.is_char_boundary(byte as usize) {
            byte -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.starts[line - 1];
        let width = if byte <= start { Width::default() } else { self.width(byte) - self.width(start) };
        Position { byte, line: line as u32, column: width.chars + 1, utf16: width.utf16 }
    }

    /// The span of a range of bytes.
    pub fn span(&self, bytes: Range<u32>) -> Span {
        Span { start: self.position(bytes.start), end: self.position(bytes.end) }
    }

    /// The bytes of line `line` (from 1) without its line end; `None` where there is no such line.
    pub fn line(&self, line: u32) -> Option<Range<u32>> {
        let start = *self.starts.get((line as usize).checked_sub(1)?)?;
        let end = self.starts.get(line as usize).copied().unwrap_or(self.text.len() as u32);
        let length = self.text[start as usize..end as usize].trim_end_matches(['\r', '\n']).len() as u32;
        Some(start..start + length)
    }

    /// The byte at a line and a column in characters, both from 1; `None` where the line has no such column. The column behind the
    /// last character is one.
    pub fn byte_at(&self, line: u32, column: u32) -> Option<u32> {
        self.find(line, column.checked_sub(1)?, |width| width.chars)
    }

    /// The byte at a line from 1 and an offset in UTF-16 units from 0; `None` where the line has no such offset or it falls within a
    /// character.
    pub fn byte_at_utf16(&self, line: u32, utf16: u32) -> Option<u32> {
        self.find(line, utf16, |width| width.utf16)
    }

    fn find(&self, line: u32, wanted: u32, unit: fn(Width) -> u32) -> Option<u32> {
        let Range { start, end } = self.line(line)?;
        let text = &self.text[start as usize..end as usize];
        if self.blocks.is_empty() {
            return (wanted as usize <= text.len()).then_some(start + wanted);
        }
        let mut seen = 0;
        for (at, c) in text.char_indices() {
            if seen == wanted {
                return Some(start + at as u32);
            }
            seen += unit(Width::of(c.encode_utf8(&mut [0; 4]).as_bytes()));
        }
        (seen == wanted).then_some(end)
    }

    /// The width of everything before `byte`.
    fn width(&self, byte: u32) -> Width {
        if self.blocks.is_empty() {
            return Width { chars: byte, utf16: byte };
        }
        let block = byte as usize / BLOCK;
        self.blocks[block] + Width::of(&self.text.as_bytes()[block * BLOCK..byte as usize])
    }
}
