//! A local model beside llama.cpp: the same file, the same threads, the same tokens; processor time a token, memory, and perplexity.
//!
//! The model is Gemma 3 270M (Q4_K_M), installed on demand; the peer is PyPI's `llama-cpp-py-sync`, started with the Python that `LLAMA_PYTHON`
//! names. Each side has a process of its own. Run: `cargo xtask bench llm`.

#![allow(clippy::print_stdout, reason = "a comparison tells its result")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use heptad_benches::cpu_time;
use heptad_infer::{
    decoder::{Decoder, LoadOptions, Step, Wanted},
    gguf::Gguf,
    tokenizer::{Tokenizer, Vocabulary},
};
use heptad_testkit::models;
use serde_json::{Value, json};

const INSTALL: &str = "\
how to install llama.cpp: `pip install --target peer llama-cpp-py-sync`, then `PYTHONPATH=peer cargo xtask bench llm`. Its wheel needs glibc 2.38; \
on an older system unpack libc6, libstdc++6, libgcc-s1 and libgomp1 of a newer Debian into a folder and let LLAMA_PYTHON name a script that starts \
python3 through that folder's ld-linux-x86-64.so.2 with --library-path";

const ROUNDS: usize = 3;
/// Tokens generated in a round.
const TOKENS: usize = 48;
/// "The capital of the United States is", after the token that begins a text.
const PROMPT: [u32; 8] = [2, 818, 5279, 529, 506, 2739, 4908, 563];

/// What perplexity is measured on: 4,599 tokens of a licence and of prose of this repository.
const TEXT: &str = concat!(include_str!("../../LICENSE-APACHE"), include_str!("../../ARCHITECTURE.md"));
/// Tokens of text that are predicted, in sequences of [`SEQUENCE`].
const PREDICTED: usize = 9 * (SEQUENCE - 1);
/// Tokens of a sequence, the one that begins it among them.
const SEQUENCE: usize = 512;

fn main() {
    if !env::args().any(|argument| argument == "--bench") {
        return; // `cargo test` builds and starts every bench; there is nothing to check here.
    }
    let Some(file) = models::gemma() else { return };
    let done = [1, 2].into_iter().try_for_each(|threads| compare(&file, threads));
    if let Err(reason) = done.and_then(|()| predict(&file)) {
        println!("not run: llama.cpp: {reason}\n{INSTALL}");
    }
}

/// One side's round: seconds of processor.
struct Round {
    prefill: f64,
    decode: f64,
}

fn compare(file: &Path, threads: usize) -> Result<(), String> {
    let mut peer = Peer::start()?;
    peer.ask(&json!({"load": file, "threads": threads, "context": 2048}))?;
    let gguf = Gguf::open(file).map_err(|error| error.to_string())?;
    let decoder = Decoder::load(&gguf, &LoadOptions { threads }).map_err(|error| error.to_string())?;
    let long: Vec<u32> = PROMPT[..1].iter().chain(PROMPT[1..].iter().cycle().take(255)).copied().collect();
    for (name, prompt, count) in [("8 tokens", &PROMPT[..], TOKENS), ("256 tokens", &long, 2)] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let answer = peer.ask(&json!({"greedy": prompt, "count": count}))?;
            let (said, round) = greedy(&decoder, prompt, count);
            assert_eq!(json!(said), answer["tokens"], "the two sides say different tokens");
            ours.push(round);
            let seconds = |key: &str| answer[key].as_f64().unwrap_or(f64::NAN);
            theirs.push(Round { prefill: seconds("prefill_cpu"), decode: seconds("decode_cpu") });
        }
        tell(&format!("{threads} threads, prefill {name}"), &ours, &theirs, |round| {
            round.prefill / prompt.len() as f64
        });
        if count > 2 {
            tell(&format!("{threads} threads, decode"), &ours, &theirs, |round| {
                round.decode / (count - 1) as f64
            });
        }
    }
    let (own, other) = (resident(), peer.ask(&json!({"rss": true}))?["rss_kb"].as_f64().unwrap_or(f64::NAN));
    println!(
        "{threads} threads, memory: ours {:.0} MB, llama.cpp {:.0} MB: {:.2}x",
        own / 1e3,
        other / 1e3,
        own / other
    );
    Ok(())
}

/// How well each side predicts the same text.
fn predict(file: &Path) -> Result<(), String> {
    let mut peer = Peer::start()?;
    peer.ask(&json!({"load": file, "threads": 2, "context": SEQUENCE}))?;
    let failed = |error: heptad_infer::Error| error.to_string();
    let gguf = Gguf::open(file).map_err(failed)?;
    let decoder = Decoder::load(&gguf, &LoadOptions { threads: 2 }).map_err(failed)?;
    let tokenizer = Tokenizer::new(&Vocabulary::of(&gguf).map_err(failed)?).map_err(failed)?;
    let tokens = tokenizer.encode(TEXT);
    assert!(tokens.len() >= PREDICTED, "the text is too short");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for tokens in tokens[..PREDICTED].chunks_exact(SEQUENCE - 1) {
        let tokens = [&PROMPT[..1], tokens].concat();
        ours.extend(surprises(&decoder, &tokens));
        let answer = peer.ask(&json!({"surprises": tokens}))?;
        theirs.extend(answer["each"].as_array().into_iter().flatten().filter_map(Value::as_f64));
    }
    assert_eq!((ours.len(), theirs.len()), (PREDICTED, PREDICTED));
    let count = PREDICTED as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    // Token by token: what both find hard is not noise between them.
    let apart: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours - theirs).collect();
    let more = mean(&apart);
    let error = (apart.iter().map(|one| (one - more).powi(2)).sum::<f64>() / (count - 1.0) / count).sqrt();
    println!(
        "perplexity over {PREDICTED} tokens: ours {:.4}, llama.cpp {:.4}: {:+.3} % ± {:.3} %",
        mean(&ours).exp(),
        mean(&theirs).exp(),
        100.0 * more.exp_m1(),
        100.0 * error
    );
    // Each rounds activations in its own way: what two errors of the difference explain is none.
    assert!(more <= 2.0 * error, "the perplexity is above llama.cpp's");
    Ok(())
}

/// What is lost in predicting each token from those before it, in nats: the negative logarithms of their probabilities.
fn surprises(decoder: &Decoder, tokens: &[u32]) -> Vec<f64> {
    let mut cache = decoder.cache(tokens.len());
    let mut each = Vec::with_capacity(tokens.len());
    // Few at a time: a row of logits takes a megabyte.
    for (known, next) in tokens[..tokens.len() - 1].chunks(64).zip(tokens[1..].chunks(64)) {
        let step = Step { cache: &mut cache, tokens: known, wanted: Wanted::All };
        let logits = decoder.step(&mut [step]).expect("the tokens are the model's own");
        for (row, &next) in logits.rows(0).zip(next) {
            let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let total: f64 = row.iter().map(|logit| f64::from((logit - largest).exp())).sum();
            each.push(f64::from(largest) + total.ln() - f64::from(row[next as usize]));
        }
    }
    each
}

fn tell(what: &str, ours: &[Round], theirs: &[Round], measure: impl Fn(&Round) -> f64) {
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let ratio =
        middle(ours.iter().zip(theirs).map(|(ours, theirs)| measure(theirs) / measure(ours)).collect());
    let milliseconds = |rounds: &[Round]| middle(rounds.iter().map(&measure).collect()) * 1e3;
    let (ours, theirs) = (milliseconds(ours), milliseconds(theirs));
    println!("{what}: ours {ours:.2} CPU-ms a token, llama.cpp {theirs:.2}: {ratio:.2}x its speed");
}

/// The likeliest tokens after a prompt, and what they took.
fn greedy(decoder: &Decoder, prompt: &[u32], count: usize) -> (Vec<u32>, Round) {
    let mut cache = decoder.cache(prompt.len() + count);
    let mut next = |tokens: &[u32]| {
        let before = cpu_time().unwrap_or_default();
        let step = Step { cache: &mut cache, tokens, wanted: Wanted::Last };
        let logits = decoder.step(&mut [step]).expect("the tokens are the model's own");
        let took = cpu_time().unwrap_or_default() - before;
        let row = logits.last(0).expect("the last row was wanted");
        let best =
            (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).expect("a vocabulary is not empty");
        (best as u32, took.as_secs_f64())
    };
    let (first, prefill) = next(prompt);
    let (mut said, mut decode) = (vec![first], 0.0);
    while said.len() < count {
        let (token, took) = next(&said[said.len() - 1..]);
        said.push(token);
        decode += took;
    }
    (said, Round { prefill, decode })
}

/// Kilobytes of memory this process holds, mapped files among them.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
}

/// llama.cpp in a Python process of its own, ended when dropped.
struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start() -> Result<Self, String> {
        let python = env::var_os("LLAMA_PYTHON").unwrap_or_else(|| "python3".into());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/llm/llama.py");
        let mut child = Command::new(&python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", python.display()))?;
        let input = child.stdin.take().ok_or("the peer has no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("the peer has no output")?);
        Ok(Self { child, input, output })
    }

    fn ask(&mut self, command: &Value) -> Result<Value, String> {
        writeln!(self.input, "{command}").map_err(|_| "it cannot be imported in Python".to_owned())?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| error.to_string())?;
        serde_json::from_str(&line).map_err(|_| "it cannot be imported in Python, or failed".to_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
