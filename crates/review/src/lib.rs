//! Code review.
