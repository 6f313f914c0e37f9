//! Keys and sealed bytes: AES-256-GCM, keys wrapped by a key ring, and what can be wrong with what is opened.
//!
//! [`Cipher`] seals and opens; [`SecretKey`] is a key that is wiped when it is dropped and never printed; [`KeyRing`] is the port to whoever
//! keeps the keys that wrap other keys, with a file and plain text (for an environment variable) as its adapters; [`Fault`] tells a wrong
//! key from tampering and truncation. What is encrypted with them is decided elsewhere: records and streams in
//! [`store::encrypted`](crate::store::encrypted).
//!
//! The primitives are those of `ring`: assembly of BoringSSL with the processor's AES and carry-less multiplication, and the provider that
//! TLS uses in this workspace, so that there is one.

mod cipher;
mod fault;
mod keyring;
mod secret;

pub use self::{
    cipher::{Cipher, Forged, NONCE_BYTES, TAG_BYTES},
    fault::Fault,
    keyring::{FileKeyRing, KeyRing, TextKeyRing, WrappedKey, configured},
    secret::{KEY_BYTES, SecretKey, random},
};
