//! The room `config`: three layers, and errors that name key, value and source.

mod hostile;
mod layers;
mod refused;

use heptad_core::config::{self, Kind};

config::keys! {
    /// Files larger than this many bytes are not read.
    MAX_BYTES: u64 = "demo.max_bytes", kind: Kind::Integer(1, 4096), default: "1024";
    /// How long to wait.
    WAIT: std::time::Duration = "demo.wait", default: "30s";
    /// Whether to shout.
    LOUD: bool = "demo.loud", default: "false";
    /// The key of the account.
    TOKEN: Option<String> = "demo.token", secret: true;
    /// How many digits the pin has, which nobody shall see.
    PIN: Option<u64> = "demo.pin", secret: true;
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
