//! The log on the standard error.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

use crate::globals::Globals;

/// The environment variable of the key `log.level`: a level, or a list such as `warn,heptad=debug`.
const LEVEL: &str = "HEPTAD_LOG_LEVEL";

/// Starts logging if `-v` or `HEPTAD_LOG_LEVEL` asks for it.
pub(crate) fn start(globals: &Globals) {
    let filter = match (std::env::var(LEVEL), globals.verbose) {
        (_, 1) => EnvFilter::new("warn,heptad=info"),
        (_, 2) => EnvFilter::new("info,heptad=debug"),
        (_, 3..) => EnvFilter::new("trace"),
        (Ok(filter), 0) if !globals.quiet => EnvFilter::new(filter),
        _ => return,
    };
    let color = io::stderr().is_terminal()
        && anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt()
        .with_span_events(FmtSpan::CLOSE)
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(color)
        .init();
}
