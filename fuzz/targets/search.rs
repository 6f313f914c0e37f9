//! Search: any line of a user is a query or a refusal, the same one twice; the tokens of any text lie in the text.

use heptad::core::search::{
    Language, MAX_QUERY_BYTES, Operator, parse,
    tokenize::{Token, code, prose},
};

/// Reads the bytes as a query and as a text to index.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for operator in [Operator::Any, Operator::All] {
        match parse(text, operator) {
            Ok(query) => {
                assert!(text.len() <= MAX_QUERY_BYTES, "a line past the limit was read");
                assert_eq!(parse(text, operator).ok(), Some(query), "one line, two queries");
            }
            Err(error) => assert!(!error.message().is_empty(), "refused without a message"),
        }
    }
    fits(text, &code(text));
    fits(text, &prose(text, Language::English));
}

/// Tokens are pieces of the text, in the order of their words.
fn fits(text: &str, tokens: &[Token]) {
    for token in tokens {
        assert!(
            text.get(token.start..token.end).is_some_and(|piece| !piece.is_empty()),
            "{token:?} is no piece of the text"
        );
        assert!(!token.text.is_empty(), "{token:?} is empty");
    }
    let ordered =
        tokens.windows(2).all(|pair| pair[0].position <= pair[1].position && pair[0].start <= pair[1].start);
    assert!(ordered, "the tokens are out of order: {tokens:?}");
}
