//! A dashboard for Grafana, made of the families that are counted here.

use serde_json::{Value, json};

/// How wide the dashboard is, in Grafana's units, and how large a panel.
const WIDTH: usize = 24;
const PANEL: (usize, usize) = (8, 8);

/// A row of panels.
struct Row {
    title: &'static str,
    panels: &'static [Panel],
}

/// A graph.
struct Panel {
    title: &'static str,
    /// Grafana's name of the unit.
    unit: &'static str,
    /// Each query with the legend of its lines.
    queries: &'static [(&'static str, &'static str)],
}

const ROWS: &[Row] = &[
    Row {
        title: "Operations",
        panels: &[
            Panel {
                title: "Calls",
                unit: "reqps",
                queries: &[(
                    "{{operation}}",
                    "sum by (operation) (rate(heptad_operations_total[$__rate_interval]))",
                )],
            },
            Panel {
                title: "Failures",
                unit: "reqps",
                queries: &[(
                    "{{operation}} {{outcome}}",
                    "sum by (operation, outcome) (rate(heptad_operations_total{outcome!=\"ok\"}[$__rate_interval]))",
                )],
            },
            Panel {
                title: "Time of calls (p50, p99)",
                unit: "s",
                queries: &[
                    (
                        "{{operation}} p50",
                        "histogram_quantile(0.5, sum by (operation, le) (rate(heptad_operation_seconds_bucket[$__rate_interval])))",
                    ),
                    (
                        "{{operation}} p99",
                        "histogram_quantile(0.99, sum by (operation, le) (rate(heptad_operation_seconds_bucket[$__rate_interval])))",
                    ),
                ],
            },
            Panel {
                title: "Running",
                unit: "short",
                queries: &[("{{operation}}", "sum by (operation) (heptad_operations_running)")],
            },
            Panel {
                title: "Items of streams",
                unit: "cps",
                queries: &[(
                    "{{operation}}",
                    "sum by (operation) (rate(heptad_operation_items_total[$__rate_interval]))",
                )],
            },
            Panel {
                title: "Builds",
                unit: "short",
                queries: &[("{{version}} ({{features}})", "sum by (version, features) (heptad_build_info)")],
            },
        ],
    },
    Row {
        title: "Store",
        panels: &[
            Panel {
                title: "Verbs",
                unit: "ops",
                queries: &[(
                    "{{verb}} {{outcome}}",
                    "sum by (verb, outcome) (rate(heptad_port_calls_total{port=\"store\"}[$__rate_interval]))",
                )],
            },
            Panel {
                title: "Time of verbs (p99)",
                unit: "s",
                queries: &[(
                    "{{verb}}",
                    "histogram_quantile(0.99, sum by (verb, le) (rate(heptad_port_seconds_bucket{port=\"store\"}[$__rate_interval])))",
                )],
            },
            Panel {
                title: "Commits: waiting, and how many share a transaction",
                unit: "short",
                queries: &[
                    ("waiting ({{adapter}})", "sum by (adapter) (heptad_store_commits_waiting)"),
                    (
                        "in a transaction ({{adapter}})",
                        "sum by (adapter) (rate(heptad_store_group_size_sum[$__rate_interval])) / sum by (adapter) (rate(heptad_store_group_size_count[$__rate_interval]))",
                    ),
                ],
            },
        ],
    },
    Row {
        title: "Events",
        panels: &[
            Panel {
                title: "Published, delivered, settled",
                unit: "cps",
                queries: &[(
                    "{{item}}",
                    "sum by (item) (rate(heptad_port_items_total{port=\"events\"}[$__rate_interval]))",
                )],
            },
            Panel {
                title: "How far groups are behind",
                unit: "short",
                queries: &[("{{topic}}/{{group}}", "sum by (topic, group) (heptad_events_lag)")],
            },
            Panel {
                title: "In flight, waiting, dead",
                unit: "short",
                queries: &[
                    ("in flight {{topic}}/{{group}}", "sum by (topic, group) (heptad_events_in_flight)"),
                    ("waiting {{topic}}/{{group}}", "sum by (topic, group) (heptad_events_waiting)"),
                    ("dead {{topic}}/{{group}}", "sum by (topic, group) (heptad_events_dead_letters)"),
                ],
            },
        ],
    },
    Row {
        title: "Search",
        panels: &[
            Panel {
                title: "Queries and changes",
                unit: "ops",
                queries: &[(
                    "{{verb}} {{outcome}}",
                    "sum by (verb, outcome) (rate(heptad_port_calls_total{port=\"search\"}[$__rate_interval]))",
                )],
            },
            Panel {
                title: "Time (p99)",
                unit: "s",
                queries: &[(
                    "{{verb}}",
                    "histogram_quantile(0.99, sum by (verb, le) (rate(heptad_port_seconds_bucket{port=\"search\"}[$__rate_interval])))",
                )],
            },
            Panel {
                title: "How far indexes are behind",
                unit: "short",
                queries: &[("{{collection}}", "sum by (collection) (heptad_search_lag)")],
            },
        ],
    },
    Row {
        title: "Language models",
        panels: &[
            Panel {
                title: "Attempts and retries",
                unit: "reqps",
                queries: &[
                    (
                        "{{model}} {{outcome}}",
                        "sum by (model, outcome) (rate(heptad_llm_attempts_total[$__rate_interval]))",
                    ),
                    (
                        "retries {{adapter}}",
                        "sum by (adapter) (rate(heptad_llm_retries_total[$__rate_interval]))",
                    ),
                ],
            },
            Panel {
                title: "Who answers in a chain",
                unit: "reqps",
                queries: &[(
                    "{{link}} {{model}} {{outcome}}",
                    "sum by (link, model, outcome) (rate(heptad_llm_links_total[$__rate_interval]))",
                )],
            },
            Panel {
                title: "Time to the first piece, and to the end (p95)",
                unit: "s",
                queries: &[(
                    "{{model}} {{phase}}",
                    "histogram_quantile(0.95, sum by (model, phase, le) (rate(heptad_llm_seconds_bucket[$__rate_interval])))",
                )],
            },
            Panel {
                title: "Tokens",
                unit: "cps",
                queries: &[(
                    "{{model}} {{kind}}",
                    "sum by (model, kind) (rate(heptad_llm_tokens_total[$__rate_interval]))",
                )],
            },
            Panel {
                title: "Money an hour",
                unit: "none",
                queries: &[(
                    "{{model}}",
                    "sum by (model) (rate(heptad_llm_cost_micros_total[1h])) * 3600 / 1e6",
                )],
            },
            Panel {
                title: "Answers from the cache",
                unit: "percentunit",
                queries: &[(
                    "hits",
                    "sum(rate(heptad_llm_cache_total{outcome=\"hit\"}[$__rate_interval])) / sum(rate(heptad_llm_cache_total[$__rate_interval]))",
                )],
            },
        ],
    },
    Row {
        title: "Backup",
        panels: &[
            Panel {
                title: "Since everything was shipped",
                unit: "s",
                queries: &[("lag", "time() - heptad_backup_complete_seconds")],
            },
            Panel {
                title: "Done and failed",
                unit: "cps",
                queries: &[
                    ("{{what}}", "sum by (what) (rate(heptad_backup_done_total[$__rate_interval]))"),
                    (
                        "failed: {{kind}}",
                        "sum by (kind) (rate(heptad_backup_failures_total[$__rate_interval]))",
                    ),
                ],
            },
            Panel {
                title: "Bytes shipped",
                unit: "Bps",
                queries: &[("bytes", "sum(rate(heptad_backup_bytes_total[$__rate_interval]))")],
            },
            Panel {
                title: "Write-ahead log, and last commit shipped",
                unit: "short",
                queries: &[("log bytes", "heptad_backup_log_bytes"), ("commit", "heptad_backup_commit")],
            },
        ],
    },
    Row {
        title: "Telemetry",
        panels: &[Panel {
            title: "Spans",
            unit: "cps",
            queries: &[(
                "{{outcome}}",
                "sum by (outcome) (rate(heptad_telemetry_spans_total[$__rate_interval]))",
            )],
        }],
    },
];

/// The dashboard of this version: Grafana's JSON, to be imported. The data source is chosen in it.
pub fn dashboard() -> Value {
    let (mut panels, mut top) = (Vec::new(), 0);
    for row in ROWS {
        let place = json!({"x": 0, "y": top, "w": WIDTH, "h": 1});
        panels.push(json!({"id": panels.len() + 1, "type": "row", "title": row.title, "collapsed": false, "gridPos": place, "panels": []}));
        top += 1;
        for (index, panel) in row.panels.iter().enumerate() {
            let (across, (width, height)) = (WIDTH / PANEL.0, PANEL);
            let (x, y) = (index % across * width, top + index / across * height);
            panels.push(panel.json(panels.len() + 1, &json!({"x": x, "y": y, "w": width, "h": height})));
        }
        top += row.panels.len().div_ceil(WIDTH / PANEL.0) * PANEL.1;
    }
    json!({
        "uid": "heptad",
        "title": "Heptad",
        "tags": ["heptad"],
        "timezone": "browser",
        "schemaVersion": 39,
        "version": 1,
        "editable": true,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    })
}

impl Panel {
    fn json(&self, id: usize, place: &Value) -> Value {
        let source = json!({"type": "prometheus", "uid": "${datasource}"});
        let target = |(index, (legend, expr)): (usize, &(&str, &str))| json!({"refId": format!("Q{}", index + 1), "datasource": source, "expr": expr, "legendFormat": legend});
        let targets: Vec<_> = self.queries.iter().enumerate().map(target).collect();
        json!({
            "id": id,
            "type": "timeseries",
            "title": self.title,
            "datasource": source,
            "gridPos": place,
            "fieldConfig": {"defaults": {"unit": self.unit, "min": 0}, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
            "targets": targets,
        })
    }
}
