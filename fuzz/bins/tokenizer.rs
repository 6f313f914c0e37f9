//! The target `tokenizer` under libFuzzer.

#![no_main]

#[path = "../targets/tokenizer.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
