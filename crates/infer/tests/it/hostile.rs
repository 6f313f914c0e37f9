//! The fuzz targets' laws, over their seeds and over random input.

#[path = "../../../../fuzz/targets/gguf.rs"]
mod gguf;
#[path = "../../../../fuzz/targets/tokenizer.rs"]
mod tokenizer;

use proptest::prelude::*;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let seeds = std::fs::read_dir(folder).expect("there are seeds").flatten();
    seeds.map(|seed| std::fs::read(seed.path()).expect("read")).collect()
}

#[test]
fn the_seeds_keep_the_law() {
    seeds("tokenizer").iter().for_each(|seed| tokenizer::run(seed));
    seeds("gguf").iter().for_each(|seed| gguf::run(seed));
}

#[test]
fn the_seeds_of_models_are_models() {
    for seed in seeds("gguf") {
        let file = heptad_infer::gguf::Gguf::parse(seed).unwrap();
        heptad_infer::decoder::Decoder::load(&file, &Default::default()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_vocabularies_keep_the_law(words in "([a-c<>| \u{2581}é]{1,5}\n){0,12}", source in "[{}%a-z' |.()]{0,40}", text in "[a-c<>| \u{2581}é\n]{0,60}") {
        tokenizer::run(format!("{words}\0{source}\0{text}").as_bytes());
    }

    #[test]
    fn models_with_wrong_bytes_keep_the_law(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        for mut seed in seeds("gguf") {
            for (place, byte) in &edits {
                let place = place.index(seed.len());
                seed[place] = *byte;
            }
            gguf::run(&seed);
        }
    }
}
