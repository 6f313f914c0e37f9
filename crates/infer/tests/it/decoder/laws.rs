//! What holds for any way to cut, batch, fork and truncate: the bits are the same.

use heptad_infer::{
    decoder::{Cache, Decoder, LoadOptions, Step, Wanted},
    error::Error,
    gguf::Gguf,
};
use proptest::prelude::*;

use super::{
    oracle::Oracle,
    tiny::{Tiny, VOCABULARY},
};

fn load(tiny: &Tiny, threads: usize) -> Decoder {
    Decoder::load(&Gguf::parse(tiny.file()).unwrap(), &LoadOptions { threads }).unwrap()
}

pub(crate) fn step(decoder: &Decoder, cache: &mut Cache, tokens: &[u32], wanted: Wanted) -> Vec<Vec<f32>> {
    let logits = decoder.step(&mut [Step { cache, tokens, wanted }]).unwrap();
    logits.rows(0).map(<[f32]>::to_vec).collect()
}

fn fresh(decoder: &Decoder, tokens: &[u32]) -> Vec<Vec<f32>> {
    step(decoder, &mut decoder.cache(4096), tokens, Wanted::All)
}

fn tokens(count: usize, seed: u32) -> Vec<u32> {
    (0..count as u32).map(|i| (i * i * 31 + i * 7 + seed * 13) % VOCABULARY as u32).collect()
}

fn same(a: &[Vec<f32>], b: &[Vec<f32>]) -> bool {
    let bits = |rows: &[Vec<f32>]| rows.iter().flatten().map(|value| value.to_bits()).collect::<Vec<_>>();
    bits(a) == bits(b)
}

#[test]
fn logits_are_those_of_the_textbook() {
    for tiny in Tiny::all() {
        let file = Gguf::parse(tiny.file()).unwrap();
        let tokens = tokens(70, 1);
        let oracle = Oracle::new(&file);
        let exact = oracle.logits(&oracle.hidden(&tokens).unwrap()).unwrap();
        let ours = fresh(&Decoder::load(&file, &LoadOptions { threads: 1 }).unwrap(), &tokens);
        let size = (exact.iter().flatten().map(|v| v * v).sum::<f32>()
            / exact.iter().flatten().count() as f32)
            .sqrt();
        let differences = ours.iter().flatten().zip(exact.iter().flatten()).map(|(a, b)| (a - b) * (a - b));
        let off = (differences.sum::<f32>() / (70 * VOCABULARY) as f32).sqrt() / size;
        // Keys and values are kept in half precision; rounding activations to 8 bits costs some percent on random weights.
        let tolerance = if tiny.kind == 8 { 0.08 } else { 4e-3 };
        assert!(off < tolerance, "{}: off by {off}", tiny.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn however_a_prompt_is_cut_the_logits_are_the_same(
        mut cuts in prop::collection::vec(0usize..200, 0..6),
        seed in 0u32..1000,
    ) {
        let tokens = tokens(200, seed);
        cuts.extend([0, 200]);
        cuts.sort_unstable();
        for tiny in Tiny::all() {
            let decoder = load(&tiny, 1);
            let mut cache = decoder.cache(200);
            let mut cut = Vec::new();
            for pair in cuts.windows(2) {
                cut.extend(step(&decoder, &mut cache, &tokens[pair[0]..pair[1]], Wanted::All));
            }
            prop_assert!(same(&cut, &fresh(&decoder, &tokens)), "{}", tiny.name());
        }
    }

    #[test]
    fn a_batch_gives_what_its_sequences_give_alone(lengths in prop::collection::vec(0usize..150, 1..6), seed in 0u32..1000) {
        for tiny in Tiny::all() {
            let decoder = load(&tiny, 2);
            let sequences: Vec<Vec<u32>> = (0..).zip(&lengths).map(|(i, &length)| tokens(length, seed + i)).collect();
            let mut caches: Vec<Cache> = sequences.iter().map(|_| decoder.cache(200)).collect();
            // Half of each sequence first, so that the second pass mixes decoding, prefilling and nothing at all.
            let half = |sequence: &[u32]| sequence.len() / 2;
            let mut steps: Vec<Step<'_>> = caches
                .iter_mut()
                .zip(&sequences)
                .map(|(cache, tokens)| Step { cache, tokens: &tokens[..half(tokens)], wanted: Wanted::None })
                .collect();
            prop_assert_eq!(decoder.step(&mut steps).unwrap().rows(0).len(), 0);
            let wanted = |index: usize| [Wanted::All, Wanted::Last, Wanted::None][index % 3];
            let mut steps: Vec<Step<'_>> = caches
                .iter_mut()
                .zip(&sequences)
                .enumerate()
                .map(|(i, (cache, tokens))| Step { cache, tokens: &tokens[half(tokens)..], wanted: wanted(i) })
                .collect();
            let logits = decoder.step(&mut steps).unwrap();
            for (index, sequence) in sequences.iter().enumerate() {
                let alone = fresh(&decoder, sequence);
                let rows: Vec<Vec<f32>> = logits.rows(index).map(<[f32]>::to_vec).collect();
                let second = &alone[half(sequence)..];
                let expected = match wanted(index) {
                    Wanted::All => second,
                    Wanted::Last => &second[second.len().saturating_sub(1)..],
                    Wanted::None => &[],
                };
                prop_assert_eq!(logits.last(index).is_some(), !expected.is_empty());
                prop_assert!(same(&rows, expected), "{} {index}", tiny.name());
            }
        }
    }

    #[test]
    fn forks_and_truncated_caches_continue_as_fresh_ones(
        at in 1usize..150, kept in 0usize..150, more in 1usize..40, seed in 0u32..1000,
    ) {
        let (common, ours, theirs) = (tokens(at, seed), tokens(more, seed + 1), tokens(more, seed + 2));
        for tiny in Tiny::all() {
            let decoder = load(&tiny, 1);
            let mut cache = decoder.cache(400);
            step(&decoder, &mut cache, &common, Wanted::None);
            let mut fork = cache.fork();
            for (cache, next) in [(&mut cache, &ours), (&mut fork, &theirs)] {
                let continued = step(&decoder, cache, next, Wanted::All);
                let all = fresh(&decoder, &[&common[..], next].concat());
                prop_assert!(same(&continued, &all[at..]), "{}", tiny.name());
            }
            let (held, kept) = (cache.len(), kept.min(at));
            match cache.truncate(kept) {
                Ok(()) => {
                    let continued = step(&decoder, &mut cache, &theirs, Wanted::All);
                    let all = fresh(&decoder, &[&common[..kept], &theirs].concat());
                    prop_assert!(same(&continued, &all[kept..]), "{}", tiny.name());
                }
                Err(Error::Input(message)) => {
                    prop_assert!(message.contains("sliding windows have forgotten"), "{message}");
                    prop_assert!(tiny.window.is_some_and(|window| kept + 1 > window as usize || held > window as usize));
                    prop_assert_eq!(cache.len(), held);
                    cache.truncate(0).unwrap();
                    let again = step(&decoder, &mut cache, &common, Wanted::All);
                    prop_assert!(same(&again, &fresh(&decoder, &common)));
                }
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for tiny in Tiny::all() {
        let tokens = tokens(300, 5);
        let one = fresh(&load(&tiny, 1), &tokens);
        for threads in [2, 3, 7] {
            assert!(same(&one, &fresh(&load(&tiny, threads), &tokens)), "{} with {threads}", tiny.name());
        }
    }
}

#[test]
fn many_heads_that_share_keys_give_the_same_in_one_pass_and_in_many() {
    let llama = Tiny::all().remove(0);
    let decoder = load(&Tiny { layers: 1, heads: 24, key_heads: 1, ..llama }, 1);
    let tokens = tokens(900, 3);
    let whole = fresh(&decoder, &tokens);
    let mut cache = decoder.cache(900);
    step(&decoder, &mut cache, &tokens[..880], Wanted::None);
    for (at, token) in tokens.iter().enumerate().skip(880) {
        assert!(same(&step(&decoder, &mut cache, &[*token], Wanted::All), &whole[at..=at]), "token {at}");
    }
}

#[test]
fn more_heads_than_any_model_has_are_refused() {
    let llama = Tiny::all().remove(0);
    let file = Tiny { layers: 1, heads: 1025, key_heads: 1, head_width: 2, ..llama }.file();
    let error =
        Decoder::load(&Gguf::parse(file).unwrap(), &LoadOptions { threads: 1 }).map(drop).unwrap_err();
    assert!(error.to_string().contains("a number from 1 to 1024 for each belongs here"), "{error}");
}

#[test]
fn a_sliding_window_bounds_the_memory() {
    let tiny = Tiny::all().into_iter().find(|tiny| tiny.window == Some(24)).unwrap();
    let decoder = load(&tiny, 1);
    let mut cache = decoder.cache(4000);
    step(&decoder, &mut cache, &tokens(256, 1), Wanted::None);
    let before = cache.bytes();
    for _ in 0..10 {
        step(&decoder, &mut cache, &tokens(256, 1), Wanted::None);
    }
    // One layer of seven sees everything and grows; the others do not.
    assert!(cache.bytes() < before * 4, "{} after {before}", cache.bytes());
    assert!(!cache.can_truncate(100) && cache.can_truncate(0) && cache.can_truncate(cache.len() - 1));
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let all = Tiny::all();
    let (decoder, other) = (load(&all[0], 1), load(&all[0], 1));
    let mut cache = decoder.cache(4);
    step(&decoder, &mut cache, &[1, 2], Wanted::None);
    let refused = |cache: &mut Cache, tokens: &[u32], expected: &str| {
        let before = cache.len();
        let mut good = decoder.cache(4);
        let steps = &mut [
            Step { cache: &mut good, tokens: &[1], wanted: Wanted::Last },
            Step { cache, tokens, wanted: Wanted::Last },
        ];
        let message = decoder.step(steps).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
        assert_eq!((good.len(), cache.len()), (0, before));
    };
    refused(&mut cache, &[1, 2, 3], "3 tokens do not fit a cache that holds 2 of 4");
    refused(&mut cache, &[VOCABULARY as u32], "token 160 is outside the vocabulary of 160");
    refused(&mut other.cache(4), &[1], "belongs to the model that made it");
    assert!(cache.truncate(3).unwrap_err().to_string().contains("holds 2 tokens"));
}
