//! Two sides doing the same work, in turns.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use crate::cpu_time;

/// One measured run of one side.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Units of work done.
    pub events: u64,
    /// Time on the wall.
    pub wall: Duration,
    /// Time of the processor, where known.
    pub cpu: Option<Duration>,
}

impl Round {
    /// Units a second.
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.wall.as_secs_f64()
    }

    /// Microseconds of processor a unit.
    pub fn cpu_us(&self) -> Option<f64> {
        self.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / self.events as f64)
    }
}

/// The rounds of two sides, `ours` and `theirs`.
#[derive(Debug, Default)]
pub struct Contest {
    /// Our rounds.
    pub ours: Vec<Round>,
    /// Those of what we are compared to.
    pub theirs: Vec<Round>,
}

impl Contest {
    /// Our rate over theirs: the median over the pairs of rounds, for what slows the machine down slows both of a pair.
    pub fn rate_ratio(&self) -> f64 {
        median(self.pairs().map(|(ours, theirs)| ours.rate() / theirs.rate()))
    }

    /// Median microseconds of processor a unit, ours and theirs.
    pub fn cpu_us(&self) -> Option<(f64, f64)> {
        let side = |rounds: &[Round]| rounds.iter().map(Round::cpu_us).collect::<Option<Vec<_>>>();
        Some((median(side(&self.ours)?), median(side(&self.theirs)?)))
    }

    /// Microseconds of processor a unit that ours takes beyond theirs: the median over the pairs of rounds.
    pub fn cpu_over_us(&self) -> Option<f64> {
        let over: Option<Vec<f64>> =
            self.pairs().map(|(ours, theirs)| Some(ours.cpu_us()? - theirs.cpu_us()?)).collect();
        over.map(median)
    }

    fn pairs(&self) -> impl Iterator<Item = (&Round, &Round)> {
        self.ours.iter().zip(&self.theirs)
    }

    /// One line: rates, their ratio, and processor time.
    pub fn line(&self, label: &str) -> String {
        let rate = |rounds: &[Round]| median(rounds.iter().map(Round::rate));
        let mut line = format!(
            "{label:<34} ours {:>9.0}/s  theirs {:>9.0}/s  ratio {:.2}",
            rate(&self.ours),
            rate(&self.theirs),
            self.rate_ratio()
        );
        if let (Some((ours, theirs)), Some(over)) = (self.cpu_us(), self.cpu_over_us()) {
            line += &format!("  cpu/event {ours:.1} vs {theirs:.1} µs, over {over:+.1}");
        }
        line
    }
}

/// The middle value; zero of none.
fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Runs `producers` tasks, each of which calls `submit(producer, sequence)` and waits for it `each` times.
pub async fn run_producers<F, Fut>(producers: u64, each: u64, submit: F) -> Round
where
    F: Fn(u64, u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let (cpu, start) = (cpu_time(), Instant::now());
    let tasks: Vec<_> = (0..producers)
        .map(|producer| {
            let submit = submit.clone();
            tokio::spawn(async move {
                for sequence in 0..each {
                    submit(producer, sequence).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a producer does not panic");
    }
    let cpu = cpu.zip(cpu_time()).map(|(before, after)| after - before);
    Round { events: producers * each, wall: start.elapsed(), cpu }
}
