//! Conformance suites for the ports of Heptad, and harnesses for tests: a dependency of tests only.

pub mod clock;
pub mod crash;
pub mod events;
pub mod store;

pub use clock::VirtualClock;
