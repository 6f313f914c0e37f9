//! The target `sarif` under libFuzzer.

#![no_main]

#[path = "../targets/sarif.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
