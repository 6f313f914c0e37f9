//! The cases of the suite, one function each.

mod answers;
mod changes;
mod finding;
mod ranking;

pub use self::{answers::*, changes::*, finding::*, ranking::*};
