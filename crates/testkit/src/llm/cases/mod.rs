//! The cases of the suites.

mod answering;
mod embedding;
mod refusing;

pub use self::{answering::*, embedding::*, refusing::*};
