//! Texts by number and numbers by text, packed: a quarter of a million strings in two allocations.

use std::hash::{BuildHasher as _, RandomState};

/// No token.
const EMPTY: u32 = u32::MAX;

/// Byte strings in one allocation, found by number or, with open addressing, by their bytes. The hash is keyed at random: the strings come
/// from a file that may be hostile.
pub(super) struct Table {
    bytes: Vec<u8>,
    /// Where each string ends.
    ends: Vec<u32>,
    slots: Vec<u32>,
    state: RandomState,
    longest: usize,
}

impl Table {
    /// Of two equal strings the first is found. `None` where there are more than four gigabytes.
    pub(super) fn new<T: AsRef<[u8]>>(strings: impl ExactSizeIterator<Item = T>) -> Option<Self> {
        let count = strings.len();
        let mut table = Self {
            bytes: Vec::new(),
            ends: Vec::with_capacity(count),
            slots: vec![EMPTY; (2 * count).next_power_of_two().max(2)],
            state: RandomState::new(),
            longest: 0,
        };
        for (id, string) in (0..).zip(strings) {
            let string = string.as_ref();
            table.bytes.extend_from_slice(string);
            table.ends.push(u32::try_from(table.bytes.len()).ok()?);
            table.longest = table.longest.max(string.len());
            let slot = table.slot(string);
            if table.slots[slot] == EMPTY {
                table.slots[slot] = id;
            }
        }
        Some(table)
    }

    /// Length of the longest string.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The string with the number `id`; empty where there is none.
    pub(super) fn get(&self, id: u32) -> &[u8] {
        let Some(end) = self.ends.get(id as usize) else { return &[] };
        let start = if id == 0 { 0 } else { self.ends[id as usize - 1] };
        &self.bytes[start as usize..*end as usize]
    }

    /// The number of `string`.
    pub(super) fn find(&self, string: &[u8]) -> Option<u32> {
        if string.is_empty() || string.len() > self.longest {
            return None;
        }
        Some(self.slots[self.slot(string)]).filter(|id| *id != EMPTY)
    }

    /// The slot that holds `string`, or the free one where it would be. There is always a free one: half of them are.
    fn slot(&self, string: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.state.hash_one(string) as usize & mask;
        while self.slots[slot] != EMPTY && self.get(self.slots[slot]) != string {
            slot = (slot + 1) & mask;
        }
        slot
    }
}
