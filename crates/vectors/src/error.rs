//! What is refused.

/// Why vectors were refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Dimensions that no set of vectors has.
    #[error("vectors have 1 to {most} dimensions, not {found}", most = crate::MAX_DIMENSIONS)]
    Dimensions {
        /// How many were asked for.
        found: usize,
    },
    /// A vector of another length than the rest.
    #[error("a vector has {found} dimensions where the others have {wanted}")]
    Length {
        /// Of the set.
        wanted: usize,
        /// Of the vector.
        found: usize,
    },
    /// A number that is none, infinite, or so large that sums of products of such numbers could be infinite.
    #[error("number {place} of a vector is not finite, or beyond {most:e}", most = crate::MAX_NUMBER)]
    Number {
        /// Its place in the vector, from 0.
        place: usize,
    },
    /// An item without a vector.
    #[error("an item has one vector or more")]
    NoVector,
    /// No room for more.
    #[error("there is room for {limit} vectors, and no more")]
    Full {
        /// How many there may be.
        limit: usize,
    },
    /// A filter made before items were added or removed.
    #[error("the filter is of an older state of the vectors: make it anew")]
    StaleFilter,
    /// Bytes that are not what [`encode`](crate::encode) writes.
    #[error("these bytes are no vectors: {reason}")]
    Malformed {
        /// What is wrong with them.
        reason: &'static str,
    },
}
