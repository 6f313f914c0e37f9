//! Tokens and sets of keys: what is read is read the same way twice, and nobody is let in by bytes that nobody signed.

use heptad::core::auth::jwt::{Jws, KeySet};

/// The issuer of the seeds.
const KEYS: &[u8] = include_bytes!("../../examples/identity/issuer.jwks.json");
/// What it signed: the only text that is believed.
const SIGNED: &str = include_str!("../../examples/identity/token.txt");

/// Reads the bytes as a set of keys and as a token.
pub(crate) fn run(data: &[u8]) {
    let trusted = KeySet::parse(KEYS).expect("the keys of the example are read");
    let read = KeySet::parse(data);
    assert_eq!(read.is_ok(), KeySet::parse(data).is_ok(), "one text is read and refused");
    if KeySet::parse_published(data).is_ok() {
        let set = read.expect("what is published is read more strictly");
        assert!(set.keys().iter().all(|key| !key.is_secret()), "a secret was published");
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(token) = Jws::parse(text) {
        let believed = token.verify_with(&trusted).is_ok();
        assert_eq!(
            believed,
            text == SIGNED.trim(),
            "a text that nobody signed is believed, or the signed one is not"
        );
    }
}
