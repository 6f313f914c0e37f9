//! What every [`EventBus`] must do, whatever carries it.
//!
//! An adapter's test crate says where its buses live by a [`Place`] and writes [`events_suite!`](crate::events_suite): that makes one
//! test of each case in [`cases`]. Time stands still in them unless a case moves it, so that none of them waits.

pub mod cases;

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use heptad_core::{
    clock::Clock,
    events::{Delivery, Event, EventBus, GroupConfig, Subscription, Topic},
    store::{Offset, Store},
};

use crate::VirtualClock;

/// Where the buses of one test live. A new place is empty.
pub trait Place: Send + Sync {
    /// Opens a bus and the store that its [`publish_in`](EventBus::publish_in) takes part in. Opening again is what another process does:
    /// it shares nothing with the first but what is kept.
    fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, (Arc<dyn EventBus>, Arc<dyn Store>)>;
}

/// Makes the tests of one adapter: `events_suite!(expression)`, where the expression makes a new [`Place`] for each test.
#[macro_export]
macro_rules! events_suite {
    ($place:expr) => {
        $crate::events_suite! { $place;
            publishing: events_come_back_in_order_with_offsets, events_without_a_time_get_one, a_wrong_event_publishes_nothing,
                a_repeated_publication_is_acknowledged_and_not_published, events_of_a_batch_come_with_it_or_not_at_all,
                a_watch_wakes_when_a_topic_grows, topics_are_listed;
            groups: every_group_gets_every_event, members_share_the_work, a_group_starts_where_it_is_told,
                a_group_goes_on_where_it_was, acknowledgements_may_come_in_any_order, events_of_other_types_are_passed_over,
                settings_are_checked, what_is_in_flight_is_bounded, a_group_can_be_moved, a_subscriber_is_woken;
            redelivery: a_failed_event_comes_again_after_the_backoff, the_last_attempt_ends_among_the_dead_letters,
                a_rejected_event_is_not_tried_again, a_poison_event_holds_back_its_subject_only,
                what_is_not_acknowledged_in_time_comes_again, a_consumer_may_ask_for_more_time,
                a_dropped_delivery_is_a_failed_attempt, what_was_not_handed_out_is_returned_at_once,
                dead_letters_can_be_sent_again, a_cancelled_wait_loses_nothing;
            processes: two_processes_share_a_group, claims_of_a_dead_process_lapse, whoever_was_replaced_is_refused,
                what_a_dead_process_had_ahead_is_not_given_up, an_event_that_kills_its_process_is_given_up,
                a_group_moved_by_another_process_is_moved_here, order_per_subject_holds_across_processes;
            effects: writes_and_acknowledgement_are_one, a_refused_effect_leaves_nothing, what_was_acknowledged_is_not_applied_again,
                one_refused_effect_does_not_hurt_others, a_repeated_producer_is_acknowledged, events_may_be_published_by_an_effect;
            retention: old_events_are_forgotten, what_a_group_has_not_read_stays, force_forgets_it_anyway;
        }
    };
    ($place:expr; $($room:ident: $($case:ident),+;)+) => {
        $($(
            #[::tokio::test]
            async fn $case() {
                let place = $place;
                let setup = $crate::events::Setup::new(&place).await;
                $crate::events::bounded($crate::events::cases::$room::$case(setup)).await;
            }
        )+)+
    };
}

/// Fails a case that waits for what never comes.
pub async fn bounded(case: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(60), case).await.expect("the case comes to its end");
}

/// What a case works with.
pub struct Setup<'a> {
    /// The place.
    pub place: &'a dyn Place,
    /// The time.
    pub clock: VirtualClock,
    /// A bus.
    pub bus: Arc<dyn EventBus>,
    /// The store that it publishes into.
    pub store: Arc<dyn Store>,
    /// A topic.
    pub topic: Topic,
}

impl<'a> Setup<'a> {
    /// Opens a bus at `place`.
    pub async fn new(place: &'a dyn Place) -> Self {
        let clock = VirtualClock::new();
        let (bus, store) = place.open(Arc::new(clock.clone())).await;
        Self { place, clock, bus, store, topic: Topic::new("orders").expect("a topic") }
    }

    /// What another process has.
    pub async fn another(&self) -> Self {
        let (bus, store) = self.place.open(Arc::new(self.clock.clone())).await;
        Self { place: self.place, clock: self.clock.clone(), bus, store, topic: self.topic.clone() }
    }

    /// Publishes events with these ids; `a1`, `a2` … have the subject `a`, ids that begin with `-` have none.
    pub async fn publish(&self, ids: &[&str]) {
        let events = ids.iter().map(|id| event(id)).collect();
        self.bus.publish(&self.topic, events, None).await.expect("the events are published");
    }

    /// Joins a group.
    pub async fn join(&self, config: GroupConfig) -> Subscription {
        self.bus.subscribe(&self.topic, config).await.expect("the group is joined")
    }

    /// The ids of the events of a topic that are kept.
    pub async fn ids(&self, topic: &Topic) -> Vec<String> {
        let messages = self.bus.read(topic, Offset::START, 10_000).await.expect("the topic is read");
        messages.into_iter().map(|message| message.event.id).collect()
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// The event called `id`.
pub fn event(id: &str) -> Event {
    let event = Event::new("/test", "test.happened").id(id);
    match id.strip_prefix('-') {
        Some(_) => event,
        None => event.subject(id.chars().take_while(|c| c.is_ascii_alphabetic()).collect::<String>()),
    }
}

/// The group of most cases.
pub fn workers() -> GroupConfig {
    GroupConfig::new("workers")
}

/// The next delivery, which is for the event `id`.
pub async fn expect(subscription: &Subscription, id: &str) -> Delivery {
    let delivery = subscription.next().await.expect("a delivery");
    assert_eq!(delivery.event().id, id, "attempt {}", delivery.attempt());
    delivery
}

/// Acknowledges the next deliveries, which are for the events `ids`.
pub async fn consume(subscription: &Subscription, ids: &[&str]) {
    for id in ids {
        expect(subscription, id).await.ack().await.expect("it is acknowledged");
    }
}
