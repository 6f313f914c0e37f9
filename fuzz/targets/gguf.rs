//! Model files: whatever the bytes, they are refused or make a model that computes, the same in one pass and token by token.

use heptad_infer::{
    decoder::{Decoder, LoadOptions, Step, Wanted},
    error::Error,
    gguf::Gguf,
    tokenizer::{Tokenizer, Vocabulary},
};

/// Reads the bytes as a model file, and runs what it makes.
pub(crate) fn run(data: &[u8]) {
    let gguf = match Gguf::parse(data.to_vec()) {
        Ok(gguf) => gguf,
        Err(refused) => return assert!(!refused.to_string().is_empty(), "refused without a message"),
    };
    for key in gguf.keys() {
        let found = [
            gguf.str(key).map(|value| value.is_some()),
            gguf.u64(key).map(|value| value.is_some()),
            gguf.f32(key).map(|value| value.is_some()),
            gguf.bool(key).map(|value| value.is_some()),
            gguf.strings(key).map(|value| value.is_some()),
            gguf.f32s(key).map(|value| value.is_some()),
            gguf.i32s(key).map(|value| value.is_some()),
        ];
        assert!(!found.iter().any(|found| matches!(found, Ok(false))), "a key is listed and is not there");
    }
    if let Ok(vocabulary) = Vocabulary::of(&gguf) {
        drop(Tokenizer::new(&vocabulary));
    }
    let Ok(decoder) = Decoder::load(&gguf, &LoadOptions { threads: 1 }) else { return };
    compute(&decoder);
}

/// A few tokens: at once, and one after the other.
fn compute(decoder: &Decoder) {
    let tokens: Vec<u32> = (0..decoder.vocabulary().min(5) as u32).collect();
    let mut cache = decoder.cache(tokens.len());
    let whole = Step { cache: &mut cache, tokens: &tokens, wanted: Wanted::All };
    let whole = decoder.step(&mut [whole]).expect("the tokens are of the vocabulary and there is room");
    assert_eq!(whole.rows(0).len(), tokens.len(), "a row for each token");
    let mut cache = decoder.cache(tokens.len());
    for (token, expected) in tokens.iter().zip(whole.rows(0)) {
        let step = Step { cache: &mut cache, tokens: &[*token], wanted: Wanted::Last };
        let logits = decoder.step(&mut [step]).expect("the token is of the vocabulary and there is room");
        let row = logits.last(0).expect("the row was wanted");
        // Of what is not a number, the bits may differ.
        let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        assert!(row.iter().zip(expected).all(same), "token by token is another thing than at once");
    }
    let full = decoder.step(&mut [Step { cache: &mut cache, tokens: &[0], wanted: Wanted::None }]);
    assert!(matches!(full, Err(Error::Input(_))), "a full cache took a token");
}
