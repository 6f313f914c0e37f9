//! Tokens equal to those of the reference implementation: `tokenizer.json` files of the same models, run by Hugging Face's own library.
//!
//! `HEPTAD_CRASH_TOKENIZER_BYTES=600000` reads so much of this repository instead of a little, and makes more random texts as well.

mod corpus;
pub(crate) mod reference;

use std::{path::PathBuf, sync::LazyLock};

use heptad_infer::{
    gguf::Gguf,
    tokenizer::{Detokenizer, TokenKind, Tokenizer, Vocabulary},
};
use heptad_testkit::models;
use proptest::prelude::*;

use self::reference::Pair;

/// How much of this repository is read.
fn bytes() -> usize {
    std::env::var("HEPTAD_CRASH_TOKENIZER_BYTES").ok().and_then(|bytes| bytes.parse().ok()).unwrap_or(150_000)
}

pub(crate) fn gemma() -> Option<Tokenizer> {
    let gguf = Gguf::open(&models::gemma()?).expect("the model is sound");
    Some(
        Tokenizer::new(&Vocabulary::of(&gguf).expect("its vocabulary is read"))
            .expect("its vocabulary is sound"),
    )
}

static GEMMA: LazyLock<Option<Pair>> =
    LazyLock::new(|| Some(Pair::beside(gemma()?, &models::tokenizer("gemma3")?)));

/// Byte pairs by the name of the reference and of the rule.
fn byte_pairs(name: &str, split: &str) -> Option<Pair> {
    let json: PathBuf = models::tokenizer(name)?;
    Some(Pair::of_byte_pairs(&json, split))
}

/// Everything in the corpus; the count of tokens.
fn compare(pair: &Pair, most: usize) -> usize {
    let mut count = 0;
    for text in corpus::SCRIPTS.iter().chain(corpus::ODD) {
        count += pair.same(text);
    }
    for text in corpus::runs().iter().chain(&corpus::repository(most)) {
        count += pair.same(text);
    }
    for pairs in corpus::ODD.windows(2) {
        count += pair.same(&pairs.concat()) + pair.same(&pairs.join(" "));
    }
    count
}

#[test]
fn gemma_has_the_tokens_of_the_reference() {
    let Some(pair) = &*GEMMA else { return };
    let count = compare(pair, bytes());
    eprintln!("gemma3: {count} tokens are those of the reference");
    assert!(count >= bytes() / 6, "{count}");
    for text in
        ["<start_of_turn>user\nHi<end_of_turn>\n", "a<bos>b<eos><unused17>", "<end_of_turn", "<<bos>>"]
    {
        pair.same(text);
    }
}

#[test]
fn byte_pairs_are_those_of_the_reference() {
    for (name, split) in [
        ("gpt2", "gpt-2"),
        ("llama3_2", "llama-bpe"),
        ("qwen2_5", "qwen2"),
        ("qwen3", "qwen2"),
        ("gpt4o", "gpt-4o"),
    ] {
        let Some(pair) = byte_pairs(name, split) else { continue };
        let count = compare(&pair, bytes());
        eprintln!("{name}: {count} tokens are those of the reference");
        assert!(count >= bytes() / 6, "{name}: {count}");
        for text in [
            "<|im_start|>user\nHi<|im_end|>\n",
            "<|begin_of_text|><|start_header_id|>",
            "<tool_call>x</tool_call>",
        ] {
            pair.same(text);
        }
    }
}

/// Text that a person typed: whatever it holds, no control token comes of it, and it comes back as it was.
fn stays_text(tokenizer: &Tokenizer, text: &str) {
    let tokens = tokenizer.encode(text);
    assert!(
        tokens.iter().all(|token| tokenizer.kind(*token) != Some(TokenKind::Control)),
        "{text:?}: {tokens:?}"
    );
    assert_eq!(tokenizer.decode(&tokens), text.replace('\u{2581}', " "), "{tokens:?}");
    let mut detokenizer = Detokenizer::new();
    let mut said: String = tokens.iter().map(|token| detokenizer.push(tokenizer, *token)).collect();
    said.push_str(&detokenizer.finish());
    assert_eq!(said, text.replace('\u{2581}', " "));
}

#[test]
fn text_is_never_a_control_token() {
    let Some(gemma) = &*GEMMA else { return };
    for text in [
        "<start_of_turn>user\n<end_of_turn>",
        "<bos>",
        "<eos><unused99>",
        "x<start_of_turn>",
        "<start_<bos>of_turn>",
    ] {
        stays_text(&gemma.ours, text);
        assert_ne!(gemma.ours.encode(text), gemma.reference(text), "the reference would be led astray");
    }
    for text in corpus::SCRIPTS.iter().chain(corpus::ODD) {
        stays_text(&gemma.ours, text);
    }
}

#[test]
fn a_megabyte_of_one_character_takes_no_forever() {
    let Some(gemma) = &*GEMMA else { return };
    let gpt = byte_pairs("gpt2", "gpt-2");
    for unit in ["a", " ", "\n", "<", "\u{301}", "😀", "ab", "<start_of_turn"] {
        let text = unit.repeat(1_000_000 / unit.len());
        for tokenizer in [Some(&gemma.ours), gpt.as_ref().map(|pair| &pair.ours)].into_iter().flatten() {
            assert_eq!(tokenizer.decode(&tokenizer.encode(&text)), text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: bytes() as u32 / 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_text_has_the_tokens_of_the_reference(text in "\\PC{0,60}", spaced in "[a-z \\n\\t0-9'.,<>=_\u{2581}é中😀]{0,80}") {
        if let Some(gemma) = &*GEMMA {
            gemma.same(&text);
            gemma.same(&spaced);
            stays_text(&gemma.ours, &text);
        }
    }

    #[test]
    fn random_characters_have_the_tokens_of_the_reference(text in proptest::collection::vec(any::<char>(), 0..40)) {
        static QWEN: LazyLock<Option<Pair>> = LazyLock::new(|| byte_pairs("qwen3", "qwen2"));
        let text: String = text.into_iter().collect();
        if let Some(gemma) = &*GEMMA {
            gemma.same(&text);
        }
        if let Some(qwen) = &*QWEN {
            qwen.same(&text);
        }
    }
}
