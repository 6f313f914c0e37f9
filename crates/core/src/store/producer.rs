//! Appending at most once: what a producer's epoch and sequence say about a batch. Every adapter decides with this.

use std::sync::Arc;

use super::{Append, Appended, Batch, Change, Offset, Producer, StreamId};
use crate::error::{Error, ErrorKind};

/// What is remembered of a producer in a stream: its last append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LastAppend {
    pub(crate) epoch: u64,
    pub(crate) sequence: u64,
    pub(crate) first: Offset,
    pub(crate) count: u64,
}

enum Standing {
    New,
    /// Appended before; where, if that is still known.
    Repeated(Option<LastAppend>),
}

/// `Some` where the batch was applied before: the receipt's answers for its appends. `None` where it is new or has no producers.
///
/// `last` looks up what is remembered of a producer in a stream.
///
/// # Errors
/// A [`Conflict`](ErrorKind::Conflict) for an old epoch, a gap in the sequence, or a batch that is new for one producer and not for
/// another; and whatever `last` fails with.
pub(crate) fn applied_before<E: From<Error>>(
    batch: &Batch,
    mut last: impl FnMut(&StreamId, &Arc<str>) -> Result<Option<LastAppend>, E>,
) -> Result<Option<Vec<Appended>>, E> {
    let appends = || {
        batch.changes().iter().filter_map(|change| match change {
            Change::Append(append) => Some(append),
            _ => None,
        })
    };
    if appends().all(|append| append.producer.is_none()) {
        return Ok(None);
    }
    let mut appended = Vec::new();
    // What the appends seen so far would leave behind, for producers that append more than once in this batch.
    let mut pending: Vec<(&StreamId, &Producer)> = Vec::new();
    let (mut new, mut repeated) = (0, 0);
    for append in appends() {
        let Some(producer) = &append.producer else {
            appended.push(repeat(append, None));
            continue;
        };
        let earlier =
            pending.iter().rev().find(|(stream, p)| **stream == append.stream && p.id == producer.id);
        let known = match earlier {
            Some((_, p)) => {
                Some(LastAppend { epoch: p.epoch, sequence: p.sequence, first: Offset::START, count: 0 })
            }
            None => last(&append.stream, &producer.id)?,
        };
        match judge(&append.stream, producer, known)? {
            Standing::New => {
                new += 1;
                pending.push((&append.stream, producer));
            }
            Standing::Repeated(place) => {
                repeated += 1;
                appended.push(repeat(append, place));
            }
        }
    }
    match (new, repeated) {
        (_, 0) => Ok(None),
        (0, _) => Ok(Some(appended)),
        _ => {
            let message = "a batch was appended before by one of its producers and not by another";
            Err(Error::new(ErrorKind::Conflict, message).into())
        }
    }
}

fn judge(stream: &StreamId, producer: &Producer, last: Option<LastAppend>) -> Result<Standing, Error> {
    let Producer { id, epoch, sequence } = producer;
    let expected = match last {
        Some(last) if *epoch < last.epoch => {
            return Err(conflict(
                stream,
                format!(
                    "producer `{id}` was replaced: its epoch is {epoch}, the stream knows {}",
                    last.epoch
                ),
            ));
        }
        Some(last) if *epoch == last.epoch => {
            if *sequence <= last.sequence {
                return Ok(Standing::Repeated((*sequence == last.sequence).then_some(last)));
            }
            last.sequence + 1
        }
        _ => 1,
    };
    if *sequence == expected {
        return Ok(Standing::New);
    }
    Err(conflict(
        stream,
        format!(
            "producer `{id}` left a gap in epoch {epoch}: sequence {sequence} came, {expected} was expected"
        ),
    ))
}

fn conflict(stream: &StreamId, message: String) -> Error {
    Error::new(ErrorKind::Conflict, message).with("stream", stream)
}

fn repeat(append: &Append, place: Option<LastAppend>) -> Appended {
    let (first, count) = match place {
        Some(last) => (last.first, last.count),
        None => (Offset::START, append.values.len() as u64),
    };
    Appended { stream: append.stream.clone(), first, count, duplicate: true }
}
