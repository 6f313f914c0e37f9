//! Code intelligence: languages, parsing, a compact tree, symbols.
