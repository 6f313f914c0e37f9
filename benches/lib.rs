//! What the benchmarks share: processor time of this process, many producers at once, and how a comparison is told.
//!
//! A comparison runs both sides in one process, in turns, and asserts that both did the same work before it prints a ratio.

mod contest;
mod cpu;
mod latency;

pub use self::{
    contest::{Contest, Round, run_producers},
    cpu::cpu_time,
    latency::Latencies,
};
