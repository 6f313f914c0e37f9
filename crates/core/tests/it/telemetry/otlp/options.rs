//! From `[telemetry]` to an exporter.

use heptad_core::{
    ErrorKind,
    config::{Config, LoadOptions},
    telemetry::{config, otlp::OtlpOptions},
};

use super::{
    PATIENCE,
    collector::{Collector, attributes},
    spans, start,
};

fn read(text: &str, variables: &[(&str, &str)]) -> heptad_core::Result<Option<OtlpOptions>> {
    let config = Config::load(LoadOptions::new().text("heptad.toml", text).keys(config::KEYS))?;
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    OtlpOptions::from_config(&config, &variable)
}

#[test]
fn nothing_configured_is_no_exporter() {
    assert!(read("", &[]).unwrap().is_none());
    assert!(read("[telemetry]\nservice_name = \"shop\"", &[]).unwrap().is_none());
}

#[test]
fn everything_configured_is_in_every_message() {
    let collector = Collector::start();
    let text = format!(
        "[telemetry]\nservice_name = \"shop\"\nresource_attributes = \"deployment.environment.name=production\"\n\
         [telemetry.otlp]\nendpoint = \"{}/base/..\"\nheaders_variable = \"HEADERS\"\ninterval = \"1h\"\nmetrics_interval = \"1h\"",
        collector.url
    );
    let options = read(&text, &[("HEADERS", "authorization=Bearer canary==, x-tenant=7")]).unwrap().unwrap();
    assert!(!format!("{options:?}").contains("canary"), "{options:?}");
    let exporter = start(options);
    spans(&exporter, 1);
    exporter.flush(PATIENCE).unwrap();
    collector.received(|received| {
        for head in &received.heads {
            assert!(
                head.contains("authorization: Bearer canary==") && head.contains("x-tenant: 7"),
                "{head}"
            );
        }
        let resource = received.traces[0].resource_spans[0].resource.as_ref().unwrap();
        let want = [
            "service.name=shop",
            "telemetry.sdk.name=opentelemetry",
            "telemetry.sdk.language=rust",
            "deployment.environment.name=production",
        ];
        assert_eq!(attributes(&resource.attributes), want);
        assert_eq!(received.metrics[0].resource_metrics[0].resource.as_ref(), Some(resource));
    });
}

#[test]
fn what_is_wrong_is_refused_with_what_would_be_right() {
    let endpoint = |url: &str| format!("[telemetry.otlp]\nendpoint = \"{url}\"\n");
    let headers = endpoint("http://collector.example") + "headers_variable = \"HEADERS\"";
    for (text, want) in [
        (endpoint("collector:4318"), "neither https nor http"),
        (endpoint("//collector"), "is no URL"),
        (endpoint("http://user:password@collector"), "has a user"),
        (endpoint("http://collector:4318/v1/traces"), "leave `/v1/…` out"),
        (headers.clone(), "would send headers unencrypted"),
        (headers.replace("HEADERS", "NOT_SET"), "`NOT_SET` is not set"),
        (headers.replace("HEADERS", "MALFORMED"), "are not written `name=value,name=value`"),
        (headers.replace("HEADERS", "IMPOSSIBLE").replace("http:", "https:"), "cannot be one"),
        (endpoint("http://collector") + "sampling = \"2\"", "a number from 0 to 1"),
        (endpoint("http://collector") + "interval = \"1000000000000000h\"", "`telemetry.otlp.interval` is"),
        (
            endpoint("http://collector") + "metrics_interval = \"24h1s\"",
            "`telemetry.otlp.metrics_interval` is",
        ),
        (endpoint("http://collector") + "timeout = \"9000000000000000000s\"", "`telemetry.otlp.timeout` is"),
        (endpoint("http://collector") + "ca_file = \"/nonexistent.pem\"", "/nonexistent.pem cannot be read"),
        (endpoint("http://collector") + "[telemetry]\nresource_attributes = \"canary\"", "are not written"),
    ] {
        let variables =
            [("HEADERS", "authorization=canary"), ("MALFORMED", "canary"), ("IMPOSSIBLE", "a b=canary")];
        let started = read(&text, &variables).and_then(|options| {
            heptad_core::telemetry::otlp::Exporter::start(
                options.unwrap(),
                heptad_core::telemetry::Metrics::new(),
                std::sync::Arc::new(heptad_core::clock::SystemClock),
            )
        });
        let error = started.err().unwrap_or_else(|| panic!("accepted: {text}"));
        let message = format!("{error} {error:?}");
        assert!(message.contains(want) && !message.contains("canary"), "{text}: {message}");
        assert!(matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound), "{text}");
    }
    assert!(read(&(headers + "\nallow_http = true"), &[("HEADERS", "a=b")]).is_ok());
}
