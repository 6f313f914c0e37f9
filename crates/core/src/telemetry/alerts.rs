//! Alert rules for Prometheus, made of the families that are counted here.

use std::fmt::Write as _;

/// A rule: while `expr` gives something for as long as `hold`, somebody is told.
pub(super) struct Alert {
    name: &'static str,
    expr: &'static str,
    hold: &'static str,
    severity: &'static str,
    summary: &'static str,
    /// What it means and what to do first.
    description: &'static str,
}

/// All rules. `critical` wakes somebody; `warning` is for the next morning.
const ALERTS: &[Alert] = &[
    Alert {
        name: "HeptadAbsent",
        expr: "absent(heptad_build_info)",
        hold: "5m",
        severity: "critical",
        summary: "No Heptad platform is scraped",
        description: "The platform is down, or Prometheus does not reach what serves its metrics.",
    },
    Alert {
        name: "HeptadOperationsFailing",
        expr: "sum by (operation) (rate(heptad_operations_total{outcome=~\"internal|corrupt|unavailable|timeout\"}[5m])) \
               / sum by (operation) (rate(heptad_operations_total[5m])) > 0.05",
        hold: "10m",
        severity: "critical",
        summary: "{{ $labels.operation }} fails in {{ $value | humanizePercentage }} of its calls",
        description: "More than one in twenty calls fails through no fault of the caller. The outcomes tell what: look at the store, then at the model.",
    },
    Alert {
        name: "HeptadCorrupt",
        expr: "sum by (port, adapter) (increase(heptad_port_calls_total{outcome=\"corrupt\"}[15m])) > 0",
        hold: "0m",
        severity: "critical",
        summary: "{{ $labels.adapter }} found something damaged",
        description: "What was read does not fit its checksum or its form. Stop writing, verify a backup, look at the disk.",
    },
    Alert {
        name: "HeptadStoreSlow",
        expr: "histogram_quantile(0.99, sum by (adapter, le) (rate(heptad_port_seconds_bucket{port=\"store\",verb=\"commit\"}[5m]))) > 1",
        hold: "10m",
        severity: "warning",
        summary: "Commits of {{ $labels.adapter }} take {{ $value | humanizeDuration }}",
        description: "One commit in a hundred waits longer than a second: the disk confirms too slowly, or another process holds the file.",
    },
    Alert {
        name: "HeptadCommitsWaiting",
        expr: "min_over_time(heptad_store_commits_waiting[5m]) > 100",
        hold: "5m",
        severity: "warning",
        summary: "{{ $value }} commits wait for {{ $labels.adapter }}",
        description: "More is written than the store takes. Batches that are put together cost one commit.",
    },
    Alert {
        name: "HeptadBackupLate",
        expr: "time() - heptad_backup_complete_seconds > 60",
        hold: "5m",
        severity: "critical",
        summary: "What was committed in the last {{ $value | humanizeDuration }} is in no backup",
        description: "The target is away or too slow, or the process that ships has died. `backup status` says why; a dying disk would take these commits with it.",
    },
    Alert {
        name: "HeptadEventsLag",
        expr: "min_over_time(heptad_events_lag[10m]) > 1000 and deriv(heptad_events_lag[10m]) >= 0",
        hold: "10m",
        severity: "warning",
        summary: "{{ $labels.group }} is {{ $value }} events behind in {{ $labels.topic }}",
        description: "The group does not catch up. Add consumers, or look at what holds up the ones there are.",
    },
    Alert {
        name: "HeptadDeadLetters",
        expr: "heptad_events_dead_letters > 0",
        hold: "5m",
        severity: "warning",
        summary: "{{ $labels.group }} gave up {{ $value }} events of {{ $labels.topic }}",
        description: "Read why with `events dead-letters`, mend it, send them again with `events redrive`.",
    },
    Alert {
        name: "HeptadSearchLag",
        expr: "min_over_time(heptad_search_lag[30m]) > 100",
        hold: "10m",
        severity: "warning",
        summary: "The index of {{ $labels.collection }} is {{ $value }} changes behind",
        description: "The next query applies them first and will be slow; where another process writes the index, that process is stuck.",
    },
    Alert {
        name: "HeptadModelFailing",
        expr: "sum by (adapter, model) (rate(heptad_llm_attempts_total{outcome!~\"ok|cancelled|invalid_input\"}[10m])) \
               / sum by (adapter, model) (rate(heptad_llm_attempts_total[10m])) > 0.5",
        hold: "10m",
        severity: "warning",
        summary: "{{ $labels.model }} ({{ $labels.adapter }}) fails in {{ $value | humanizePercentage }} of its attempts",
        description: "The provider is down, the key is no longer good, or a limit is reached. A chain (`llm.fallback`) goes on without it.",
    },
    Alert {
        name: "HeptadModelLimited",
        expr: "sum by (adapter, model) (increase(heptad_llm_attempts_total{outcome=\"limit_exceeded\"}[15m])) > 0",
        hold: "15m",
        severity: "warning",
        summary: "{{ $labels.model }} ({{ $labels.adapter }}) is refused for its limits",
        description: "The budget is used up, or the provider limits the rate. `llm.budget_*` and `llm.*_per_minute` say ours.",
    },
    Alert {
        name: "HeptadTelemetryLost",
        expr: "sum by (outcome) (rate(heptad_telemetry_spans_total{outcome!=\"sent\"}[5m])) > 0",
        hold: "10m",
        severity: "warning",
        summary: "Spans are lost: {{ $labels.outcome }}",
        description: "The collector is down, slow or refuses them. Operations do not wait for it.",
    },
];

/// The alert rules of this version: a rule file of Prometheus (YAML).
pub fn alerts() -> String {
    let mut text = String::from(
        "# Written by `heptad platform alerts`; changes are lost when it is written again.\ngroups:\n  - name: heptad\n    rules:\n",
    );
    for alert in ALERTS {
        let Alert { name, expr, hold, severity, summary, description } = alert;
        let rule = format!(
            "      - alert: {name}\n        expr: {}\n        for: {hold}\n        labels:\n          severity: {severity}\n        annotations:\n          summary: {}\n          description: {}\n",
            quoted(expr),
            quoted(summary),
            quoted(description)
        );
        // Writing to a text does not fail.
        let _ = text.write_str(&rule);
    }
    text
}

/// A text in YAML: in single quotes, in which only these are doubled.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
