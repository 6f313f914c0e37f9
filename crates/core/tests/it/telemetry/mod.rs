//! The room `telemetry`: what is counted and traced, the text it is read from, where it is sent.

mod dashboards;
mod layers;
#[cfg(feature = "otlp")]
mod otlp;
mod promtool;
mod text;

use std::process::Command;

/// promtool, where it is on this machine.
fn promtool() -> Command {
    Command::new(std::env::var_os("PROMTOOL").unwrap_or_else(|| "promtool".into()))
}
