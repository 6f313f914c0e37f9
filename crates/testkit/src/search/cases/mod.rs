//! The cases of the suite, one function each.

mod answers;
mod changes;
mod finding;

pub use self::{answers::*, changes::*, finding::*};
