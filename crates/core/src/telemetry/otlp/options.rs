//! What an exporter is made of, and how the configuration says it.

use std::{fmt, path::Path, time::Duration};

use crate::{
    config::Config,
    error::{Error, ErrorKind, Result},
    http::Authorities,
    telemetry::config::{
        TELEMETRY_OTLP_ALLOW_HTTP, TELEMETRY_OTLP_CA_FILE, TELEMETRY_OTLP_ENDPOINT,
        TELEMETRY_OTLP_HEADERS_VARIABLE, TELEMETRY_OTLP_INTERVAL, TELEMETRY_OTLP_METRICS_INTERVAL,
        TELEMETRY_OTLP_QUEUE, TELEMETRY_OTLP_SAMPLING, TELEMETRY_OTLP_TIMEOUT, TELEMETRY_RESOURCE_ATTRIBUTES,
        TELEMETRY_SERVICE_NAME,
    },
};

/// The most headers and attributes in one list.
const MAX_PAIRS: usize = 64;
/// The longest interval, and the longest that sending may take.
const LONGEST: Duration = Duration::from_secs(86_400);
/// The most spans that wait.
const MOST_WAITING: usize = 1_000_000;

/// Where to, how often, and what is said of this program.
#[derive(Clone)]
#[non_exhaustive]
pub struct OtlpOptions {
    /// The collector, without the path `/v1/…`.
    pub endpoint: String,
    /// Headers of every request: names and values. They are secret.
    pub headers: Vec<(String, String)>,
    /// Sends headers without TLS to other machines as well.
    pub allow_http: bool,
    /// Whom the client believes.
    pub authorities: Authorities,
    /// The share of traces that is sent, from 0 to 1.
    pub sampling: f64,
    /// `service.name`.
    pub service_name: String,
    /// Further attributes of the resource.
    pub resource_attributes: Vec<(String, String)>,
    /// How long spans are gathered: at most a day.
    pub interval: Duration,
    /// How often metrics are sent: at least once a day.
    pub metrics_interval: Duration,
    /// How long sending once may take: at most a day.
    pub timeout: Duration,
    /// How many spans wait at most: up to a million.
    pub queue: usize,
}

impl OtlpOptions {
    /// Everything to the collector at `endpoint`, as in `http://127.0.0.1:4318`.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            headers: Vec::new(),
            allow_http: false,
            authorities: Authorities::default(),
            sampling: 1.0,
            service_name: "heptad".to_owned(),
            resource_attributes: Vec::new(),
            interval: Duration::from_secs(5),
            metrics_interval: Duration::from_secs(30),
            timeout: Duration::from_secs(10),
            queue: 4096,
        }
    }

    /// What `config` says; nothing where it names no endpoint. `variable` looks up an environment variable: the one that holds the headers. Reads the
    /// file of the authorities, so it is for the start of a program.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) with the key that is wrong, [`NotFound`](ErrorKind::NotFound) where the file does not exist.
    pub fn from_config(config: &Config, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let Some(endpoint) = config.get(&TELEMETRY_OTLP_ENDPOINT) else { return Ok(None) };
        let mut options = Self::new(endpoint);
        if let Some(name) = config.get(&TELEMETRY_OTLP_HEADERS_VARIABLE) {
            let text = variable(&name).ok_or_else(|| {
                let shown = crate::suggest::shortened(&name.escape_debug().to_string(), 60);
                wrong(
                    "telemetry.otlp.headers_variable",
                    format!("the environment variable `{shown}` is not set"),
                )
            })?;
            options.headers = pairs(&text).ok_or_else(|| {
                wrong(
                    "telemetry.otlp.headers_variable",
                    "the headers are not written `name=value,name=value`",
                )
            })?;
        }
        if let Some(text) = config.get(&TELEMETRY_RESOURCE_ATTRIBUTES) {
            options.resource_attributes = pairs(&text).ok_or_else(|| {
                wrong(
                    "telemetry.resource_attributes",
                    "the attributes are not written `name=value,name=value`",
                )
            })?;
        }
        if let Some(path) = config.get(&TELEMETRY_OTLP_CA_FILE) {
            options.authorities = read(&path)?;
        }
        options.sampling = share(&config.get(&TELEMETRY_OTLP_SAMPLING))?;
        options.allow_http = config.get(&TELEMETRY_OTLP_ALLOW_HTTP);
        options.service_name = config.get(&TELEMETRY_SERVICE_NAME);
        options.interval = config.get(&TELEMETRY_OTLP_INTERVAL);
        options.metrics_interval = config.get(&TELEMETRY_OTLP_METRICS_INTERVAL);
        options.timeout = config.get(&TELEMETRY_OTLP_TIMEOUT);
        options.queue = usize::try_from(config.get(&TELEMETRY_OTLP_QUEUE)).unwrap_or(usize::MAX);
        Ok(Some(options))
    }

    /// Refuses lengths of time that no clock reaches, and a queue that no memory holds.
    pub(super) fn check(&self) -> Result<()> {
        for (key, length) in [
            ("telemetry.otlp.interval", self.interval),
            ("telemetry.otlp.metrics_interval", self.metrics_interval),
            ("telemetry.otlp.timeout", self.timeout),
        ] {
            if length > LONGEST {
                return Err(wrong(key, format!("`{key}` is {} s, and at most a day", length.as_secs())));
            }
        }
        if self.queue > MOST_WAITING {
            let message = format!("`telemetry.otlp.queue` is {}, and at most {MOST_WAITING}", self.queue);
            return Err(wrong("telemetry.otlp.queue", message));
        }
        Ok(())
    }
}

impl fmt::Debug for OtlpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("OtlpOptions")
            .field("endpoint", &self.endpoint)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

fn wrong(field: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid(message).with("field", field)
}

/// `name=value,name=value`; a value may hold `=`, and nothing is quoted.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
    };
    let pairs: Vec<_> =
        text.split(',').filter(|part| !part.trim().is_empty()).map(pair).collect::<Option<_>>()?;
    (pairs.len() <= MAX_PAIRS).then_some(pairs)
}

fn share(text: &str) -> Result<f64> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| {
        let shown = crate::suggest::shortened(&text.escape_debug().to_string(), 40);
        wrong("telemetry.otlp.sampling", format!("`{shown}` is no share of the traces: a number from 0 to 1"))
    })
}

fn read(path: &Path) -> Result<Authorities> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let kind = if missing { ErrorKind::NotFound } else { ErrorKind::Unavailable };
        Error::new(kind, format!("the certificates in {name} cannot be read")).because(error)
    })?;
    Authorities::parse(&name, &text).map_err(|error| error.with("field", "telemetry.otlp.ca_file"))
}

#[cfg(test)]
mod tests {
    use super::{pairs, share};

    #[test]
    fn lists_are_names_and_values() {
        let want = vec![
            ("authorization".to_owned(), "Basic a==".to_owned()),
            ("x-tenant".to_owned(), "7".to_owned()),
        ];
        assert_eq!(pairs("authorization=Basic a==, x-tenant = 7,"), Some(want));
        assert_eq!(pairs(""), Some(Vec::new()));
        for wrong in ["authorization", "=a", "a=", "a=b,c"] {
            assert_eq!(pairs(wrong), None, "{wrong}");
        }
        assert_eq!(pairs(&"a=b,".repeat(65)), None, "a list has an end");
    }

    #[test]
    fn a_share_is_from_nothing_to_all() {
        assert_eq!(
            (share("0").expect("a share"), share("0.25").expect("a share"), share("1").expect("a share")),
            (0.0, 0.25, 1.0)
        );
        for wrong in ["-0.1", "1.1", "NaN", "inf", "ten", ""] {
            assert!(share(wrong).expect_err("no share").message().contains("from 0 to 1"), "{wrong}");
        }
    }
}
