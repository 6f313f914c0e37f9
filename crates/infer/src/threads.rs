//! The threads that compute: a pool of the model's own, or none.

use rayon::{
    ThreadPool, ThreadPoolBuilder,
    iter::{IndexedParallelIterator, ParallelIterator},
    slice::ParallelSliceMut,
};

use crate::error::{Error, Result};

/// A pool of threads; with one thread there is no pool, and work happens where it is asked for.
pub(crate) struct Threads(Option<ThreadPool>);

impl Threads {
    /// A pool of so many threads, 0 for as many as the machine has.
    pub(crate) fn new(threads: usize) -> Result<Self> {
        let available = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = if threads == 0 { available() } else { threads };
        if threads == 1 {
            return Ok(Self(None));
        }
        let pool =
            ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("infer-{index}"));
        let pool = pool
            .build()
            .map_err(|error| Error::Input(format!("{threads} threads cannot be started: {error}")))?;
        Ok(Self(Some(pool)))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.as_ref().map_or(1, ThreadPool::current_num_threads)
    }

    /// Runs work inside the pool, so that what it shares out need not enter the pool each time.
    pub(crate) fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// How many of `items` one task should take: some tasks per thread, so that a slow one does not hold up all; at least `least`.
    pub(crate) fn share(&self, items: usize, least: usize) -> usize {
        match self.count() {
            1 => items.max(1),
            threads => items.div_ceil(threads * 4).max(least).max(1),
        }
    }

    /// Calls `work` with the index and the place of every `length` items.
    pub(crate) fn each_chunk<T: Send>(
        &self,
        items: &mut [T],
        length: usize,
        work: impl Fn(usize, &mut [T]) + Send + Sync,
    ) {
        if self.0.is_none() || items.len() <= length {
            items.chunks_mut(length.max(1)).enumerate().for_each(|(index, chunk)| work(index, chunk));
            return;
        }
        self.enter(|| {
            items.par_chunks_mut(length.max(1)).enumerate().for_each(|(index, chunk)| work(index, chunk))
        });
    }
}
