//! The target `events` under libFuzzer.

#![no_main]

#[path = "../targets/events.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
