//! The log on the standard error. Silent unless somebody asks: `-v`, or the configuration key `log.level`.

use std::io::{self, IsTerminal as _};

use heptad::core::{
    Error, Result,
    config::{Config, LOG_LEVEL, Source},
};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

use crate::globals::Globals;

/// Starts logging if `-v` asks for it, before anything is opened.
pub(crate) fn start(globals: &Globals) {
    let filter = match globals.verbose {
        0 => return,
        1 => "warn,heptad=info",
        2 => "info,heptad=debug",
        _ => "trace",
    };
    begin(EnvFilter::new(filter));
}

/// Starts logging if the configuration asks for it and the command line does not say otherwise.
///
/// # Errors
/// `InvalidInput` where `log.level` is neither a level nor a list of them.
pub(crate) fn start_as_configured(globals: &Globals, config: &Config) -> Result<()> {
    if globals.verbose > 0 || globals.quiet || *config.source(&LOG_LEVEL) == Source::Default {
        return Ok(());
    }
    let level = config.get(&LOG_LEVEL);
    let filter = EnvFilter::try_new(&level).map_err(|error| {
        let message = format!(
            "`log.level` is `{level}`, which is neither a level nor a list such as `warn,heptad=debug`"
        );
        Error::invalid(message).with("set by", config.source(&LOG_LEVEL)).because(error)
    })?;
    begin(filter);
    Ok(())
}

fn begin(filter: EnvFilter) {
    let stderr = io::stderr();
    let color = stderr.is_terminal() && anstream::AutoStream::choice(&stderr) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(io::stderr)
        .with_ansi(color)
        .init();
}
