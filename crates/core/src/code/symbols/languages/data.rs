//! Data: JSON and YAML. Their symbols are the keys at the top.

use super::{
    super::rules::{Name, SymbolTable, define},
    SymbolKind as Kind,
};

pub(super) static JSON: SymbolTable = SymbolTable {
    definitions: &[define("pair", Kind::Key).named(Name::Field("key"))],
    doc_marks: &[],
    ..SymbolTable::EMPTY
};

pub(super) static YAML: SymbolTable = SymbolTable {
    definitions: &[
        define("block_mapping_pair", Kind::Key).named(Name::Field("key")),
        define("flow_pair", Kind::Key).named(Name::Field("key")),
    ],
    doc_marks: &["#"],
    ..SymbolTable::EMPTY
};
