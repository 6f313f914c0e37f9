//! What is not counted as it happens but asked for when somebody looks: how far consumers and indexes are behind.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::{Either, select};
use prometheus::IntGaugeVec;

use super::families::{Declared, gauge};
use crate::{Kernel, error::Result, events::GroupStatus};

/// How many groups, and how many collections, have series of their own; the others share one, `other`. Their names come from whoever publishes and
/// defines, so they are bounded here.
const MOST: usize = 100;

/// The labels that those share.
const OTHER: &str = "other";

/// How long asking may take: who reads metrics of a platform in trouble must get those that need no asking.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct ObservedFamilies {
    groups: Gauges<2, 4>,
    search: Gauges<1, 1>,
}

/// Gauges with the same labels, of which those that are gone are forgotten.
struct Gauges<const LABELS: usize, const N: usize> {
    families: [IntGaugeVec; N],
    known: Mutex<BTreeSet<[String; LABELS]>>,
}

impl ObservedFamilies {
    pub(super) fn register(to: &Declared) -> Self {
        let of_groups = |name: &'static str, help| gauge(to, name, help, &["topic", "group"]);
        let groups = [
            of_groups("heptad_events_lag", "Events of the topic that the group has not done."),
            of_groups("heptad_events_in_flight", "Events that are handed out to consumers."),
            of_groups("heptad_events_waiting", "Events that wait to be delivered again."),
            of_groups(
                "heptad_events_dead_letters",
                "Events that the group gave up and that were not sent again.",
            ),
        ];
        let lag = "Changes of documents that the next query of the collection applies first; no more than one page of them is counted.";
        let search = [gauge(to, "heptad_search_lag", lag, &["collection"])];
        Self { groups: Gauges::new(groups), search: Gauges::new(search) }
    }

    /// Those that are furthest behind have series of their own.
    fn groups(&self, mut groups: Vec<GroupStatus>) {
        groups.sort_by_key(|group| std::cmp::Reverse((group.lag, group.dead)));
        let row = |group: &GroupStatus| [group.lag, group.in_flight, group.waiting, group.dead];
        let named = |group: &GroupStatus| {
            ([group.topic.as_str().to_owned(), group.group.as_str().to_owned()], row(group))
        };
        self.groups.set(groups.iter().map(named));
    }

    fn search(&self, mut lags: Vec<(String, u64)>) {
        lags.sort_by_key(|(_, lag)| std::cmp::Reverse(*lag));
        self.search.set(lags.into_iter().map(|(collection, lag)| ([collection], [lag])));
    }
}

impl<const LABELS: usize, const N: usize> Gauges<LABELS, N> {
    fn new(families: [IntGaugeVec; N]) -> Self {
        Self { families, known: Mutex::default() }
    }

    /// These rows and no others; what is beyond [`MOST`] is summed.
    fn set(&self, rows: impl Iterator<Item = ([String; LABELS], [u64; N])>) {
        let (mut now, mut rest) = (BTreeSet::new(), None);
        for (index, (labels, values)) in rows.enumerate() {
            if index < MOST {
                self.put(&labels, values);
                now.insert(labels);
            } else {
                let sum = rest.get_or_insert([0; N]);
                sum.iter_mut().zip(values).for_each(|(sum, value)| *sum = u64::saturating_add(*sum, value));
            }
        }
        if let Some(sum) = rest {
            let other = std::array::from_fn(|_| OTHER.to_owned());
            self.put(&other, sum);
            now.insert(other);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for gone in known.difference(&now) {
            let labels = gone.each_ref().map(String::as_str);
            self.families.iter().for_each(|family| drop(family.remove_label_values(&labels)));
        }
        *known = now;
    }

    fn put(&self, labels: &[String; LABELS], values: [u64; N]) {
        let labels = labels.each_ref().map(String::as_str);
        for (family, value) in self.families.iter().zip(values) {
            family.with_label_values(&labels).set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}

/// Brings the gauges of `kernel` up to date. Where a part does not answer its gauges stay as they are.
pub(crate) async fn observe(kernel: &Kernel) {
    let work = std::pin::pin!(asked(kernel));
    let failed = match select(work, kernel.clock.sleep(PATIENCE)).await {
        Either::Left((result, _)) => result.err().map(|error| error.kind().as_str()),
        Either::Right(_) => Some("timeout"),
    };
    if let Some(kind) = failed {
        tracing::debug!(target: "heptad::telemetry", kind, "gauges could not be brought up to date");
    }
}

async fn asked(kernel: &Kernel) -> Result<()> {
    let families = kernel.metrics.observed();
    families.groups(kernel.bus.groups(None).await?);
    if let Some(catalog) = &kernel.search {
        families.search(catalog.lags().await?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Declared, MOST, ObservedFamilies};

    #[test]
    fn series_are_bounded_and_those_that_are_gone_are_forgotten() {
        let declared = Declared::default();
        let families = ObservedFamilies::register(&declared);
        let registry = &declared.registry;
        let count = || registry.gather().iter().map(|family| family.get_metric().len()).sum::<usize>();
        let lags = |count: u64| (0..count).map(|index| (format!("c{index}"), index)).collect::<Vec<_>>();
        families.search(lags(150));
        assert_eq!(count(), MOST + 1);
        let lag = &registry.gather()[0];
        let other = lag
            .get_metric()
            .iter()
            .find(|metric| metric.get_label()[0].value() == "other")
            .expect("the rest");
        assert_eq!(other.get_gauge().get_value(), (0..50).sum::<u64>() as f64, "the least behind are summed");
        families.search(lags(2));
        assert_eq!(count(), 2);
        families.search(Vec::new());
        assert_eq!(count(), 0);
    }
}
