//! What every [`Store`] must do, whatever it is made of.
//!
//! An adapter's test crate says where its stores live by a [`Place`] and writes [`store_suite!`](crate::store_suite): that makes one
//! test of each case in [`cases`], and one that compares random histories with the naive [`model`].
//!
//! ```
//! use std::sync::Arc;
//! use futures_util::future::BoxFuture;
//! use heptad_core::{clock::Clock, store::{Store, memory::MemoryStore}};
//! use heptad_testkit::store::Place;
//!
//! struct Memory;
//!
//! impl Place for Memory {
//!     fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn Store>> {
//!         Box::pin(async { Arc::new(MemoryStore::new(clock)) as Arc<dyn Store> })
//!     }
//! }
//!
//! heptad_testkit::store_suite!(Memory);
//! # fn main() {}
//! ```

pub mod cases;
mod history;
pub mod model;
mod observed;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heptad_core::{
    clock::Clock,
    store::{Key, Store, StreamId, Value},
};

pub use self::observed::{Observed, Seen};

/// Where the stores of one test live. A new place is empty.
pub trait Place: Send + Sync {
    /// Opens the store of this place. Where the adapter is persistent, opening again finds what was committed; where it is shared, several
    /// may be open at once. Otherwise every call gives an empty store.
    fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn Store>>;
}

/// Makes the tests of one adapter: `store_suite!(expression)`, where the expression makes a new [`Place`] for each test.
#[macro_export]
macro_rules! store_suite {
    ($place:expr) => {
        $crate::store_suite! { $place;
            records: what_was_put_is_read_back, versions_grow_and_are_never_used_again, what_was_deleted_is_gone,
                collections_do_not_see_each_other, a_scan_is_ordered_by_the_bytes_of_ids, a_range_is_half_open,
                pages_cover_a_range_in_both_directions;
            batches: an_expectation_decides_over_the_whole_batch, a_refused_batch_leaves_nothing,
                requirements_see_the_state_before_the_batch, an_empty_batch_changes_nothing,
                malformed_batches_are_refused, oversized_batches_are_refused, concurrent_updates_lose_nothing,
                one_of_many_inserts_wins, a_conflict_leaves_its_neighbours_alone, what_was_committed_is_read_by_whoever_heard_of_it;
            streams: offsets_begin_at_one_and_have_no_gaps, a_stream_is_read_from_anywhere, entries_have_the_time_of_their_commit,
                concurrent_appends_keep_their_order, many_small_appends_stay_in_order, what_was_trimmed_is_never_read_again,
                a_stream_that_was_trimmed_to_the_end_goes_on, large_entries_come_back_whole;
            producers: a_repeated_append_is_acknowledged_and_not_written, a_repeated_batch_is_applied_once,
                an_old_epoch_is_refused, a_gap_in_the_sequence_is_refused, a_half_repeated_batch_is_refused,
                producers_are_known_per_stream, a_refused_batch_uses_up_no_sequence;
            watches: a_watch_knows_the_head, a_watch_wakes_when_its_stream_grows, every_watch_wakes,
                a_closed_store_ends_its_watches;
            places: what_was_committed_survives_reopening, two_open_stores_see_the_same;
        }

        #[test]
        fn random_histories_agree_with_the_model() {
            $crate::store::model::agrees(|| $place);
        }
    };
    ($place:expr; $($room:ident: $($case:ident),+;)+) => {
        $($(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::store::cases::$room::$case(&$place).await;
            }
        )+)+
    };
}

/// A key that is known to be well-formed.
pub fn key(collection: &str, id: &str) -> Key {
    Key::new(collection, id).expect("a well-formed key")
}

/// A stream name that is known to be well-formed.
pub fn stream(name: &str) -> StreamId {
    StreamId::new(name).expect("a well-formed stream name")
}

/// A JSON string.
pub fn text(text: &str) -> Value {
    Value::json(text).expect("a string has a JSON form")
}
