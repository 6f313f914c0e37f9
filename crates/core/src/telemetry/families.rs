//! Declaring families: names, labels and buckets are constants of this module's neighbours, so declaring them cannot fail.

use std::sync::{Mutex, PoisonError};

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
    core::{Collector, MetricVec, MetricVecBuilder},
};

/// The registry of one platform and the names of its families: the registry itself does not tell of those of which nothing was counted yet.
#[derive(Default)]
pub(super) struct Declared {
    pub(super) registry: Registry,
    names: Mutex<Vec<&'static str>>,
}

impl Declared {
    /// The names, in order.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        names.sort_unstable();
        names
    }
}

/// Upper bounds in seconds: from what memory answers to what a person waits for.
const SECONDS: [f64; 13] =
    [0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0, 120.0];

/// Upper bounds of how many there were at once.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

const CONSTANT: &str = "names and labels are constants, well formed and used once";

pub(super) fn counter(to: &Declared, name: &'static str, help: &str, labels: &[&str]) -> IntCounterVec {
    keep(to, name, IntCounterVec::new(Opts::new(name, help), labels))
}

pub(super) fn gauge(to: &Declared, name: &'static str, help: &str, labels: &[&str]) -> IntGaugeVec {
    keep(to, name, IntGaugeVec::new(Opts::new(name, help), labels))
}

pub(super) fn seconds(to: &Declared, name: &'static str, help: &str, labels: &[&str]) -> HistogramVec {
    histogram(to, name, help, labels, &SECONDS)
}

pub(super) fn sizes(to: &Declared, name: &'static str, help: &str, labels: &[&str]) -> HistogramVec {
    histogram(to, name, help, labels, &SIZES)
}

fn histogram(
    to: &Declared,
    name: &'static str,
    help: &str,
    labels: &[&str],
    buckets: &[f64],
) -> HistogramVec {
    keep(to, name, HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels))
}

fn keep<B>(to: &Declared, name: &'static str, family: prometheus::Result<MetricVec<B>>) -> MetricVec<B>
where
    B: MetricVecBuilder + 'static,
    MetricVec<B>: Collector + Clone,
{
    let family = family.expect(CONSTANT);
    to.registry.register(Box::new(family.clone())).expect(CONSTANT);
    to.names.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    family
}
