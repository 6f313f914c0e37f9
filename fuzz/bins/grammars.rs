//! The target `grammars` under libFuzzer.

#![no_main]

#[path = "../targets/grammars.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
