//! The target `parser` under libFuzzer.

#![no_main]

#[path = "../targets/parser.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
