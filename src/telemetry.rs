//! Whether traces and metrics are sent, and by what.

use std::sync::Arc;

#[cfg(feature = "otlp")]
use heptad_core::telemetry::otlp::{Exporter, OtlpOptions};
use heptad_core::{Result, clock::Clock, config::Config, telemetry::Metrics};

use crate::Heptad;

/// The exporter that the program chose, or that of the configuration.
#[derive(Default)]
pub(crate) struct Telemetry {
    #[cfg(feature = "otlp")]
    pub(crate) exporter: Option<Exporter>,
}

#[cfg(feature = "otlp")]
impl Telemetry {
    pub(crate) fn start(
        self,
        config: &Config,
        variable: &dyn Fn(&str) -> Option<String>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self> {
        if self.exporter.is_some() {
            return Ok(self);
        }
        let options = OtlpOptions::from_config(config, variable)?;
        let start = |options| Exporter::start(options, Metrics::new(), Arc::clone(clock));
        Ok(Self { exporter: options.map(start).transpose()? })
    }

    /// What the platform counts in.
    pub(crate) fn metrics(&self) -> Metrics {
        self.exporter.as_ref().map_or_else(Metrics::new, |exporter| exporter.metrics().clone())
    }

    pub(crate) fn attach(self, heptad: Heptad) -> Heptad {
        if let Some(exporter) = &self.exporter {
            exporter.observe(heptad.kernel());
        }
        heptad.with_otlp(self.exporter)
    }
}

#[cfg(not(feature = "otlp"))]
impl Telemetry {
    pub(crate) fn start(
        self,
        config: &Config,
        _variable: &dyn Fn(&str) -> Option<String>,
        _clock: &Arc<dyn Clock>,
    ) -> Result<Self> {
        use heptad_core::telemetry::config::TELEMETRY_OTLP_ENDPOINT;
        if config.get(&TELEMETRY_OTLP_ENDPOINT).is_none() {
            return Ok(self);
        }
        let message = "this build sends no traces: it lacks the feature `otlp`, which `telemetry.otlp.endpoint` asks for";
        Err(crate::Error::new(crate::ErrorKind::Unsupported, message)
            .with("field", "telemetry.otlp.endpoint"))
    }

    pub(crate) fn metrics(&self) -> Metrics {
        Metrics::new()
    }

    pub(crate) fn attach(self, heptad: Heptad) -> Heptad {
        heptad
    }
}
