//! What a model remembers of a sequence: the keys and values of its tokens, layer by layer, in pages.
//!
//! A page holds [`PAGE`] positions of one layer. A layer with a sliding window drops the pages that its window has left, so what it
//! keeps is bounded; the others keep all. Forks share full pages and copy a page when one of them writes to it.

use std::{collections::VecDeque, sync::Arc};

use half::{f16, slice::HalfFloatSliceExt};

use crate::error::{Error, Result};

/// Positions of a page.
pub(super) const PAGE: usize = 64;

/// What a layer keeps of each position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LayerShape {
    /// Heads of keys and values.
    pub(super) heads: usize,
    /// Values in a head.
    pub(super) width: usize,
    /// How many positions a token sees, itself among them; `None` when it sees all.
    pub(super) window: Option<usize>,
}

/// Keys and values of [`PAGE`] positions: `[head][position][value]`, in half precision.
#[derive(Clone)]
pub(super) struct Page {
    keys: Vec<f16>,
    values: Vec<f16>,
}

impl Page {
    fn new(shape: LayerShape) -> Self {
        let size = PAGE * shape.heads * shape.width;
        Self { keys: vec![f16::ZERO; size], values: vec![f16::ZERO; size] }
    }

    /// The keys of a head, position after position.
    pub(super) fn keys(&self, shape: LayerShape, head: usize) -> &[f16] {
        &self.keys[head * PAGE * shape.width..(head + 1) * PAGE * shape.width]
    }

    /// The values of a head, position after position.
    pub(super) fn values(&self, shape: LayerShape, head: usize) -> &[f16] {
        &self.values[head * PAGE * shape.width..(head + 1) * PAGE * shape.width]
    }
}

/// The pages of one layer.
#[derive(Clone)]
pub(super) struct LayerCache {
    shape: LayerShape,
    /// How many pages have been dropped in front.
    dropped: usize,
    pages: VecDeque<Arc<Page>>,
}

impl LayerCache {
    pub(super) fn shape(&self) -> LayerShape {
        self.shape
    }

    /// The page that holds a position which has been written and is still seen.
    pub(super) fn page(&self, position: usize) -> &Page {
        &self.pages[position / PAGE - self.dropped]
    }

    /// The first position that the token at `position` sees.
    pub(super) fn first_seen(&self, position: usize) -> usize {
        self.shape.window.map_or(0, |window| (position + 1).saturating_sub(window))
    }

    /// Writes the keys and values (`[token][head][value]`) of the tokens from `position` on, and forgets what no later token sees.
    pub(super) fn append(&mut self, position: usize, keys: &[f32], values: &[f32]) {
        let keep = self.first_seen(position) / PAGE;
        while self.dropped < keep && !self.pages.is_empty() {
            self.pages.pop_front();
            self.dropped += 1;
        }
        let LayerShape { heads, width, .. } = self.shape;
        let row = heads * width;
        for (index, (keys, values)) in keys.chunks_exact(row).zip(values.chunks_exact(row)).enumerate() {
            let (page, slot) = ((position + index) / PAGE - self.dropped, (position + index) % PAGE);
            if page == self.pages.len() {
                self.pages.push_back(Arc::new(Page::new(self.shape)));
            }
            let page = Arc::make_mut(&mut self.pages[page]);
            for head in 0..heads {
                let (from, to) = (head * width, (head * PAGE + slot) * width);
                page.keys[to..to + width].convert_from_f32_slice(&keys[from..from + width]);
                page.values[to..to + width].convert_from_f32_slice(&values[from..from + width]);
            }
        }
    }

    /// The fewest positions it can be cut to, other than none: below, the window has already been forgotten.
    fn least(&self) -> usize {
        match self.shape.window {
            Some(window) if self.dropped > 0 => self.dropped * PAGE + window - 1,
            _ => 0,
        }
    }
}

/// The memory of one sequence. It belongs to the model that made it ([`Decoder::cache`](super::Decoder::cache)).
///
/// Memory is taken page by page as tokens come, never ahead for the whole capacity.
pub struct Cache {
    /// Says which model made it.
    shape: Arc<[LayerShape]>,
    pub(super) layers: Vec<LayerCache>,
    len: usize,
    capacity: usize,
}

impl Cache {
    pub(super) fn new(shape: Arc<[LayerShape]>, capacity: usize) -> Self {
        let layers =
            shape.iter().map(|&shape| LayerCache { shape, dropped: 0, pages: VecDeque::new() }).collect();
        Self { shape, layers, len: 0, capacity }
    }

    /// How many tokens it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no token.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many tokens it may hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// A second cache with the same tokens, to be continued in another way. Costs a pointer per page and, at the first token of each
    /// side, a copy of the last page of every layer.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            shape: Arc::clone(&self.shape),
            layers: self.layers.clone(),
            len: self.len,
            capacity: self.capacity,
        }
    }

    /// Whether [`truncate`](Self::truncate) to this length would succeed.
    pub fn can_truncate(&self, len: usize) -> bool {
        len == self.len || len == 0 || len < self.len && self.layers.iter().all(|layer| layer.least() <= len)
    }

    /// Forgets all tokens but the first `len`, so that the sequence can be continued from there.
    ///
    /// # Errors
    /// [`Error::Input`](crate::Error::Input) when it holds fewer tokens, or when a layer with a sliding window has already forgotten what the next
    /// token would see; the cache is then as it was. Cutting to 0 always succeeds.
    pub fn truncate(&mut self, len: usize) -> Result<()> {
        if len > self.len {
            return Err(Error::Input(format!(
                "the cache holds {} tokens, it cannot be cut to {len}",
                self.len
            )));
        }
        if !self.can_truncate(len) {
            let least = self.layers.iter().map(LayerCache::least).max().unwrap_or(0);
            return Err(Error::Input(format!(
                "the cache cannot be cut to {len} tokens: its sliding windows have forgotten what is before; {least} to {} are possible, and 0",
                self.len
            )));
        }
        for layer in &mut self.layers {
            if len == 0 {
                layer.dropped = 0;
            }
            layer.pages.truncate(len.div_ceil(PAGE).saturating_sub(layer.dropped));
        }
        self.len = len;
        Ok(())
    }

    /// About how much memory it holds, in bytes; pages shared with forks are counted in each.
    pub fn bytes(&self) -> usize {
        let page = |shape: LayerShape| 2 * size_of::<f16>() * PAGE * shape.heads * shape.width;
        self.layers.iter().map(|layer| layer.pages.len() * page(layer.shape)).sum()
    }

    pub(super) fn belongs_to(&self, shape: &Arc<[LayerShape]>) -> bool {
        Arc::ptr_eq(&self.shape, shape)
    }

    /// Counts tokens whose keys and values have been appended to every layer.
    pub(super) fn advance(&mut self, tokens: usize) {
        self.len += tokens;
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache")
            .field("len", &self.len)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
