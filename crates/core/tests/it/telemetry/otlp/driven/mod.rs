//! What a platform that is driven through its operations exports: it needs models, search, identity and encryption.

mod canaries;
mod shape;
mod world;
