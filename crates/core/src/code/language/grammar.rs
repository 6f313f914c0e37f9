//! A grammar made ready: the names of its kinds and fields as `'static` text.

use std::sync::OnceLock;

use super::{COUNT, Language};

/// The kind that tree-sitter gives to text it could not place.
pub(crate) const KIND_ERROR: u16 = u16::MAX;

/// What the tree needs of a tree-sitter grammar.
pub(crate) struct Grammar {
    /// The driver's handle.
    pub(crate) language: &'static tree_sitter::Language,
    /// Name and namedness by kind.
    kinds: Vec<(&'static str, bool)>,
    /// Name by field; field 0 is none.
    fields: Vec<&'static str>,
}

impl Grammar {
    /// The grammar of `language`, made ready on first use; `None` where the build lacks it.
    pub(crate) fn of(language: Language) -> Option<&'static Self> {
        static LANGUAGES: [OnceLock<tree_sitter::Language>; COUNT] = [const { OnceLock::new() }; COUNT];
        static GRAMMARS: [OnceLock<Grammar>; COUNT] = [const { OnceLock::new() }; COUNT];
        let load = language.row().grammar?;
        let handle = LANGUAGES[language as usize].get_or_init(load);
        Some(GRAMMARS[language as usize].get_or_init(|| Self::new(handle)))
    }

    fn new(language: &'static tree_sitter::Language) -> Self {
        let kind = |id| (language.node_kind_for_id(id).unwrap_or("ERROR"), language.node_kind_is_named(id));
        let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        Self {
            language,
            kinds: (0..count(language.node_kind_count())).map(kind).collect(),
            fields: (0..=count(language.field_count()))
                .map(|id| language.field_name_for_id(id).unwrap_or(""))
                .collect(),
        }
    }

    pub(crate) fn kind(&self, id: u16) -> &'static str {
        self.kinds.get(usize::from(id)).map_or("ERROR", |kind| kind.0)
    }

    /// Name and namedness of each kind, by number.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.kinds.iter().copied()
    }

    /// Whether a kind is named; errors are.
    pub(crate) fn is_named(&self, id: u16) -> bool {
        self.kinds.get(usize::from(id)).is_none_or(|kind| kind.1)
    }

    pub(crate) fn field(&self, id: u8) -> Option<&'static str> {
        if id == 0 { None } else { self.fields.get(usize::from(id)).copied() }
    }

    /// The id of a field, 0 where the grammar has none of this name.
    pub(crate) fn field_id(&self, name: &str) -> u8 {
        let position = self.fields.iter().skip(1).position(|field| *field == name);
        position.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(0)
    }
}
