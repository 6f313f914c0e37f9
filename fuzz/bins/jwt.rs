//! The target `jwt` under libFuzzer.

#![no_main]

#[path = "../targets/jwt.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
