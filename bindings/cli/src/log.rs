//! The log on the standard error, silent unless somebody asks (`-v`, or the configuration key `log.level`), and the traces that are sent to a
//! collector (feature `otlp`). One subscriber for both, installed once the configuration is known.

use std::io::{self, IsTerminal as _};

use heptad::core::{
    Error, Result,
    config::{Config, LOG_LEVEL, Source},
};
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry, fmt::format::FmtSpan, layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::globals::Globals;

type Layer = Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>;

/// Starts what the command line and the configuration ask for; `traces` is the layer that sends traces.
///
/// # Errors
/// `InvalidInput` where `log.level` is neither a level nor a list of them.
pub(crate) fn start(globals: &Globals, config: &Config, traces: Option<Layer>) -> Result<()> {
    let log = filter(globals, config)?.map(|filter| {
        let stderr = io::stderr();
        let color =
            stderr.is_terminal() && anstream::AutoStream::choice(&stderr) != anstream::ColorChoice::Never;
        let log = tracing_subscriber::fmt::layer()
            .with_span_events(FmtSpan::CLOSE)
            .with_writer(io::stderr)
            .with_ansi(color);
        log.with_filter(filter).boxed()
    });
    let layers: Vec<Layer> = log.into_iter().chain(traces).collect();
    if !layers.is_empty() {
        tracing_subscriber::registry().with(layers).init();
    }
    Ok(())
}

/// What is logged: `-v` says it before the configuration does.
fn filter(globals: &Globals, config: &Config) -> Result<Option<EnvFilter>> {
    match globals.verbose {
        0 if globals.quiet || *config.source(&LOG_LEVEL) == Source::Default => return Ok(None),
        0 => {}
        1 => return Ok(Some(EnvFilter::new("warn,heptad=info"))),
        2 => return Ok(Some(EnvFilter::new("info,heptad=debug"))),
        _ => return Ok(Some(EnvFilter::new("trace"))),
    }
    let level = config.get(&LOG_LEVEL);
    let filter = EnvFilter::try_new(&level).map_err(|error| {
        let message = format!(
            "`log.level` is `{level}`, which is neither a level nor a list such as `warn,heptad=debug`"
        );
        Error::invalid(message).with("set by", config.source(&LOG_LEVEL)).because(error)
    })?;
    Ok(Some(filter))
}
