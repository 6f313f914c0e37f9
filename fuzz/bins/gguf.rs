//! The target `gguf` under libFuzzer.

#![no_main]

#[path = "../targets/gguf.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
