//! The command line of Heptad.
fn main() {}
