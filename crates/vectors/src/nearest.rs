//! The search: a scan on several threads that leaves out what cannot win.

use std::{cmp::Ordering, collections::BinaryHeap, thread};

use crate::{
    Allowed, Error, Vectors,
    block::{BLOCK_ROWS, Block, Bound, Coded, exact},
    filter::Bits,
    kernel::dot_codes,
};

/// A thread is worth its start from this many rows.
const ROWS_PER_THREAD: usize = 16 * BLOCK_ROWS;

/// An item that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour<'a> {
    /// Its name.
    pub id: &'a str,
    /// The greatest dot product of the query with one of its vectors.
    pub score: f32,
}

/// Ordered so that the greatest is the one to lose first: the lowest score, among equals the last by name.
#[derive(PartialEq)]
struct Candidate<'a>(Neighbour<'a>);

impl Eq for Candidate<'_> {}

impl Ord for Candidate<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.score.total_cmp(&self.0.score).then_with(|| self.0.id.cmp(other.0.id))
    }
}

impl PartialOrd for Candidate<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The best so far, at most as many as are wanted.
struct Best<'a> {
    most: usize,
    heap: BinaryHeap<Candidate<'a>>,
}

impl<'a> Best<'a> {
    fn offer(&mut self, neighbour: Neighbour<'a>) {
        let candidate = Candidate(neighbour);
        if self.heap.len() < self.most {
            self.heap.push(candidate);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && candidate < *worst
        {
            *worst = candidate;
        }
    }

    /// Below this score nothing can be among the best any more.
    fn threshold(&self) -> f64 {
        let full = self.heap.len() == self.most;
        let worst = self.heap.peek().filter(|_| full);
        worst.map_or(f64::NEG_INFINITY, |worst| f64::from(worst.0.score))
    }
}

impl Vectors {
    /// The `count` items with the greatest dot product, best first, among equals ordered by name; of those that are `allowed`, where that
    /// is given. Uses up to `threads` threads, where there is enough to scan.
    ///
    /// Exact: an 8-bit copy of each vector, with the length of what it leaves out, gives an upper bound of the score; whatever is below
    /// the worst of the best so far is passed over, the rest is computed in full. The filter is applied before anything is computed.
    ///
    /// # Errors
    /// [`Error::Length`] and [`Error::Number`] for the query; [`Error::StaleFilter`].
    pub fn nearest(
        &self,
        query: &[f32],
        count: usize,
        allowed: Option<&Allowed>,
        threads: usize,
    ) -> Result<Vec<Neighbour<'_>>, Error> {
        self.check(query)?;
        if allowed.is_some_and(|allowed| allowed.generation != self.generation) {
            return Err(Error::StaleFilter);
        }
        let bits = allowed.map_or(&self.live, |allowed| &allowed.bits);
        let most = count.min(bits.count());
        if most == 0 {
            return Ok(Vec::new());
        }
        // The widest codes with which no sum can overflow.
        let widest = i32::MAX as usize / (i8::MAX as usize * self.dimensions);
        let coded = Coded::of(query, widest.min(i16::MAX as usize) as f32);
        let scan = Scan { vectors: self, query, bound: Bound::of(&coded), codes: &coded.codes, bits, most };
        let threads = threads.min(self.rows().div_ceil(ROWS_PER_THREAD)).max(1);
        let share = self.blocks.len().div_ceil(threads).max(1);
        let mut found: Vec<_> = thread::scope(|scope| {
            let scan = &scan;
            let mut shares = self.blocks.chunks(share);
            let first = shares.next().unwrap_or_default();
            let others: Vec<_> = shares.map(|blocks| scope.spawn(move || scan.run(blocks))).collect();
            let mut found = scan.run(first);
            for other in others {
                found.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            found
        });
        // An item whose vectors lie in the shares of two threads was found by both: its better score comes first.
        found.sort_by(|a, b| a.id.cmp(b.id).then(b.score.total_cmp(&a.score)));
        found.dedup_by(|later, earlier| later.id == earlier.id);
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(b.id)));
        found.truncate(most);
        Ok(found)
    }

    /// The score of one item; `None` where it is not there.
    ///
    /// # Errors
    /// As [`Vectors::nearest`].
    pub fn score(&self, id: &str, query: &[f32]) -> Result<Option<f32>, Error> {
        self.check(query)?;
        let rows = self.rows_of(id);
        let scores = rows.map(|row| exact(query, &self.blocks[row / BLOCK_ROWS], row % BLOCK_ROWS));
        Ok(scores.max_by(f32::total_cmp))
    }
}

/// `'a` is the life of what is found, `'q` that of the question.
struct Scan<'a, 'q> {
    vectors: &'a Vectors,
    query: &'q [f32],
    codes: &'q [i16],
    bound: Bound,
    bits: &'q Bits,
    most: usize,
}

impl<'a> Scan<'a, '_> {
    fn run(&self, blocks: &'a [Block]) -> Vec<Neighbour<'a>> {
        let mut best = Best { most: self.most, heap: BinaryHeap::new() };
        let (mut wanted, mut sums) = (vec![false; BLOCK_ROWS], vec![0; BLOCK_ROWS]);
        // The item at hand: its rows are next to each other, and its score is the best of theirs.
        let mut item: Option<(u32, f32)> = None;
        for block in blocks {
            let rows = block.owners.len();
            for (wanted, owner) in wanted.iter_mut().zip(&block.owners) {
                *wanted = self.bits.has(*owner);
            }
            dot_codes(self.codes, &block.codes, &wanted[..rows], &mut sums);
            for row in (0..rows).filter(|row| wanted[*row]) {
                let owner = block.owners[row];
                if item.is_some_and(|(slot, _)| slot != owner) {
                    self.offer(&mut best, item.take());
                }
                if self.bound.above(sums[row], block, row) < best.threshold() {
                    continue;
                }
                let score = exact(self.query, block, row);
                let before = item.map_or(score, |(_, score)| score);
                item = Some((owner, if score.total_cmp(&before).is_gt() { score } else { before }));
            }
        }
        self.offer(&mut best, item);
        best.heap.into_iter().map(|candidate| candidate.0).collect()
    }

    fn offer(&self, best: &mut Best<'a>, item: Option<(u32, f32)>) {
        if let Some((slot, score)) = item
            && let Some(id) = self.vectors.id_of(slot)
        {
            best.offer(Neighbour { id, score });
        }
    }
}
