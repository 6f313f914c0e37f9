//! Benchmarks of Heptad.
