//! The format of the files.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cases {
    pub(super) cases: Vec<Case>,
}

/// Calls on a fresh platform, one after the other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    /// What the folder holds, by path.
    #[serde(default)]
    pub(super) files: BTreeMap<String, String>,
    pub(super) steps: Vec<Step>,
}

/// One call and its outcome: a result, an error, or items and what comes behind them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) call: String,
    #[serde(default)]
    pub(super) request: Value,
    #[serde(default, rename = "as")]
    pub(super) caller: Option<Caller>,
    #[serde(default)]
    pub(super) result: Option<Value>,
    #[serde(default)]
    pub(super) items: Option<Vec<Value>>,
    #[serde(default)]
    pub(super) then: Option<Then>,
    #[serde(default)]
    pub(super) error: Option<Refusal>,
}

/// Who calls, where it is not the owner.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Caller {
    Principal { id: String, allow: Vec<String> },
    Credential { credential: String },
}

/// What the consumer of a stream does behind the last item.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Then {
    Cancel,
}

/// An error that is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refusal {
    pub(super) kind: String,
    /// A part of the message.
    #[serde(default)]
    pub(super) message: String,
}

impl Case {
    /// The operations that the case calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.call.as_str())
    }
}
