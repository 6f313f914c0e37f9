//! Whether the platform can do its work: every part is asked something cheap, all of them at the same time.

use std::{future::Future, time::Duration};

use futures_util::future::{BoxFuture, Either, join_all, select};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::disk;
use crate::{
    Kernel,
    backup::BackupState,
    error::{Error, ErrorKind, Result},
    search::Catalog,
    store::Key,
};

/// How long a part may take to answer before it counts as out of reach.
const PATIENCE: Duration = Duration::from_secs(5);

/// A backup that is further behind than this is degraded: it ships every half second or so.
const LATE: Duration = Duration::from_secs(60);

/// What answers later than this is degraded: these are questions that take well below a millisecond.
const SLOW: Duration = Duration::from_secs(1);

/// How a part does, or all of them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It answers.
    Ok,
    /// It works, but slowly, with little room left, or without a part that can be done without.
    Degraded,
    /// It does not answer.
    Failed,
}

/// Whether the platform can do its work.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `failed` where the store or the events are: everything stands on them. `degraded` where any part is not `ok`.
    pub state: HealthState,
    /// The state is `failed`: the one question of a readiness probe. The command line then ends with exit code 1.
    pub failed: bool,
    /// The version of Heptad.
    pub version: String,
    /// The ports and their adapters, and the disk where something is kept on one.
    pub parts: Vec<HealthPart>,
}

/// A part of the platform.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HealthPart {
    /// The port: `store`, `events` or `search`; or `backup`, `disk`.
    pub port: String,
    /// The adapter behind it.
    pub adapter: String,
    /// How it does.
    pub state: HealthState,
    /// How long it took to answer, in milliseconds.
    pub latency_ms: f64,
    /// What it has acknowledged survives the loss of power (of a search index: the end of the process; the store can rebuild it).
    pub durable: bool,
    /// Why it is not `ok`, or what it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a part answers.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) degraded: bool,
    pub(super) detail: Option<String>,
}

/// Asks every part of `kernel`.
pub(super) async fn ask(kernel: &Kernel) -> Health {
    let probes =
        [Some(store(kernel)), Some(events(kernel)), search(kernel), backup(kernel), disk::probe(kernel)];
    let parts = join_all(probes.into_iter().flatten().map(|probe| probe.run(kernel))).await;
    let state = verdict(&parts);
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Health { state, failed: state == HealthState::Failed, version, parts }
}

/// Everything stands on the store and the events; the index is derived, and a disk that does not tell its room still holds the store.
fn verdict(parts: &[HealthPart]) -> HealthState {
    let worst = parts.iter().map(|part| match (part.state, part.port.as_str()) {
        (HealthState::Failed, "store" | "events") => HealthState::Failed,
        (HealthState::Failed, _) => HealthState::Degraded,
        (state, _) => state,
    });
    worst.max().unwrap_or(HealthState::Ok)
}

/// A question to a part, not yet asked.
pub(super) struct Probe<'a> {
    pub(super) port: &'static str,
    pub(super) adapter: &'static str,
    pub(super) durable: bool,
    pub(super) question: BoxFuture<'a, Result<Answer>>,
}

fn store(kernel: &Kernel) -> Probe<'_> {
    let capabilities = kernel.store.capabilities();
    let question = async {
        kernel.store.get(&Key::new("platform", "health")?).await?;
        Ok(Answer::default())
    };
    Probe {
        port: "store",
        adapter: capabilities.name,
        durable: capabilities.durable,
        question: Box::pin(question),
    }
}

fn events(kernel: &Kernel) -> Probe<'_> {
    let capabilities = kernel.bus.capabilities();
    let question = async {
        let topics = kernel.bus.topics().await?.len();
        Ok(Answer { detail: Some(counted(topics as u64, "topic")), ..Answer::default() })
    };
    Probe {
        port: "events",
        adapter: capabilities.name,
        durable: capabilities.durable,
        question: Box::pin(question),
    }
}

fn search(kernel: &Kernel) -> Option<Probe<'_>> {
    let catalog = kernel.search.as_ref()?;
    let capabilities = catalog.capabilities();
    Some(Probe {
        port: "search",
        adapter: capabilities.name,
        durable: capabilities.durable,
        question: Box::pin(searched(catalog)),
    })
}

async fn searched(catalog: &Catalog) -> Result<Answer> {
    let found = catalog.probe().await?;
    let mut said = vec![counted(found.collections as u64, "collection")];
    if found.unasked > 0 {
        said.push(format!("{} of them not asked", found.unasked));
    }
    if found.busy > 0 {
        said.push(format!("{} being brought up to date", found.busy));
    }
    if found.behind > 0 {
        said.push(format!("{} to be applied by the next query", counted(found.behind, "change")));
    }
    if !found.unbuilt.is_empty() {
        said.push(format!("to be built anew by the next query: {}", found.unbuilt.join(", ")));
    }
    Ok(Answer { degraded: !found.unbuilt.is_empty(), detail: Some(said.join("; ")) })
}

/// The continuous backup, where there is one. It answers from memory: what it says is how its worker does.
fn backup(kernel: &Kernel) -> Option<Probe<'_>> {
    let live = kernel.backup.live()?;
    let durable = live.restorable;
    let question = async move {
        let failure = live.error.as_deref().unwrap_or("it does not say why");
        let behind = live.complete.map(|complete| {
            Duration::try_from(kernel.clock.now().duration_since(complete)).unwrap_or_default()
        });
        let detail = match live.state {
            BackupState::Failing => {
                return Err(Error::new(ErrorKind::Unavailable, format!("nothing is shipped: {failure}")));
            }
            BackupState::Stopped => return Err(Error::new(ErrorKind::Unavailable, "it has ended")),
            BackupState::Starting => "finding out what the target has".to_owned(),
            BackupState::Standby => "another process ships".to_owned(),
            BackupState::Shipping if !live.restorable => "the first snapshot is not there yet".to_owned(),
            BackupState::Shipping => {
                format!("shipped up to commit {}", live.commit.map_or("none".into(), |n| n.to_string()))
            }
        };
        let late = live.state == BackupState::Shipping && behind.is_some_and(|behind| behind > LATE);
        let detail = match behind.filter(|_| late) {
            Some(behind) => format!("{detail}, {} s ago", behind.as_secs()),
            None => detail,
        };
        let detail = match &live.error {
            Some(beside) => format!("{detail}; a snapshot, a merge or forgetting failed: {beside}"),
            None => detail,
        };
        Ok(Answer { degraded: late || live.error.is_some(), detail: Some(detail) })
    };
    Some(Probe { port: "backup", adapter: "log", durable, question: Box::pin(question) })
}

impl Probe<'_> {
    /// Waits for the answer, but not for ever.
    async fn run(self, kernel: &Kernel) -> HealthPart {
        let clock = &kernel.clock;
        let began = clock.monotonic();
        let answer = in_time(self.question, clock.sleep(PATIENCE)).await;
        let took = clock.monotonic().saturating_sub(began);
        let (state, detail) = match answer {
            Err(error) => (HealthState::Failed, Some(format!("{}: {error}", error.kind()))),
            Ok(_) if took >= SLOW => {
                (HealthState::Degraded, Some(format!("it took {:.1} s to answer", took.as_secs_f64())))
            }
            Ok(Answer { degraded: true, detail }) => (HealthState::Degraded, detail),
            Ok(Answer { degraded: false, detail }) => (HealthState::Ok, detail),
        };
        HealthPart {
            port: self.port.to_owned(),
            adapter: self.adapter.to_owned(),
            state,
            latency_ms: (took.as_secs_f64() * 1e6).round() / 1e3,
            durable: self.durable,
            detail,
        }
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T>> + Unpin, late: impl Future + Unpin) -> Result<T> {
    match select(answer, late).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => {
            Err(Error::new(ErrorKind::Timeout, format!("no answer within {} s", PATIENCE.as_secs())))
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
