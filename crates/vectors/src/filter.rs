//! Which items may be found.

/// A bit for each slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn set(&mut self, slot: u32) {
        let word = slot as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (slot % 64);
    }

    pub(crate) fn clear(&mut self, slot: u32) {
        if let Some(word) = self.0.get_mut(slot as usize / 64) {
            *word &= !(1 << (slot % 64));
        }
    }

    pub(crate) fn has(&self, slot: u32) -> bool {
        self.0.get(slot as usize / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

/// A set of items of one [`Vectors`](crate::Vectors), made by [`allow`](crate::Vectors::allow); good for it and its clones until
/// items are added or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub(crate) bits: Bits,
    pub(crate) generation: u64,
}

impl Allowed {
    /// How many items it allows.
    pub fn len(&self) -> usize {
        self.bits.count()
    }

    /// Whether it allows none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
