//! Declaring families: names, labels and buckets are constants of this module's neighbours, so declaring them cannot fail.

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
    core::{Collector, MetricVec, MetricVecBuilder},
};

/// Upper bounds in seconds: from what memory answers to what a person waits for.
const SECONDS: [f64; 13] =
    [0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0, 120.0];

/// Upper bounds of how many there were at once.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

const CONSTANT: &str = "names and labels are constants, well formed and used once";

pub(super) fn counter(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    keep(registry, IntCounterVec::new(Opts::new(name, help), labels))
}

pub(super) fn gauge(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    keep(registry, IntGaugeVec::new(Opts::new(name, help), labels))
}

pub(super) fn seconds(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
    histogram(registry, name, help, labels, &SECONDS)
}

pub(super) fn sizes(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
    histogram(registry, name, help, labels, &SIZES)
}

fn histogram(registry: &Registry, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> HistogramVec {
    keep(registry, HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels))
}

fn keep<B>(registry: &Registry, family: prometheus::Result<MetricVec<B>>) -> MetricVec<B>
where
    B: MetricVecBuilder + 'static,
    MetricVec<B>: Collector + Clone,
{
    let family = family.expect(CONSTANT);
    registry.register(Box::new(family.clone())).expect(CONSTANT);
    family
}
