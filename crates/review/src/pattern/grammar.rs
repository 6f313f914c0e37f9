//! What the engine has to know of a language's grammar, as a table.

use heptad_core::code::Language;

/// The node kinds that mean more than their structure says. To add a language: a row here, and a literal in `literal.rs`.
#[derive(Debug)]
pub struct Grammar {
    /// The language.
    pub language: Language,
    /// Nodes that mean what their only child means.
    pub(super) wrappers: &'static [&'static str],
    /// Nodes whose children are statements that follow each other.
    pub(super) blocks: &'static [&'static str],
    /// Containers whose elements match in any order, and whether they may have more elements than the pattern says.
    pub(super) sets: &'static [(&'static str, bool)],
    /// Nodes with elements in a field that match in any order, however many more there are: `(node, field)`.
    pub(super) open_fields: &'static [(&'static str, &'static str)],
    /// Arguments given by name, which match in any order behind those given by place.
    pub(super) keyword_argument: Option<&'static str>,
    /// Fields that a pattern may leave out.
    pub(super) optional_fields: &'static [&'static str],
    /// Nodes that no metavariable stands for: they are no expressions.
    pub(super) not_expressions: &'static [&'static str],
    /// Nodes that a metavariable does not swallow though they have no other text: it stands for what is in them.
    pub(super) kept: &'static [&'static str],
    /// Nodes that are compared by their text, whatever is in them.
    pub(super) atoms: &'static [&'static str],
    /// What stands for `...` directly within braces, where a bare name would be something else.
    pub(super) splat_in_braces: bool,
    /// Whether `;` ends a statement.
    pub(super) semicolons: bool,
}

const PYTHON: Grammar = Grammar {
    language: Language::Python,
    wrappers: &["parenthesized_expression", "expression_statement"],
    blocks: &["module", "block"],
    sets: &[("dictionary", false)],
    open_fields: &[("import_from_statement", "name"), ("import_statement", "name")],
    keyword_argument: Some("keyword_argument"),
    optional_fields: &["return_type", "type", "type_parameters", "type_conversion", "format_specifier"],
    not_expressions: &["keyword_argument", "list_splat", "dictionary_splat", "pair"],
    kept: &[],
    atoms: &["string_content"],
    splat_in_braces: true,
    semicolons: false,
};

const fn ecmascript(language: Language) -> Grammar {
    Grammar {
        language,
        wrappers: &["parenthesized_expression", "expression_statement"],
        blocks: &["program", "statement_block", "switch_case", "switch_default"],
        sets: &[("object", false), ("object_pattern", false), ("named_imports", true)],
        open_fields: &[],
        keyword_argument: None,
        optional_fields: &["return_type", "type", "type_parameters", "type_arguments"],
        not_expressions: &["spread_element", "pair", "pair_pattern", "rest_pattern", "method_definition"],
        kept: &["required_parameter", "optional_parameter"],
        atoms: &["regex"],
        splat_in_braces: false,
        semicolons: true,
    }
}

const GRAMMARS: [Grammar; 4] =
    [PYTHON, ecmascript(Language::JavaScript), ecmascript(Language::TypeScript), ecmascript(Language::Tsx)];

impl Grammar {
    /// The table of a language, if patterns can be written for it.
    pub fn of(language: Language) -> Option<&'static Self> {
        static TABLE: [Grammar; 4] = GRAMMARS;
        TABLE.iter().find(|grammar| grammar.language == language)
    }
}

/// The languages that patterns can be written for.
pub fn supported_languages() -> impl Iterator<Item = Language> {
    GRAMMARS.into_iter().map(|grammar| grammar.language)
}
