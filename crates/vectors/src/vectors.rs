//! The set of items: what is added, replaced, removed, and how room is won back.

use std::{
    collections::HashMap,
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    Allowed, Error,
    block::{BLOCK_ROWS, Block},
    filter::Bits,
};

/// The most dimensions.
pub const MAX_DIMENSIONS: usize = 16_384;
/// The most vectors, where a set is not given another limit.
pub const MAX_ROWS: usize = 1 << 20;

/// How large a number of a vector may be, with either sign: no dot product of such numbers overflows.
pub const MAX_NUMBER: f32 = 1e15;

/// Items with vectors, all of one length.
///
/// An item is put behind the others; one that is replaced or removed leaves its rows behind until they are half of all, when the rest
/// moves together. So a change costs what the item is large, on average.
#[derive(Clone)]
pub struct Vectors {
    pub(crate) dimensions: usize,
    limit: usize,
    pub(crate) blocks: Vec<Block>,
    /// By slot: the name and the rows of an item, empty where it is gone.
    slots: Vec<Slot>,
    places: HashMap<Box<str>, u32>,
    pub(crate) live: Bits,
    live_rows: usize,
    pub(crate) generation: u64,
}

/// What no state of any set has been called: a filter fits the state that it was made of, and copies of it.
fn generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[derive(Clone)]
struct Slot {
    id: Box<str>,
    rows: Range<usize>,
}

impl Vectors {
    /// An empty set of vectors of this length.
    ///
    /// # Errors
    /// [`Error::Dimensions`] where it is 0 or above [`MAX_DIMENSIONS`].
    pub fn new(dimensions: usize) -> Result<Self, Error> {
        if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
            return Err(Error::Dimensions { found: dimensions });
        }
        Ok(Self {
            dimensions,
            limit: MAX_ROWS,
            blocks: Vec::new(),
            slots: Vec::new(),
            places: HashMap::new(),
            live: Bits::default(),
            live_rows: 0,
            generation: generation(),
        })
    }

    /// The same set with room for `limit` vectors.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit.min(u32::MAX as usize);
        self
    }

    /// How long the vectors are.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many vectors its items have.
    pub fn live_rows(&self) -> usize {
        self.live_rows
    }

    /// Whether there is an item called `id`.
    pub fn contains(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }

    /// The names of the items, in no order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(|id| &**id)
    }

    /// Puts an item with these vectors in the place of one with the same name.
    ///
    /// # Errors
    /// [`Error::NoVector`], [`Error::Length`], [`Error::Number`] for the vectors; [`Error::Full`] where there is no room.
    pub fn insert<V: AsRef<[f32]>>(&mut self, id: &str, vectors: &[V]) -> Result<(), Error> {
        if vectors.is_empty() {
            return Err(Error::NoVector);
        }
        vectors.iter().try_for_each(|vector| self.check(vector.as_ref()))?;
        let freed = self.rows_of(id).len();
        if self.live_rows - freed + vectors.len() > self.limit {
            return Err(Error::Full { limit: self.limit });
        }
        self.remove(id);
        let slot = self.slots.len() as u32;
        let first = self.rows();
        for vector in vectors {
            self.block().push(vector.as_ref(), slot);
        }
        self.settle(id.into(), first..first + vectors.len());
        Ok(())
    }

    /// Removes an item; returns whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(slot) = self.places.remove(id) else { return false };
        self.generation = generation();
        self.live.clear(slot);
        let gone = &mut self.slots[slot as usize];
        self.live_rows -= gone.rows.len();
        (gone.id, gone.rows) = ("".into(), 0..0);
        if self.rows() > BLOCK_ROWS && self.live_rows * 2 < self.rows() {
            self.compact();
        }
        true
    }

    /// Moves the rows together, so that nothing is left of what was removed. Done by itself when it is worth while.
    pub fn compact(&mut self) {
        let old = std::mem::take(&mut self.blocks);
        let slots = std::mem::take(&mut self.slots);
        self.places.clear();
        (self.live, self.live_rows) = (Bits::default(), 0);
        let mut rows = old.into_iter();
        let mut at = 0;
        let mut block = rows.next();
        // Slots lie in the order of their rows, so each block is done with, and dropped, when the next begins.
        for slot in slots.into_iter().filter(|slot| !slot.rows.is_empty()) {
            let (owner, first) = (self.slots.len() as u32, self.rows());
            for row in slot.rows.clone() {
                while row >= at + BLOCK_ROWS {
                    block = rows.next();
                    at += BLOCK_ROWS;
                }
                if let Some(from) = &block {
                    let dimensions = self.dimensions;
                    self.block().push_from(from, row - at, dimensions, owner);
                }
            }
            self.settle(slot.id, first..first + slot.rows.len());
        }
    }

    /// A filter that allows the items with these names; what is not there is passed over.
    pub fn allow<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Allowed {
        let mut bits = Bits::default();
        for slot in ids.into_iter().filter_map(|id| self.places.get(id)) {
            bits.set(*slot);
        }
        Allowed { bits, generation: self.generation }
    }

    pub(crate) fn id_of(&self, slot: u32) -> Option<&str> {
        self.slots.get(slot as usize).map(|slot| &*slot.id)
    }

    pub(crate) fn rows_of(&self, id: &str) -> Range<usize> {
        self.places.get(id).map_or(0..0, |slot| self.slots[*slot as usize].rows.clone())
    }

    /// How many rows are in the blocks, those left behind included.
    pub(crate) fn rows(&self) -> usize {
        let full = self.blocks.len().saturating_sub(1) * BLOCK_ROWS;
        full + self.blocks.last().map_or(0, |last| last.owners.len())
    }

    pub(crate) fn check(&self, vector: &[f32]) -> Result<(), Error> {
        if vector.len() != self.dimensions {
            return Err(Error::Length { wanted: self.dimensions, found: vector.len() });
        }
        match vector.iter().position(|x| x.is_nan() || x.abs() > MAX_NUMBER) {
            Some(place) => Err(Error::Number { place }),
            None => Ok(()),
        }
    }

    /// The block that takes the next row.
    fn block(&mut self) -> &mut Block {
        if self.blocks.last().is_none_or(Block::is_full) {
            self.blocks.push(Block::with_room(self.dimensions));
        }
        self.blocks.last_mut().expect("the last block has room or was just added")
    }

    /// Gives the last rows to the item `id`.
    fn settle(&mut self, id: Box<str>, rows: Range<usize>) {
        let slot = self.slots.len() as u32;
        self.generation = generation();
        self.live.set(slot);
        self.live_rows += rows.len();
        self.places.insert(id.clone(), slot);
        self.slots.push(Slot { id, rows });
    }
}
