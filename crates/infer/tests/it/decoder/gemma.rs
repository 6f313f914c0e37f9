//! Gemma 3 270M: the same file by the textbook and by us.
//!
//! `HEPTAD_MODEL_TOKENS` says how many tokens are compared (128 if it is not set; 4,096 take some minutes).

use std::env;

use heptad_infer::{
    decoder::{Decoder, LoadOptions, Wanted},
    gguf::Gguf,
};

use super::{laws::step, oracle::Oracle};

/// Tokens of this repository's own documents: the longest piece of the vocabulary at each place, which is text enough to predict.
fn text(gguf: &Gguf, count: usize) -> Vec<u32> {
    const TEXT: &str = concat!(
        include_str!("../../../../../ARCHITECTURE.md"),
        include_str!("../../../../../README.md"),
        include_str!("../../../../../CONTRIBUTING.md"),
        include_str!("../../../../../LICENSE-APACHE"),
    );
    let pieces = gguf.strings("tokenizer.ggml.tokens").unwrap().unwrap();
    let ids: std::collections::HashMap<&str, u32> =
        pieces.iter().zip(0..).map(|(piece, id)| (*piece, id)).collect();
    let text = TEXT.replace(' ', "▁");
    let mut rest = text.as_str();
    let mut tokens = vec![2];
    while tokens.len() < count && !rest.is_empty() {
        let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).take(24).collect::<Vec<_>>();
        let longest = ends.iter().rev().find_map(|&end| Some((end, *ids.get(&rest[..end])?)));
        let (end, token) = longest.unwrap_or((ends[0], 3));
        tokens.push(token);
        rest = &rest[end..];
    }
    assert_eq!(tokens.len(), count, "the documents are too short");
    tokens
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
    let count = env::var("HEPTAD_MODEL_TOKENS").ok().and_then(|count| count.parse().ok()).unwrap_or(128);
    let gguf = Gguf::open(&path).unwrap();
    let decoder = Decoder::load(&gguf, &LoadOptions::default()).unwrap();
    let oracle = Oracle::new(&gguf);
    let (mut exact, mut ours, mut agreed, mut off) = (0.0, 0.0, 0, 0.0f64);
    // Sequences longer than the sliding window, where there are tokens enough.
    let tokens = text(&gguf, count);
    for sequence in tokens.chunks(1024) {
        let hidden = oracle.hidden(sequence).unwrap();
        let mut cache = decoder.cache(sequence.len());
        for (chunk, first) in sequence.chunks(64).zip((0..).step_by(64)) {
            let rows = step(&decoder, &mut cache, chunk, Wanted::All);
            let theirs = oracle.logits(&hidden.narrow(0, first, chunk.len()).unwrap()).unwrap();
            for ((row, their), next) in rows.iter().zip(&theirs).zip(first + 1..) {
                let best = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
                agreed += usize::from(best(row) == best(their));
                let largest = row.iter().zip(their).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                off = off.max(largest.into());
                if let Some(&next) = sequence.get(next) {
                    ours += surprise(row, next);
                    exact += surprise(their, next);
                }
            }
        }
    }
    let predicted = (count - count.div_ceil(1024)) as f64;
    let (ours, exact) = ((ours / predicted).exp(), (exact / predicted).exp());
    println!(
        "{count} tokens: perplexity {ours:.4}, textbook {exact:.4} ({:+.3} %); the same best token {agreed} times; logits off by at most {off:.3}",
        (ours / exact - 1.0) * 100.0
    );
    // A hundred tokens are a noisy sample; over thousands the noise of rounding must cancel.
    let tolerance = if count < 4096 { 0.05 } else { 0.01 };
    assert!((ours / exact - 1.0).abs() < tolerance, "perplexity {ours}, exact {exact}");
    assert!(agreed * 100 >= count * 90, "the same best token only {agreed} times of {count}");
}

#[test]
fn a_prompt_is_the_same_in_one_pass_and_token_by_token() {
    let Some(path) = heptad_testkit::models::gemma() else { return };
    let gguf = Gguf::open(&path).unwrap();
    let decoder = Decoder::load(&gguf, &LoadOptions { threads: 1 }).unwrap();
    let threaded = Decoder::load(&gguf, &LoadOptions { threads: 2 }).unwrap();
    // Beyond the window of 512 positions.
    let tokens = text(&gguf, 540);
    let whole = step(&threaded, &mut threaded.cache(600), &tokens, Wanted::Last);
    let mut cache = decoder.cache(600);
    step(&decoder, &mut cache, &tokens[..500], Wanted::None);
    let mut last = Vec::new();
    for token in &tokens[500..] {
        last = step(&decoder, &mut cache, &[*token], Wanted::Last);
    }
    assert!(last[0].iter().zip(&whole[0]).all(|(a, b)| a.to_bits() == b.to_bits()));
}
