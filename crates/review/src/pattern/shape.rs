//! A compiled pattern: what a piece of a tree has to look like.

use heptad_core::code::Language;

use super::Name;

/// A pattern, compiled for one language.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub(super) language: Language,
    pub(super) root: Root,
    /// Words that every file it matches in contains.
    pub(super) words: Vec<String>,
}

/// What a pattern is as a whole.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// One expression or statement.
    One(Shape),
    /// Statements that follow each other.
    Run(Vec<Shape>),
}

/// What a node has to look like.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// `$X`: any expression.
    Hole(Name),
    /// `...`: any number of nodes.
    Gap,
    /// `$...X`: any number of nodes, remembered.
    NamedGap(Name),
    /// `"..."`: any string without interpolation.
    AnyText,
    /// `"$X"`: any string without interpolation; its content is remembered.
    TextHole(Name),
    /// A string with this content, however it is quoted.
    Text(String),
    /// A string with interpolations, of parts like these.
    Format(Vec<Shape>),
    /// A node that is compared by its text.
    Leaf { kind: u16, text: String },
    /// A node with children like these.
    Node { kind: u16, groups: Vec<Group> },
}

/// The children of a node in one field; `None`: those in no field.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) field: Option<&'static str>,
    pub(super) items: Items,
}

/// How the children of a group are compared.
#[derive(Clone, Debug)]
pub(super) enum Items {
    /// In order.
    Run(Vec<Shape>),
    /// In any order; `open`: there may be more.
    Set { items: Vec<Shape>, open: bool },
    /// Arguments: those by place in order, those by keyword in any order.
    Call { by_place: Vec<Shape>, by_keyword: Vec<Shape>, open: bool },
}

impl Shape {
    /// Whether it stands for any number of nodes.
    pub(super) fn is_gap(&self) -> bool {
        matches!(self, Self::Gap | Self::NamedGap(_))
    }

    /// Adds the words that text it matches contains.
    pub(super) fn words(&self, words: &mut Vec<String>) {
        match self {
            Self::Leaf { text, .. } | Self::Text(text) => {
                let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
                if text.len() > 1 && text.chars().all(is_word) {
                    words.push(text.clone());
                }
            }
            Self::Format(items) => items.iter().for_each(|item| item.words(words)),
            Self::Node { groups, .. } => groups.iter().for_each(|group| group.items.words(words)),
            Self::Hole(_) | Self::Gap | Self::NamedGap(_) | Self::AnyText | Self::TextHole(_) => {}
        }
    }
}

impl Items {
    fn words(&self, words: &mut Vec<String>) {
        match self {
            Self::Run(items) | Self::Set { items, .. } => items.iter().for_each(|item| item.words(words)),
            Self::Call { by_place, by_keyword, .. } => {
                by_place.iter().chain(by_keyword).for_each(|item| item.words(words));
            }
        }
    }
}
