//! Exact nearest neighbours: dot products over up to a million vectors, with a filter.
//!
//! [`Vectors`] holds items by name, each with one vector or several (the windows of a long text), and finds the items whose best vector has
//! the greatest dot product with a query. The answer is the answer of a scan of every vector, to the bit and on every processor: a first
//! pass over 8-bit copies only leaves out what provably cannot be among the best ([`Vectors::nearest`] says how).
//!
//! Everything is in memory: five bytes for each dimension of a vector, and about a hundred for the item. The crate does no I/O;
//! [`encode`] and [`decode`] are the form in which somebody else may keep vectors.
//!
//! ```
//! use heptad_vectors::Vectors;
//!
//! let mut vectors = Vectors::new(3)?;
//! vectors.insert("east", &[[1.0, 0.0, 0.0]])?;
//! vectors.insert("north", &[[0.0, 1.0, 0.0]])?;
//! vectors.insert("north-east", &[[0.6, 0.8, 0.0]])?;
//!
//! let near = vectors.nearest(&[0.0, 1.0, 0.0], 2, None, 1)?;
//! assert_eq!((near[0].id, near[0].score), ("north", 1.0));
//! assert_eq!((near[1].id, near[1].score), ("north-east", 0.8));
//!
//! let allowed = vectors.allow(["east", "north-east", "unknown"]);
//! assert_eq!(vectors.nearest(&[0.0, 1.0, 0.0], 1, Some(&allowed), 1)?[0].id, "north-east");
//! # Ok::<(), heptad_vectors::Error>(())
//! ```

mod block;
mod error;
mod filter;
mod kernel;
mod nearest;
mod vectors;
mod wire;

pub use self::{
    error::Error,
    filter::Allowed,
    kernel::dot,
    nearest::Neighbour,
    vectors::{MAX_DIMENSIONS, MAX_NUMBER, MAX_ROWS, Vectors},
    wire::{decode, encode},
};
