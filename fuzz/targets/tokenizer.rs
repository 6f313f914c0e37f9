//! Tokenizers and chat templates of hostile model files: nothing panics or hangs, and text stays text.

use heptad_infer::{
    template::{Conversation, Speaker, Template, Turn},
    tokenizer::{Algorithm, Detokenizer, TokenKind, Tokenizer, Vocabulary},
};

/// Reads the bytes as the tokens of a vocabulary, a chat template, and a text to be encoded, with a zero byte between them.
pub(crate) fn run(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0).map(String::from_utf8_lossy);
    let [words, source, text] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    for sentencepiece in [true, false] {
        let vocabulary = vocabulary(&words, sentencepiece);
        let Ok(tokenizer) = Tokenizer::new(&vocabulary) else { continue };
        let tokens = tokenizer.encode(&text);
        assert!(
            tokens.iter().all(|token| tokenizer.kind(*token) != Some(TokenKind::Control)),
            "text became a command"
        );
        let mut detokenizer = Detokenizer::new();
        let mut said: String = tokens.iter().map(|token| detokenizer.push(&tokenizer, *token)).collect();
        said += &detokenizer.finish();
        assert_eq!(said, tokenizer.decode(&tokens), "in pieces or at once");
        tokenizer.encode_frame(&text);

        let Ok(template) = Template::new(&source, &tokenizer) else { continue };
        let turns =
            vec![Turn::new(Speaker::User, text.as_ref()), Turn::new(Speaker::Assistant, words.as_ref())];
        let conversation = Conversation { turns, now: Some(0), ..Conversation::default() };
        if let Ok(tokens) = template.tokens(&tokenizer, &conversation, "") {
            assert!(
                tokens.iter().all(|token| (*token as usize) < tokenizer.count()),
                "a token that does not exist"
            );
        }
    }
}

/// All bytes, and the lines of `words`: the first half are text, then come merges of it, the rest steers.
fn vocabulary(words: &str, sentencepiece: bool) -> Vocabulary {
    let bytes = (0..=255_u8).map(|byte| match sentencepiece {
        true => (format!("<0x{byte:02X}>"), TokenKind::Byte),
        false => (alphabet(byte).to_string(), TokenKind::Normal),
    });
    let lines: Vec<&str> = words.lines().filter(|line| !line.is_empty()).collect();
    let half = lines.len() / 2;
    let kind = |index| {
        if index < half {
            TokenKind::Normal
        } else if index % 2 == 0 {
            TokenKind::Control
        } else {
            TokenKind::UserDefined
        }
    };
    let rest = lines.iter().enumerate().map(|(index, line)| ((*line).to_owned(), kind(index)));
    let (tokens, kinds): (Vec<String>, Vec<TokenKind>) = bytes.chain(rest).unzip();
    let scores = tokens.iter().map(|token| token.len() as f32 - 7.0).collect();
    let merges = lines.iter().filter(|line| line.contains(' ')).map(|line| (*line).to_owned()).collect();
    let algorithm = match sentencepiece {
        true => Algorithm::SentencePiece { space_prefix: words.len().is_multiple_of(2) },
        false => Algorithm::BytePairs {
            split: ["gpt2", "qwen2", "llama-bpe", "gpt-4o"][words.len() % 4].into(),
            merges,
        },
    };
    Vocabulary {
        algorithm,
        tokens,
        kinds,
        scores: if sentencepiece { scores } else { Vec::new() },
        bos: None,
        eos: None,
        unknown: None,
        ends: Vec::new(),
        add_bos: None,
        add_eos: false,
    }
}

/// The character that stands for a byte in byte-pair vocabularies.
fn alphabet(byte: u8) -> char {
    let printable = |byte: &u8| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    if printable(&byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|byte| !printable(byte)).count() as u32;
    char::from_u32(0x100 + before).unwrap_or(' ')
}
