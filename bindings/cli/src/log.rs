//! The log on the standard error.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::globals::Globals;

/// The environment variable that says in detail what to log, as in `heptad_core=debug,warn`.
const FILTER: &str = "HEPTAD_LOG";

/// Starts logging if `-v` or `HEPTAD_LOG` asks for it.
pub(crate) fn start(globals: &Globals) {
    let filter = match (std::env::var(FILTER), globals.verbose) {
        (_, 1) => EnvFilter::new("warn,heptad=info"),
        (_, 2) => EnvFilter::new("info,heptad=debug"),
        (_, 3..) => EnvFilter::new("trace"),
        (Ok(filter), 0) if !globals.quiet => EnvFilter::new(filter),
        _ => return,
    };
    let color = io::stderr().is_terminal()
        && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(color).init();
}
