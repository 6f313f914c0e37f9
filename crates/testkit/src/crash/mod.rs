//! Killing a process at random moments and looking at what it leaves behind.
//!
//! A crash test is one test function that is two programs. Called by the test runner it is the *parent*: it starts its own binary again
//! as the *child*, reads what the child acknowledges, kills it (SIGKILL) at a random moment, and has the *check* look at the folder. The
//! same folder goes through several lives, so recovery is followed by more work and more crashes.
//!
//! ```no_run
//! use heptad_testkit::crash::{Crash, Life};
//!
//! // In tests/it/store/crash.rs:
//! #[test]
//! fn what_was_acknowledged_is_there() {
//!     // The name is the path of this test within its binary: that is how the child finds its way back here.
//!     Crash::new("store::crash::what_was_acknowledged_is_there").run(
//!         |life: Life| async move {
//!             // The child. It opens what is in `life.folder`, works for ever, and acknowledges what is done *after* it is done.
//!             for n in 0.. {
//!                 std::fs::write(life.folder.join(format!("{n}")), "x").expect("a file can be written");
//!                 life.acknowledge(n);
//!             }
//!         },
//!         |remains| async move {
//!             // The check, after every death: opens what is there and compares it with all acknowledgements of all lives so far.
//!             for n in &remains.acknowledged {
//!                 assert!(remains.folder.join(n).exists());
//!             }
//!         },
//!     );
//! }
//! ```
//!
//! The environment says how long it takes: `HEPTAD_CRASH_ROUNDS` (kills for each test, 30) and `HEPTAD_CRASH_SEED` (printed when a check
//! fails). [`Crash::after_kill`] does more to the files than the kill did, such as the loss of what was not synced.
//!
//! [`together`] is the peaceful sister: several processes work in one folder at once, and none is killed.

mod child;
mod together;

use std::{
    future::Future,
    io::{BufRead, BufReader},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use tokio::runtime::Runtime;

use self::child::PREFIX;
pub use self::{child::Life, together::together};
use crate::random::Random;

/// How a crash test is run.
pub struct Crash {
    name: &'static str,
    rounds: u64,
    lives: u64,
    most_acknowledgements: u64,
    after_kill: Option<Wreck>,
}

/// What is done to a folder.
type Wreck = Box<dyn Fn(&Path, u64)>;

/// What a check gets to see.
#[derive(Clone, Debug)]
pub struct Remains {
    /// The folder the children worked in.
    pub folder: PathBuf,
    /// What they acknowledged, in all their lives, in the order it was heard.
    pub acknowledged: Vec<String>,
    /// How often a child was killed in this folder.
    pub deaths: u64,
}

impl Remains {
    /// The acknowledgements that begin with the word `what`, without it: where several things are done at once, each has a word of its own.
    pub fn told<'a>(&'a self, what: &'a str) -> impl Iterator<Item = &'a str> {
        self.acknowledged.iter().filter_map(move |line| line.strip_prefix(what)?.strip_prefix(' '))
    }
}

impl Crash {
    /// `name` is the path of the calling test within its binary, as `cargo test -- --list` prints it.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            rounds: number("HEPTAD_CRASH_ROUNDS", 30),
            lives: 3,
            most_acknowledgements: 300,
            after_kill: None,
        }
    }

    /// How many children are killed where `HEPTAD_CRASH_ROUNDS` does not say; default 30.
    #[must_use]
    pub fn rounds(mut self, rounds: u64) -> Self {
        self.rounds = number("HEPTAD_CRASH_ROUNDS", rounds);
        self
    }

    /// How often the same folder is worked in and left; default 3.
    #[must_use]
    pub fn lives(mut self, lives: u64) -> Self {
        self.lives = lives.max(1);
        self
    }

    /// A child is killed after 0 to this many acknowledgements; default 300.
    #[must_use]
    pub fn most_acknowledgements(mut self, most: u64) -> Self {
        self.most_acknowledgements = most;
        self
    }

    /// What happens to the folder between the kill and the check. The number is another after each kill, and the same from the same seed.
    #[must_use]
    pub fn after_kill(mut self, wreck: impl Fn(&Path, u64) + 'static) -> Self {
        self.after_kill = Some(Box::new(wreck));
        self
    }

    /// Runs `child` where this process is the child; otherwise kills as many children as there are rounds, and `check`s after each.
    ///
    /// # Panics
    /// Where the check panics, with the seed and the round; where a child ends before it is killed.
    pub fn run<C: Future<Output = ()>, K: Future<Output = ()>>(
        self,
        child: impl FnOnce(Life) -> C,
        check: impl Fn(Remains) -> K,
    ) {
        let runtime = runtime();
        if let Some(life) = Life::of_this_process(self.name) {
            end_with_any_panic();
            runtime.block_on(child(life));
            // Ending is a failure, and the parent sees it as the end of the pipe.
            std::process::exit(1);
        }
        let seed = number("HEPTAD_CRASH_SEED", u64::from(std::process::id()) << 20 | 1);
        let mut random = Random::new(seed);
        let mut round = 0;
        while round < self.rounds {
            let folder = tempfile::tempdir().expect("a folder can be made");
            let mut remains =
                Remains { folder: folder.path().to_owned(), acknowledged: Vec::new(), deaths: 0 };
            for life in 0..self.lives.min(self.rounds - round) {
                self.live_and_die(&mut remains, life, &mut random);
                if let Some(wreck) = &self.after_kill {
                    wreck(folder.path(), random.below(u64::MAX));
                }
                let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
                    runtime.block_on(check(remains.clone()));
                }));
                #[expect(
                    clippy::print_stderr,
                    reason = "how to see it again, beside the message of the panic"
                )]
                if let Err(panic) = outcome {
                    let kept = folder.keep();
                    eprintln!(
                        "round {round} failed, HEPTAD_CRASH_SEED={seed}; the files stay in {}",
                        kept.display()
                    );
                    std::panic::resume_unwind(panic);
                }
                round += 1;
            }
        }
    }

    /// Starts a child, listens to it, and kills it.
    fn live_and_die(&self, remains: &mut Remains, life: u64, random: &mut Random) {
        let mut child = start(self.name, &remains.folder, life);
        let pipe = child.stdout.take().expect("the child's output is a pipe");
        let (deadline, delay) = (random.below(self.most_acknowledgements + 1), random.below(3_000));
        let mut heard = 0;
        let mut killed = false;
        // One more pass after the kill: what the child wrote before it died is acknowledged, heard or not.
        for text in heard_from(pipe) {
            if !text.is_empty() {
                remains.acknowledged.push(text);
                heard += 1;
            }
            if heard >= deadline && !killed {
                // Anywhere between two acknowledgements.
                std::thread::sleep(Duration::from_micros(delay));
                child.kill().expect("the child can be killed");
                killed = true;
            }
        }
        let status = child.wait().expect("the child can be waited for");
        assert!(
            killed,
            "the child ended by itself ({status}) after {heard} acknowledgements: see its output above"
        );
        remains.deaths += 1;
    }
}

/// A task that panics must not go unnoticed because others work on.
fn end_with_any_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::exit(1);
    }));
}

fn runtime() -> Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be started")
}

/// Starts this binary again, as the child of the test called `name`.
fn start(name: &str, folder: &Path, life: u64) -> Child {
    let binary = std::env::current_exe().expect("a process knows its binary");
    Command::new(binary)
        .args([name, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"])
        .envs(Life::environment(name, folder, life))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary can be started again")
}

/// What a child acknowledges until its pipe ends; an empty text first. A line that death cut off is left out.
fn heard_from(pipe: ChildStdout) -> impl Iterator<Item = String> {
    BufReader::new(pipe).split(b'\n').filter_map(|line| {
        let line = String::from_utf8(line.expect("a pipe can be read")).ok()?;
        Some(line.strip_prefix(PREFIX)?.strip_suffix(child::END)?.to_owned())
    })
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} is a number, this is `{text}`"))
    })
}
