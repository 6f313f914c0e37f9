//! The scheduler with a model that needs no weights: what comes next follows from everything before, so a token out of place changes the answer.

use std::sync::{
    Arc, Mutex,
    mpsc::{Receiver, Sender, channel},
};

use heptad_infer::{
    sample::{Sampler, Sampling, Stops},
    tokenizer::{Algorithm, TokenKind, Tokenizer, Vocabulary},
};
use tokio::sync::mpsc;

use super::{Engine, Job, Memory, Pass, Scheduler, prefix::Prefixes};
use crate::{
    error::{Error, ErrorKind, Result},
    llm::{
        Delta, FinishReason, Usage,
        local::{
            answer::{Answer, Parts},
            options::Limits,
            prompt::Prepared,
        },
    },
};

/// 256 bytes and an end.
fn tokenizer() -> Arc<Tokenizer> {
    let mut tokens: Vec<String> = (0..=255).map(|byte| format!("<0x{byte:02X}>")).collect();
    tokens.push("</s>".into());
    let vocabulary = Vocabulary {
        algorithm: Algorithm::SentencePiece { space_prefix: false },
        scores: vec![0.0; tokens.len()],
        kinds: [vec![TokenKind::Byte; 256], vec![TokenKind::Control]].concat(),
        tokens,
        bos: None,
        eos: Some(256),
        unknown: None,
        ends: Vec::new(),
        add_bos: None,
        add_eos: false,
    };
    Arc::new(Tokenizer::new(&vocabulary).expect("sound"))
}

/// A memory that holds the tokens themselves.
#[derive(Clone)]
struct Tape(Vec<u32>);

impl Memory for Tape {
    fn bytes(&self) -> usize {
        4 * self.0.len()
    }
    fn fork(&self) -> Self {
        self.clone()
    }
    fn truncate(&mut self, length: usize) -> bool {
        self.0.truncate(length);
        self.0.len() == length
    }
    fn capacity(&self) -> usize {
        CONTEXT
    }
}

const CONTEXT: usize = 100_000;

/// The token on which the model panics.
const POISON: u32 = 0;

#[derive(Default)]
struct Fake {
    /// The sizes of the passes of each step.
    steps: Arc<Mutex<Vec<Vec<usize>>>>,
    /// One message for each step that may be made.
    gate: Option<Mutex<Receiver<()>>>,
}

impl Engine for Fake {
    type Cache = Tape;

    fn cache(&self, capacity: usize) -> Tape {
        assert_eq!(capacity, CONTEXT, "a memory that cannot be had");
        Tape(Vec::new())
    }

    fn step(&self, batch: &mut [Pass<'_, Tape>]) -> Result<Vec<Option<Vec<f32>>>> {
        if let Some(gate) = &self.gate {
            gate.lock().unwrap().recv().map_err(|_| Error::internal("the test is over"))?;
        }
        self.steps.lock().unwrap().push(batch.iter().map(|pass| pass.tokens.len()).collect());
        let row = |pass: &mut Pass<'_, Tape>| {
            assert!(
                !pass.tokens.is_empty() && !pass.tokens.contains(&POISON),
                "a pass without tokens, or poison"
            );
            pass.cache.0.extend_from_slice(pass.tokens);
            pass.wanted.then(|| {
                let hash =
                    pass.cache.0.iter().fold(7_u32, |hash, token| (hash ^ token).wrapping_mul(16_777_619));
                let mut logits = vec![0.0; 257];
                logits[(b'a' + (hash >> 24) as u8 % 26) as usize] = 1.0;
                logits
            })
        };
        Ok(batch.iter_mut().map(row).collect())
    }
}

fn job(prompt: &[u8], limit: usize) -> (Job, mpsc::Receiver<Result<Delta>>) {
    job_within(CONTEXT, prompt, limit)
}

fn job_within(context: usize, prompt: &[u8], limit: usize) -> (Job, mpsc::Receiver<Result<Delta>>) {
    let answer = Answer::new(Parts {
        tokenizer: tokenizer(),
        sampler: Sampler::new(Sampling { temperature: 0.0, ..Sampling::default() }, 0),
        mask: None,
        forced: None,
        stops: Stops::default(),
        parser: None,
        limit,
        name: String::new(),
    });
    let prompt = prompt.iter().map(|byte| u32::from(*byte)).collect();
    Job::new(Prepared { prompt, answer, context }, "fake".into())
}

fn limits() -> Limits {
    Limits { batch: 4, queue: 64, prefix_bytes: 1 << 20 }
}

/// Text, usage and reason of an answer.
fn read(deltas: &mut mpsc::Receiver<Result<Delta>>) -> Result<(String, Usage, FinishReason)> {
    let (mut text, mut used) = (String::new(), Usage::default());
    while let Some(delta) = deltas.blocking_recv() {
        match delta? {
            Delta::Text { text: more } => text.push_str(&more),
            Delta::Usage(usage) => used = usage,
            Delta::Finish { reason } => return Ok((text, used, reason)),
            _ => {}
        }
    }
    Err(Error::internal("cut"))
}

fn gated() -> (Fake, Sender<()>) {
    let (open, gate) = channel();
    (Fake { gate: Some(Mutex::new(gate)), ..Fake::default() }, open)
}

#[test]
fn answers_together_are_those_alone() {
    let scheduler = Scheduler::start(limits(), || Ok(Fake::default()));
    let prompts: Vec<Vec<u8>> = (1..=20_u8).map(|n| vec![n; 50 * usize::from(n)]).collect();
    let together: Vec<_> = prompts
        .iter()
        .map(|prompt| {
            let (job, deltas) = job(prompt, 40);
            scheduler.submit(job).unwrap();
            deltas
        })
        .collect();
    for (prompt, mut deltas) in prompts.iter().zip(together) {
        let (text, usage, reason) = read(&mut deltas).unwrap();
        let alone = Scheduler::start(Limits { batch: 1, ..limits() }, || Ok(Fake::default()));
        let (job, mut deltas) = job(prompt, 40);
        alone.submit(job).unwrap();
        assert_eq!(text, read(&mut deltas).unwrap().0);
        assert_eq!((text.len(), reason), (40, FinishReason::Length));
        assert_eq!((usage.input_tokens, usage.output_tokens), (prompt.len() as u64, 40));
    }
}

#[test]
fn a_long_prompt_stops_nobody() {
    let (fake, open) = gated();
    let steps = Arc::clone(&fake.steps);
    let scheduler = Scheduler::start(limits(), move || Ok(fake));
    let (short, mut first) = job(b"short", 30);
    let (long, mut second) = job(&[5; 2000], 3);
    let (longer, mut third) = job(&[6; 2000], 3);
    for job in [short, long, longer] {
        scheduler.submit(job).unwrap();
    }
    let _ = (0..200).try_for_each(|_| open.send(()));
    for deltas in [&mut first, &mut second, &mut third] {
        read(deltas).unwrap();
    }
    let steps = steps.lock().unwrap();
    assert!(
        steps.iter().all(|sizes| sizes.iter().filter(|size| **size > 1).count() <= 1),
        "one chunk a step: {steps:?}"
    );
    assert!(steps.iter().all(|sizes| sizes.iter().all(|size| *size <= super::CHUNK)), "{steps:?}");
    // While prompts of 2,000 tokens are read, the short one writes a token in every step.
    let beside = steps.iter().filter(|sizes| sizes.len() > 1 && sizes[0] == 1).count();
    assert!(beside >= 25, "{steps:?}");
}

#[test]
fn a_second_turn_computes_only_what_is_new() {
    let fake = Fake::default();
    let steps = Arc::clone(&fake.steps);
    let scheduler = Scheduler::start(limits(), move || Ok(fake));
    let (first, mut deltas) = job(&[3; 500], 10);
    scheduler.submit(first).unwrap();
    let (text, usage, _) = read(&mut deltas).unwrap();
    assert_eq!(usage.cached_tokens, 0);
    let second: Vec<u8> = [&[3; 500][..], text.as_bytes(), b"and?"].concat();
    steps.lock().unwrap().clear();
    let (job_two, mut deltas) = job(&second, 10);
    scheduler.submit(job_two).unwrap();
    let (again, usage, _) = read(&mut deltas).unwrap();
    assert_eq!(usage.cached_tokens, 509, "all but the last token of the first answer was computed");
    assert_eq!(steps.lock().unwrap()[0], [second.len() - 509]);
    let fresh = Scheduler::start(limits(), || Ok(Fake::default()));
    let (job_three, mut deltas) = job(&second, 10);
    fresh.submit(job_three).unwrap();
    assert_eq!(read(&mut deltas).unwrap().0, again, "as in a fresh context");
    // The same prompt again: one token is left to compute.
    let (job_four, mut deltas) = job(&second, 10);
    scheduler.submit(job_four).unwrap();
    let (same, usage, _) = read(&mut deltas).unwrap();
    assert_eq!((same, usage.cached_tokens), (again, second.len() as u64 - 1));
}

#[test]
fn a_dropped_stream_stops_the_work() {
    let (fake, open) = gated();
    let steps = Arc::clone(&fake.steps);
    let scheduler = Scheduler::start(limits(), move || Ok(fake));
    let (endless, mut deltas) = job(b"endless", 50_000);
    scheduler.submit(endless).unwrap();
    open.send(()).unwrap();
    assert!(matches!(deltas.blocking_recv(), Some(Ok(Delta::Start { .. }))));
    assert!(matches!(deltas.blocking_recv(), Some(Ok(Delta::Text { .. }))));
    drop(deltas);
    let (next, mut deltas) = job(b"next", 2);
    scheduler.submit(next).unwrap();
    for _ in 0..10 {
        open.send(()).unwrap();
    }
    read(&mut deltas).unwrap();
    let steps = steps.lock().unwrap();
    assert!(steps.len() <= 4, "one for the first, at most one that had begun, two for the next: {steps:?}");
}

#[test]
fn a_panic_is_an_error_and_the_next_request_is_answered() {
    let scheduler = Scheduler::start(limits(), || Ok(Fake::default()));
    let (poisoned, mut deltas) = job(&[1, 0, 1], 5);
    scheduler.submit(poisoned).unwrap();
    assert_eq!(read(&mut deltas).unwrap_err().kind(), ErrorKind::Internal);
    let (good, mut deltas) = job(b"good", 5);
    scheduler.submit(good).unwrap();
    assert_eq!(read(&mut deltas).unwrap().0.len(), 5);
}

#[test]
fn a_model_that_cannot_be_loaded_answers_with_the_reason() {
    let refuse = || Err::<Fake, _>(Error::new(ErrorKind::Corrupt, "the file is cut"));
    for scheduler in [
        Scheduler::start(limits(), refuse),
        Scheduler::start(limits(), || -> Result<Fake> { panic!("loading") }),
    ] {
        for _ in 0..2 {
            let (job, mut deltas) = job(b"x", 5);
            scheduler.submit(job).unwrap();
            let kind = read(&mut deltas).unwrap_err().kind();
            assert!(matches!(kind, ErrorKind::Corrupt | ErrorKind::Internal), "{kind}");
        }
    }
}

#[test]
fn a_full_queue_refuses_and_says_when_to_come_again() {
    let (fake, open) = gated();
    let scheduler = Scheduler::start(Limits { batch: 1, queue: 2, ..limits() }, move || Ok(fake));
    let mut waiting = Vec::new();
    let refused = loop {
        let (job, deltas) = job(b"x", 2);
        waiting.push(deltas);
        if let Err(error) = scheduler.submit(job) {
            break error;
        }
    };
    assert!(waiting.len() <= 4, "one is answered, two wait");
    assert_eq!(refused.kind(), ErrorKind::LimitExceeded);
    assert_ne!(refused.retryable(), crate::error::Retry::Never);
    waiting.pop();
    let _ = (0..20).try_for_each(|_| open.send(()));
    for mut deltas in waiting {
        read(&mut deltas).unwrap();
    }
}

#[test]
fn who_is_not_waited_for_any_more_takes_no_place_in_the_queue() {
    let (fake, open) = gated();
    let scheduler = Scheduler::start(Limits { batch: 1, queue: 2, ..limits() }, move || Ok(fake));
    let mut waiting = Vec::new();
    loop {
        let (job, deltas) = job(b"x", 2);
        if scheduler.submit(job).is_err() {
            break;
        }
        waiting.push(deltas);
    }
    let mut alive = waiting.remove(0);
    drop(waiting);
    let (job, mut late) = job(b"y", 2);
    scheduler.submit(job).unwrap();
    let _ = (0..20).try_for_each(|_| open.send(()));
    for deltas in [&mut alive, &mut late] {
        read(deltas).unwrap();
    }
}

#[test]
fn a_request_that_panics_before_it_is_in_the_batch_fails_alone() {
    let scheduler = Scheduler::start(limits(), || Ok(Fake::default()));
    let (broken, mut fails) = job_within(CONTEXT + 1, b"x", 2);
    let (sound, mut answered) = job(b"x", 2);
    scheduler.submit(broken).unwrap();
    scheduler.submit(sound).unwrap();
    assert_eq!(read(&mut fails).unwrap_err().kind(), ErrorKind::Internal);
    read(&mut answered).unwrap();
}

#[test]
fn kept_prompts_are_bounded_and_the_longest_unused_goes_first() {
    let mut prefixes = Prefixes::new(4 * 100);
    for number in 1..=5_u32 {
        prefixes.keep(vec![number; 30], Tape(vec![number; 30]));
        // The first is used each time.
        prefixes.find(&[1; 31], CONTEXT);
    }
    let known: Vec<bool> = (1..=5).map(|number| prefixes.find(&[number; 31], CONTEXT).is_some()).collect();
    assert_eq!(known, [true, false, false, true, true]);
    prefixes.keep(vec![9; 200], Tape(vec![9; 200]));
    assert!(prefixes.find(&[9; 31], CONTEXT).is_none(), "larger than everything together may be");
}
