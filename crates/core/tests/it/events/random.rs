//! Random histories of publishers, consumers, failures and crashes in two processes, against what must hold in every one of them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use heptad_core::{
    events::{Backoff, Delivery, Event, EventBus, GroupConfig, GroupName, LocalBus, Subscription, Topic},
    store::{Offset, Store, memory::MemoryStore},
};
use heptad_testkit::VirtualClock;
use proptest::prelude::*;
use tokio::runtime::Runtime;

const ATTEMPTS: u32 = 3;

#[derive(Clone, Debug)]
enum Step {
    /// Publishes an event with this subject; 0: without one.
    Publish(u8),
    /// The process takes an event, if there is one for it.
    Take(usize),
    /// The process acknowledges one of the events it holds.
    Ack(usize, usize),
    AckLater(usize, usize),
    Nack(usize, usize),
    Forget(usize, usize),
    /// The time moves by so many milliseconds.
    Pass(u64),
    /// The process is killed and started anew.
    Crash(usize),
    /// The process closes its subscription and opens it again.
    Rejoin(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (process, which) = (0..2usize, 0..4usize);
    let step = prop_oneof![
        6 => (0..4u8).prop_map(Step::Publish),
        8 => process.clone().prop_map(Step::Take),
        4 => (process.clone(), which.clone()).prop_map(|(p, w)| Step::Ack(p, w)),
        2 => (process.clone(), which.clone()).prop_map(|(p, w)| Step::AckLater(p, w)),
        3 => (process.clone(), which.clone()).prop_map(|(p, w)| Step::Nack(p, w)),
        1 => (process.clone(), which).prop_map(|(p, w)| Step::Forget(p, w)),
        3 => (1..6000u64).prop_map(Step::Pass),
        1 => process.clone().prop_map(Step::Crash),
        1 => process.prop_map(Step::Rejoin),
    ];
    prop::collection::vec(step, 1..80)
}

/// One process: a runtime of its own, so that it can be killed.
struct Process {
    runtime: Runtime,
    bus: LocalBus,
    subscription: Option<Subscription>,
    held: Vec<Delivery>,
}

/// What is known of an event.
#[derive(Default)]
struct Known {
    subject: u8,
    /// The last attempt that was seen.
    attempt: u32,
    /// How often it was delivered.
    deliveries: u32,
    /// Acknowledged, for certain.
    done: bool,
    /// Perhaps acknowledged.
    perhaps: bool,
}

struct World {
    clock: VirtualClock,
    store: Arc<dyn Store>,
    topic: Topic,
    config: GroupConfig,
    events: BTreeMap<u64, Known>,
}

impl World {
    fn new(max_in_flight: usize, prefetch: usize) -> Self {
        let clock = VirtualClock::new();
        let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        let backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(2), seed: 1 };
        let config = GroupConfig::new("workers").max_attempts(ATTEMPTS).backoff(backoff);
        let config = config.ack_wait(Duration::from_secs(5)).max_in_flight(max_in_flight).prefetch(prefetch);
        Self { clock, store, topic: Topic::new("orders").unwrap(), config, events: BTreeMap::new() }
    }

    fn start(&self) -> Process {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let bus = LocalBus::new(self.store.clone(), Arc::new(self.clock.clone()));
        let subscription = runtime.block_on(bus.subscribe(&self.topic, self.config.clone())).expect("joined");
        Process { runtime, bus, subscription: Some(subscription), held: Vec::new() }
    }

    fn publish(&mut self, process: &Process, subject: u8) {
        let event = Event::new("/test", "test.happened");
        let event = if subject == 0 { event } else { event.subject(subject.to_string()) };
        let published =
            process.runtime.block_on(process.bus.publish(&self.topic, vec![event], None)).expect("published");
        self.events.insert(published.first.0, Known { subject, ..Known::default() });
    }

    /// Takes the next event, if the process gets one without time passing.
    fn take(&mut self, process: &mut Process) -> bool {
        self.take_within(process, 0)
    }

    /// Takes the next event, if the process gets one within so many seconds, for which one consumer waits without asking again.
    fn take_within(&mut self, process: &mut Process, seconds: u32) -> bool {
        let subscription = process.subscription.as_ref().expect("it is open");
        let delivery = process.runtime.block_on(async {
            let next = std::pin::pin!(subscription.next());
            let patience = std::pin::pin!(async {
                for second in 0..=seconds {
                    for _ in 0..40 {
                        tokio::task::yield_now().await;
                    }
                    if second < seconds {
                        self.clock.advance(Duration::from_secs(1));
                    }
                }
            });
            match futures_util::future::select(next, patience).await {
                futures_util::future::Either::Left((delivery, _)) => Some(delivery.expect("a delivery")),
                futures_util::future::Either::Right(_) => None,
            }
        });
        let Some(delivery) = delivery else { return false };
        self.check(process, &delivery);
        process.held.push(delivery);
        true
    }

    fn check(&mut self, process: &Process, delivery: &Delivery) {
        let offset = delivery.offset().0;
        let subject = self.events[&offset].subject;
        for (earlier, known) in
            self.events.range(..offset).filter(|(_, known)| subject != 0 && known.subject == subject)
        {
            let over = known.done || known.perhaps || self.letters(process).contains_key(earlier);
            assert!(
                over,
                "{offset} was handed out before {earlier}, which has the same subject and is not done"
            );
        }
        let known = self.events.get_mut(&offset).expect("only what was published is delivered");
        assert!(!known.done, "{offset} was acknowledged and came again");
        known.deliveries += 1;
        // It may be that a process died before anybody knew of the delivery, once.
        assert!(
            known.deliveries <= delivery.attempt() + 1,
            "{offset} was delivered {} times",
            known.deliveries
        );
        assert!(delivery.attempt() >= known.attempt, "{offset} came again as attempt {}", delivery.attempt());
        assert!(delivery.attempt() <= ATTEMPTS, "{offset} has more attempts than it is allowed");
        known.attempt = delivery.attempt();
    }

    /// How often each event was given up.
    fn letters(&self, process: &Process) -> BTreeMap<u64, usize> {
        let group = GroupName::new("workers").unwrap();
        let letters = process.bus.dead_letters(&self.topic, &group, Offset::START, 1000);
        let mut counts = BTreeMap::new();
        for letter in process.runtime.block_on(letters).expect("listed") {
            assert_eq!(letter.attempts, ATTEMPTS, "{} was given up after all its attempts", letter.origin);
            *counts.entry(letter.origin.0).or_default() += 1;
        }
        counts
    }

    fn ack(&mut self, process: &mut Process, which: usize) {
        if process.held.is_empty() {
            return;
        }
        let delivery = process.held.swap_remove(which % process.held.len());
        let offset = delivery.offset().0;
        // A refusal means that somebody else has it, or had it to the end.
        if process.runtime.block_on(delivery.ack()).is_ok() {
            self.events.get_mut(&offset).expect("known").done = true;
        }
    }

    /// Everything left is taken and acknowledged; then every event is accounted for.
    fn finish(&mut self, mut processes: Vec<Process>) {
        let mut process = processes.pop().expect("there are two");
        drop(processes);
        process.held.clear();
        while self.take_within(&mut process, 100) {
            self.ack(&mut process, 0);
        }
        let status = process.runtime.block_on(process.bus.groups(None)).expect("listed").remove(0);
        assert_eq!((status.lag, status.in_flight, status.waiting), (0, 0, 0), "nothing is stuck");
        let letters = self.letters(&process);
        for (offset, known) in &self.events {
            let given_up = letters.get(offset).copied().unwrap_or(0);
            assert!(given_up <= 1, "{offset} was given up twice");
            assert!(known.attempt > 0 || given_up == 1, "{offset} was never delivered");
            assert!(known.done || known.perhaps || given_up == 1, "{offset} is lost");
        }
    }
}

fn run(max_in_flight: usize, prefetch: usize, steps: Vec<Step>) {
    let mut world = World::new(max_in_flight, prefetch);
    let mut processes = vec![world.start(), world.start()];
    for step in steps {
        match step {
            Step::Publish(subject) => world.publish(&processes[0], subject),
            Step::Take(who) => {
                world.take(&mut processes[who]);
            }
            Step::Ack(who, which) => world.ack(&mut processes[who], which),
            Step::AckLater(who, which) | Step::Nack(who, which) | Step::Forget(who, which) => {
                let process = &mut processes[who];
                if process.held.is_empty() {
                    continue;
                }
                let delivery = process.held.swap_remove(which % process.held.len());
                match step {
                    Step::AckLater(..) => {
                        world.events.get_mut(&delivery.offset().0).expect("known").perhaps = true;
                        delivery.ack_later();
                    }
                    // Refused where the claim lapsed.
                    Step::Nack(..) => drop(process.runtime.block_on(delivery.nack("no"))),
                    _ => drop(delivery),
                }
            }
            Step::Pass(milliseconds) => world.clock.advance(Duration::from_millis(milliseconds)),
            Step::Crash(who) => {
                let dead = std::mem::replace(&mut processes[who], world.start());
                drop(dead.runtime);
            }
            Step::Rejoin(who) => {
                let process = &mut processes[who];
                process.subscription = None;
                let again = process.bus.subscribe(&world.topic, world.config.clone());
                process.subscription = Some(process.runtime.block_on(again).expect("joined again"));
            }
        }
    }
    world.finish(processes);
}

/// 96 histories, or as many as `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let told = std::env::var("PROPTEST_CASES").is_ok();
    let default = ProptestConfig::default();
    ProptestConfig { cases: if told { default.cases } else { 96 }, failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_is_lost_reordered_or_delivered_after_its_acknowledgement(
        max_in_flight in 1..8usize,
        prefetch in 0..4usize,
        steps in steps(),
    ) {
        run(max_in_flight, prefetch.min(max_in_flight), steps);
    }
}

/// A worker that has not looked at the topic yet must find what waits there even where nothing new has room.
#[test]
fn a_process_that_joins_finds_the_redeliveries_that_fill_the_group() {
    let crowded = [
        vec![Step::Publish(0); 7],
        vec![Step::Take(0), Step::Publish(0), Step::Take(1), Step::Publish(0), Step::Take(1)],
        vec![Step::Nack(1, 0), Step::Crash(1)],
    ];
    run(6, 2, crowded.concat());
    run(1, 0, vec![Step::Publish(1), Step::Take(1), Step::Nack(1, 0), Step::Crash(1)]);
}

#[test]
fn a_process_that_joins_finds_redeliveries_pages_behind_an_event_that_is_held() {
    let mut world = World::new(3, 0);
    let mut first = world.start();
    for subject in [1; 600].into_iter().chain([0; 2]) {
        world.publish(&first, subject);
    }
    while world.take(&mut first) {}
    assert_eq!(first.held.len(), 3, "the first event of the subject and what has none");
    for delivery in first.held.drain(1..) {
        first.runtime.block_on(delivery.nack("no")).expect("given back");
    }
    world.clock.advance(Duration::from_secs(2));
    let mut second = world.start();
    while world.take(&mut second) {}
    assert_eq!(second.held.iter().map(|delivery| delivery.offset().0).collect::<Vec<_>>(), [601, 602]);
}
