//! Gemma 3 270M: the same file by the textbook and by us.
//!
//! `HEPTAD_CRASH_TOKENS` says how many tokens of text are compared (96 if it is not set, at most 10,000; 4,096 take some minutes).

use std::env;

use heptad_infer::{
    decoder::{Decoder, LoadOptions, Wanted},
    gguf::Gguf,
    tokenizer::{Tokenizer, Vocabulary},
};

use super::{laws::step, oracle::Oracle};

/// Tokens of a sequence: more than the window of 512 positions.
const SEQUENCE: usize = 640;

/// The first tokens of prose, in sequences that each begin as a document does. A licence comes first: what is compared by default never changes.
fn text(gguf: &Gguf, count: usize) -> Vec<Vec<u32>> {
    const TEXT: &str = concat!(
        include_str!("../../../../../LICENSE-APACHE"),
        include_str!("../../../../../README.md"),
        include_str!("../../../../../ARCHITECTURE.md"),
        include_str!("../../../../../CONTRIBUTING.md"),
    );
    let tokenizer = Tokenizer::new(&Vocabulary::of(gguf).unwrap()).unwrap();
    let tokens = tokenizer.encode(TEXT);
    assert!(tokens.len() >= count, "the documents are too short: {} tokens", tokens.len());
    let begin = tokenizer.bos().0.unwrap();
    tokens[..count].chunks(SEQUENCE - 1).map(|tokens| [&[begin], tokens].concat()).collect()
}

/// The negative logarithm of the probability that the logits give to a token.
fn surprise(logits: &[f32], token: u32) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
    largest + sum.ln() - f64::from(logits[token as usize])
}

#[test]
fn perplexity_is_that_of_the_textbook() {
    let Some(path) = heptad_testkit::models::gemma() else { return };
    let count = env::var("HEPTAD_CRASH_TOKENS").ok().and_then(|count| count.parse().ok()).unwrap_or(96);
    let gguf = Gguf::open(&path).unwrap();
    let decoder = Decoder::load(&gguf, &LoadOptions::default()).unwrap();
    let oracle = Oracle::new(&gguf);
    let (mut exact, mut ours, mut agreed, mut off) = (0.0, 0.0, 0, 0.0f32);
    for sequence in text(&gguf, count) {
        let hidden = oracle.hidden(&sequence).unwrap();
        let mut cache = decoder.cache(sequence.len());
        // Every token but the last predicts the next; the last is left out.
        let last = sequence.len() - 1;
        for first in (0..last).step_by(64) {
            let chunk = first..last.min(first + 64);
            let rows = step(&decoder, &mut cache, &sequence[chunk.clone()], Wanted::All);
            let theirs = oracle.logits(&hidden.narrow(0, first, chunk.len()).unwrap()).unwrap();
            for ((row, their), &next) in rows.iter().zip(&theirs).zip(&sequence[first + 1..]) {
                let best = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
                agreed += usize::from(best(row) == best(their));
                off = off.max(row.iter().zip(their).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max));
                ours += surprise(row, next);
                exact += surprise(their, next);
            }
        }
    }
    let perplexity = |sum: f64| (sum / count as f64).exp();
    let (ours, exact) = (perplexity(ours), perplexity(exact));
    eprintln!(
        "{count} tokens: perplexity {ours:.4}, textbook {exact:.4} ({:+.3} %); the same best token {agreed} times; logits off by at most {off:.3}",
        (ours / exact - 1.0) * 100.0
    );
    assert!((ours / exact - 1.0).abs() < 0.01, "perplexity {ours}, exact {exact}");
    assert!(agreed * 100 >= count * 90, "the same best token only {agreed} times of {count}");
}

#[test]
fn a_prompt_is_the_same_in_one_pass_and_token_by_token() {
    let Some(path) = heptad_testkit::models::gemma() else { return };
    let gguf = Gguf::open(&path).unwrap();
    let decoder = Decoder::load(&gguf, &LoadOptions { threads: 1 }).unwrap();
    let threaded = Decoder::load(&gguf, &LoadOptions { threads: 2 }).unwrap();
    // Beyond the window of 512 positions.
    let tokens = &text(&gguf, SEQUENCE - 1)[0][..540];
    let whole = step(&threaded, &mut threaded.cache(600), tokens, Wanted::Last);
    let mut cache = decoder.cache(600);
    step(&decoder, &mut cache, &tokens[..500], Wanted::None);
    let mut last = Vec::new();
    for token in &tokens[500..] {
        last = step(&decoder, &mut cache, &[*token], Wanted::Last);
    }
    assert!(last[0].iter().zip(&whole[0]).all(|(a, b)| a.to_bits() == b.to_bits()));
}
