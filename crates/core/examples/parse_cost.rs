//! What parsing costs: the driver alone, with the compact tree, and with the outline. Run it optimised, on a folder of Python files:
//!
//! `cargo run --release -p heptad-core --features lang-python --example parse_cost -- FOLDER`

#![allow(clippy::print_stdout, reason = "an example")]

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use heptad_core::{
    Result,
    code::{
        Language, Outline, Source, parse,
        walk::{Cancel, WalkOptions, walk},
    },
    progress::Silent,
};

const ROUNDS: u32 = 3;

fn main() -> Result<()> {
    let root = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let options = WalkOptions { languages: vec![Language::Python], ignored: true, ..WalkOptions::default() };
    let files = walk(&root, &options, &Silent, &Cancel::default(), |file| file.source)?.files;
    let bytes: usize = files.iter().map(|file| file.len()).sum();
    println!("{} files, {:.1} MB", files.len(), bytes as f64 / 1e6);

    let mut parser = tree_sitter::Parser::new();
    parser
        .set_language(&tree_sitter::Language::new(tree_sitter_python::LANGUAGE))
        .expect("the grammar fits the driver: a test holds it");
    // The least of several rounds, alternating, so that what else the machine does weighs on all alike.
    let mut least = [Duration::MAX; 3];
    let (mut nodes, mut definitions) = (0, 0);
    for _ in 0..ROUNDS {
        let mut trees = Vec::new();
        least[0] =
            least[0].min(timed(|| files.iter().for_each(|file| drop(parser.parse(file.as_str(), None)))));
        least[1] = least[1].min(timed(|| {
            trees = files
                .iter()
                .map(|file: &Source| parse(Language::Python, Arc::<str>::from(file.clone())))
                .collect();
        }));
        nodes = trees.iter().flatten().map(|tree| tree.len()).sum();
        least[2] = least[2].min(timed(|| {
            definitions = trees.iter().flatten().map(|tree| Outline::of(tree).definitions.len()).sum();
        }));
    }
    let [bare, with_tree, outlines] = least.map(|time| time.as_secs_f64());
    let rate = |time: f64| nodes as f64 / time / 1e6;
    println!("{nodes} nodes, {:.1} MB of tree, {definitions} definitions", nodes as f64 * 16.0 / 1e6);
    println!("tree-sitter alone        {bare:.3} s  {:.1} M nodes/s", rate(bare));
    println!(
        "with the compact tree    {with_tree:.3} s  {:.1} M nodes/s  +{:.0} %",
        rate(with_tree),
        (with_tree / bare - 1.0) * 100.0
    );
    println!("outlines, on top         {outlines:.3} s  {:.1} M nodes/s", rate(outlines));
    Ok(())
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
