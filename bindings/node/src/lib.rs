//! The native addon of the package `heptad` for Node.
//!
//! It knows no system and no type by name: every operation is called through the registry, with JSON text both ways, which is what crosses into
//! JavaScript fastest. `lib/addon.js` is the other half: begin reading at `bridge`, the one way back from the threads of the runtime.

#![allow(unsafe_code, reason = "what `#[napi]` writes is unsafe; nothing written by hand is")]

mod bridge;
mod large;
mod outcome;
mod platform;
mod runtime;
mod stream;
