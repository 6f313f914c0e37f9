//! Whether entries are the ones that were appended, in their order.
//!
//! The offset of an entry is not known when it is sealed, so it cannot be bound to it. What is bound: the stream; which entry of how many of
//! its append it is; the append itself, by a salt and a counter that no other has; and an offset that was already taken. So within an append
//! nothing can be left out, repeated or put in another order, and an append cannot be moved in front of one that its writer knew of.

use std::collections::HashSet;

use super::envelope::{Header, Link, Salt};
use crate::{crypto::Fault, store::Offset};

/// Follows the entries of one stream.
#[derive(Default)]
pub(super) struct Chain {
    last: Option<(Offset, Option<(Append, Link)>)>,
    seen: HashSet<Append>,
}

/// What no two appends have in common: the salt of the session and the counter of the first entry.
type Append = (Salt, u64);

impl Chain {
    /// The next entry, with what its header says; nothing is said of a plain entry.
    pub(super) fn add(&mut self, offset: Offset, header: Option<&Header>) -> Result<(), Fault> {
        let found = header.and_then(|header| {
            let link = header.link?;
            Some(((header.salt, header.counter - link.index), link))
        });
        let follows = match (&self.last, &found) {
            (Some((last, _)), _) if offset.0 != last.0 + 1 => false,
            (_, Some((_, link))) if offset.0 <= link.bound.saturating_add(link.index) => false,
            (Some((_, Some((append, before)))), Some((next, link))) if before.index + 1 < before.entries => {
                append == next && *link == Link { index: before.index + 1, ..*before }
            }
            (Some((_, Some((_, before)))), None) if before.index + 1 < before.entries => false,
            // The first that is seen may stand in the middle of its append: what was before it is not looked at, or forgotten.
            (last, Some((next, link))) => (last.is_none() || link.index == 0) && self.seen.insert(*next),
            (_, None) => true,
        };
        self.last = Some((offset, found));
        if follows { Ok(()) } else { Err(Fault::Tampered) }
    }

    /// The stream ends here: the last append must be whole.
    pub(super) fn end(&self) -> Result<(), Fault> {
        match self.last {
            Some((_, Some((_, link)))) if link.index + 1 < link.entries => Err(Fault::Truncated),
            _ => Ok(()),
        }
    }

    /// The offset of the last entry.
    pub(super) fn offset(&self) -> Option<Offset> {
        self.last.as_ref().map(|(offset, _)| *offset)
    }
}
