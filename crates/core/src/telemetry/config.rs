//! The section `[telemetry]` of the configuration.
//!
//! ```toml
//! [telemetry]
//! service_name = "shop"
//! resource_attributes = "deployment.environment.name=production,service.namespace=retail"
//!
//! [telemetry.otlp]
//! endpoint = "https://collector.example:4318"
//! headers_variable = "COLLECTOR_HEADERS"      # the environment variable that holds `authorization=Bearer …`; headers are in no file
//! sampling = "0.1"
//! ```

use std::{path::PathBuf, time::Duration};

use crate::config::{Kind, keys};

keys! {
    /// What this program is called where traces and metrics are read.
    TELEMETRY_SERVICE_NAME: String = "telemetry.service_name", default: "heptad";
    /// What else is known of this program, as in `deployment.environment.name=production,service.namespace=retail`.
    TELEMETRY_RESOURCE_ATTRIBUTES: Option<String> = "telemetry.resource_attributes";
    /// Where traces and metrics are sent by OTLP (HTTP, protobuf), without the path `/v1/…`. Nothing is sent where it is not set.
    TELEMETRY_OTLP_ENDPOINT: Option<String> = "telemetry.otlp.endpoint";
    /// The environment variable that holds the headers of what is sent, as in `authorization=Bearer x,tenant=a`.
    TELEMETRY_OTLP_HEADERS_VARIABLE: Option<String> = "telemetry.otlp.headers_variable";
    /// Sends headers without encryption to other machines as well: for a collector inside a network that is trusted.
    TELEMETRY_OTLP_ALLOW_HTTP: bool = "telemetry.otlp.allow_http", default: "false";
    /// The certificates (PEM) of the authorities that are trusted instead of this machine's.
    TELEMETRY_OTLP_CA_FILE: Option<PathBuf> = "telemetry.otlp.ca_file";
    /// The share of traces that is sent, from `0` to `1`; a trace that begins elsewhere goes by what was decided there.
    TELEMETRY_OTLP_SAMPLING: String = "telemetry.otlp.sampling", default: "1";
    /// How long spans are gathered before they are sent, at most a day.
    TELEMETRY_OTLP_INTERVAL: Duration = "telemetry.otlp.interval", default: "5s";
    /// How often metrics are sent, at least once a day.
    TELEMETRY_OTLP_METRICS_INTERVAL: Duration = "telemetry.otlp.metrics_interval", default: "30s";
    /// How long sending once may take, at most a day.
    TELEMETRY_OTLP_TIMEOUT: Duration = "telemetry.otlp.timeout", default: "10s";
    /// How many spans wait at most; what comes while so many wait is dropped and counted.
    TELEMETRY_OTLP_QUEUE: u64 = "telemetry.otlp.queue", kind: Kind::Integer(1, 1_000_000), default: "4096";
}
