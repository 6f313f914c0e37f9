//! The fuzz target's law, over its seeds and over random input.

#[path = "../../../../fuzz/targets/tokenizer.rs"]
mod target;

use proptest::prelude::*;

#[test]
fn the_seeds_keep_the_law() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/tokenizer");
    for seed in std::fs::read_dir(folder).expect("there are seeds").flatten() {
        target::run(&std::fs::read(seed.path()).expect("read"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_vocabularies_keep_the_law(words in "([a-c<>| \u{2581}é]{1,5}\n){0,12}", source in "[{}%a-z' |.()]{0,40}", text in "[a-c<>| \u{2581}é\n]{0,60}") {
        target::run(format!("{words}\0{source}\0{text}").as_bytes());
    }
}
