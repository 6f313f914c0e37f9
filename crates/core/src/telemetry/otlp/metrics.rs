//! The registry as OTLP metrics: the same families, the same labels, cumulative from the start.

use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum, metric::Data,
    number_data_point,
};
use prometheus::proto::{LabelPair, MetricFamily, MetricType};

use super::client::attribute;
use crate::clock::Timestamp;

/// The families as they are at `now`, counted since `start`.
pub(super) fn written(families: &[MetricFamily], start: Timestamp, now: Timestamp) -> Vec<Metric> {
    let span = Span { start: nanos(start), now: nanos(now) };
    families.iter().filter_map(|family| span.family(family)).collect()
}

/// From when to when.
struct Span {
    start: u64,
    now: u64,
}

impl Span {
    fn family(&self, family: &MetricFamily) -> Option<Metric> {
        let data = match family.get_field_type() {
            MetricType::COUNTER => Data::Sum(Sum {
                data_points: self.numbers(family, |metric| metric.get_counter().get_value()),
                aggregation_temporality: AggregationTemporality::Cumulative.into(),
                is_monotonic: true,
            }),
            MetricType::GAUGE => Data::Gauge(Gauge {
                data_points: self.numbers(family, |metric| metric.get_gauge().get_value()),
            }),
            MetricType::HISTOGRAM => Data::Histogram(Histogram {
                data_points: family.get_metric().iter().map(|metric| self.histogram(metric)).collect(),
                aggregation_temporality: AggregationTemporality::Cumulative.into(),
            }),
            // The registry has no others.
            _ => return None,
        };
        let unit = if family.name().ends_with("_seconds") { "s" } else { "1" };
        Some(Metric {
            name: family.name().to_owned(),
            description: family.help().to_owned(),
            unit: unit.to_owned(),
            data: Some(data),
            ..Metric::default()
        })
    }

    fn numbers(
        &self,
        family: &MetricFamily,
        value: impl Fn(&prometheus::proto::Metric) -> f64,
    ) -> Vec<NumberDataPoint> {
        let point = |metric: &prometheus::proto::Metric| NumberDataPoint {
            attributes: attributes(metric.get_label()),
            start_time_unix_nano: self.start,
            time_unix_nano: self.now,
            value: Some(number_data_point::Value::AsDouble(value(metric))),
            ..NumberDataPoint::default()
        };
        family.get_metric().iter().map(point).collect()
    }

    /// Prometheus counts what is at most a bound; OTLP what is between two.
    fn histogram(&self, metric: &prometheus::proto::Metric) -> HistogramDataPoint {
        let histogram = metric.get_histogram();
        let buckets = histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
        let (mut explicit_bounds, mut bucket_counts, mut below) = (Vec::new(), Vec::new(), 0);
        for bucket in buckets {
            explicit_bounds.push(bucket.upper_bound());
            bucket_counts.push(bucket.cumulative_count().saturating_sub(below));
            below = bucket.cumulative_count();
        }
        let count = histogram.get_sample_count();
        bucket_counts.push(count.saturating_sub(below));
        HistogramDataPoint {
            attributes: attributes(metric.get_label()),
            start_time_unix_nano: self.start,
            time_unix_nano: self.now,
            count,
            sum: Some(histogram.get_sample_sum()),
            bucket_counts,
            explicit_bounds,
            ..HistogramDataPoint::default()
        }
    }
}

fn attributes(labels: &[LabelPair]) -> Vec<opentelemetry_proto::tonic::common::v1::KeyValue> {
    labels.iter().map(|label| attribute(label.name(), label.value())).collect()
}

fn nanos(time: Timestamp) -> u64 {
    u64::try_from(time.as_nanosecond()).unwrap_or(0)
}
