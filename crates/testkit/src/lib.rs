//! Conformance suites and harnesses.
