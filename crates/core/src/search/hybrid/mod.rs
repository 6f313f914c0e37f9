//! Search by words and by vectors in one: the arithmetic. What it works on, the catalog brings.
//!
//! [`windows`] cuts a text into what is embedded, [`question`] what is embedded of a query, [`fuse`] puts two rankings together,
//! [`measures`] says how good one is, and [`learn`] finds the weight.

mod fuse;
mod learn;
mod measures;
mod question;
mod windows;

pub(super) use self::{
    fuse::{Candidate, DEFAULT_TEXT_WEIGHT, fuse},
    learn::{Tuning, learn},
    question::{constraints, meaning},
};
pub use self::{
    learn::{Judged, Relevant, TuneReport},
    measures::Measures,
    windows::windows,
};
