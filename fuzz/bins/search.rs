//! The target `search` under libFuzzer.

#![no_main]

#[path = "../targets/search.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
