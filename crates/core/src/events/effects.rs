//! A consumer's writes and its acknowledgement, in one commit.

use super::Delivery;
use crate::{error::Result, store::Batch};

/// Whether a consumer's writes were applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Applied {
    /// They were, together with the acknowledgement.
    Yes,
    /// The event had been acknowledged before: nothing was applied now.
    Already,
}

/// A consumer's writes and its acknowledgement, in one commit.
///
/// **Exactly once** is what the batch holds: records put and deleted, entries appended, events published with
/// [`publish_in`](super::EventBus::publish_in). Either all of it is there and the event is acknowledged, or none of it is and the event
/// comes again; whatever crashes between, and however often the event is delivered.
///
/// **At least once** is everything else a consumer does: mail it sends, services it calls, files it writes. That may happen once for each
/// attempt. Give such calls the event's `source` and `id` as their idempotency key.
///
/// An event that was *published* twice is two events with two offsets, and each takes effect once; a publisher that may repeat itself
/// says so with a [`Producer`](crate::store::Producer) and the bus keeps one.
#[derive(Clone, Copy, Debug)]
pub struct Effects;

impl Effects {
    /// Applies `batch` and acknowledges `delivery` in one commit, unless the event was acknowledged before.
    ///
    /// After an error nothing is applied and the delivery is still the caller's: to try again with another batch, to
    /// [`nack`](Delivery::nack), or to drop. Where `batch` appends with a `Producer` that had appended the same before, the batch is known
    /// to be applied already; the event is acknowledged and the answer is [`Applied::Already`].
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) where a requirement of the batch does not hold, or where the time to acknowledge passed
    /// and the event is somebody else's now; else what [`Store::commit`](crate::store::Store::commit) fails with.
    pub async fn once(delivery: &mut Delivery, batch: Batch) -> Result<Applied> {
        delivery.settle_in(batch).await
    }
}
