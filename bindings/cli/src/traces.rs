//! Traces and metrics of one command, sent to the collector that the configuration names.

use heptad::{Builder, Result, core::config::Config};
use tracing_subscriber::{Layer, Registry};

/// The layer that hands spans over.
type Traces = Option<Box<dyn Layer<Registry> + Send + Sync>>;

#[cfg(feature = "otlp")]
mod sent {
    use std::{
        sync::{Arc, OnceLock},
        time::Duration,
    };

    use heptad::core::{
        clock::SystemClock,
        telemetry::{
            Metrics,
            otlp::{Exporter, OtlpOptions},
        },
    };

    use super::{Builder, Config, Layer as _, Result, Traces};

    /// How long the end of a command waits for the collector.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// As global as the subscriber that feeds it.
    static EXPORTER: OnceLock<Exporter> = OnceLock::new();

    pub(crate) fn start(builder: Builder, config: &Config) -> Result<(Builder, Traces)> {
        let variable = |name: &str| std::env::var(name).ok();
        let Some(options) = OtlpOptions::from_config(config, &variable)? else { return Ok((builder, None)) };
        let exporter = Exporter::start(options, Metrics::new(), Arc::new(SystemClock))?;
        let exporter = EXPORTER.get_or_init(|| exporter);
        Ok((builder.otlp(exporter.clone()), Some(exporter.layer().boxed())))
    }

    pub(crate) fn finish() {
        if let Some(Err(error)) = EXPORTER.get().map(|exporter| exporter.shutdown(PATIENCE)) {
            tracing::warn!(kind = error.kind().as_str(), "traces or metrics could not be sent");
        }
    }
}

#[cfg(feature = "otlp")]
pub(crate) use sent::{finish, start};

/// Without the feature there is nothing to start; opening says so where the configuration asks for it.
#[cfg(not(feature = "otlp"))]
pub(crate) fn start(builder: Builder, _config: &Config) -> Result<(Builder, Traces)> {
    Ok((builder, None))
}

/// Sends what is left, when the command is done.
#[cfg(not(feature = "otlp"))]
pub(crate) fn finish() {}
