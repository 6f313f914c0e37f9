//! The systems in one line each, for people who see them for the first time. What a build can do is in the registry.

/// The seven systems.
pub(crate) const SEVEN: [(&str, &str); 7] = [
    ("devops", "From a repository to build, delivery and service levels"),
    ("docs", "Documentation that is checked against the code"),
    ("cost", "Cloud bills: allocation, forecast, anomalies"),
    ("review", "Code review: rules over syntax trees, SARIF"),
    ("pipeline", "Data pipelines and durable workflows"),
    ("cx", "Customer experience: journeys, flags, experiments"),
    ("soc", "Security operations: detection and response"),
];

/// The rooms of the kernel that have operations.
pub(crate) const KERNEL: [(&str, &str); 8] = [
    ("platform", "This platform: its operations, its state"),
    ("store", "Records and streams"),
    ("events", "Publish and read events"),
    ("durable", "Workflows that survive a crash"),
    ("search", "Full-text search over code and prose"),
    ("code", "Languages, syntax trees, symbols"),
    ("llm", "Language models"),
    ("auth", "Identity: roles, API keys, who did what"),
];

/// What `system` is.
pub(crate) fn describe(system: &str) -> String {
    let known = SEVEN.iter().chain(&KERNEL).find(|(name, _)| *name == system);
    known.map_or_else(|| format!("Operations of `{system}`"), |(_, text)| (*text).to_owned())
}
