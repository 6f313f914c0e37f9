//! The operations of the platform itself: what there is, how it is set, how it does.

mod disk;
mod health;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::health::{Health, HealthPart, HealthState};
use super::{Context, Effect, Handle, Spec, operations, schema};
use crate::{
    config::Explained,
    error::{Error, ErrorKind, Result},
    suggest::did_you_mean,
    telemetry,
};

/// The handle of the platform itself.
#[derive(Clone)]
pub struct Platform {
    context: Context,
}

impl Handle for Platform {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

/// Which operations to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct OperationsRequest {
    /// Only those of this system; all where it is not given.
    #[serde(default)]
    pub system: Option<String>,
    /// With the JSON Schemas of requests and responses.
    #[serde(default)]
    pub schemas: bool,
}

/// Operations, ordered by name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OperationList {
    /// The operations.
    pub operations: Vec<Described>,
}

/// An operation as data.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Described {
    /// Its name, as in `review.scan`.
    pub name: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Its documentation in Markdown.
    pub doc: String,
    /// What calling it does.
    pub effect: Effect,
    /// What a principal must hold to call it.
    pub permission: String,
    /// JSON Schema of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Value>,
    /// JSON Schema of the response, or of one item where it streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
}

/// The kinds of errors.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorList {
    /// Every kind.
    pub errors: Vec<DescribedError>,
}

/// A kind of error as data.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DescribedError {
    /// Its name: what a program branches on.
    pub kind: ErrorKind,
    /// What it means, in Markdown.
    pub doc: String,
}

/// Counts and latencies.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MetricsText {
    /// The media type of the text.
    pub content_type: String,
    /// The text, for a Prometheus server to read.
    pub text: String,
}

/// A file, to be kept under its name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TextFile {
    /// What to call it.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its text.
    pub text: String,
}

/// The configuration in effect.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// Every key, by name.
    pub settings: Vec<Explained>,
}

#[operations(system = "platform")]
impl Platform {
    /// Lists the operations of this build.
    ///
    /// With `schemas`, each comes with the JSON Schemas (draft 2020-12) of its request and its response.
    #[operation(reads)]
    pub async fn operations(&self, request: OperationsRequest) -> Result<OperationList> {
        let registry = &self.context.kernel.operations;
        if let Some(system) = request.system.as_deref() {
            let systems = registry.systems();
            if !systems.contains(system) {
                let hint = did_you_mean(system, systems.iter().copied());
                return Err(Error::not_found(format!(
                    "there is no system `{}`{hint}",
                    system.escape_debug()
                )));
            }
        }
        let wanted = |spec: &Spec| request.system.as_deref().is_none_or(|system| system == spec.system);
        let specs = registry.iter().map(|operation| operation.spec).filter(|spec| wanted(spec));
        Ok(OperationList { operations: specs.map(|spec| describe(spec, request.schemas)).collect() })
    }

    /// Lists the kinds of errors that operations fail with.
    #[operation(reads)]
    pub async fn errors(&self) -> Result<ErrorList> {
        let schema = Value::from(schema::response::<ErrorKind>());
        let documented = |kind: &ErrorKind| {
            let kinds = schema["oneOf"].as_array().into_iter().flatten();
            let of_kind = kinds.filter(|found| found["const"] == kind.as_str());
            of_kind.filter_map(|found| found["description"].as_str()).next().unwrap_or_default().to_owned()
        };
        let errors = ErrorKind::ALL.iter().map(|kind| DescribedError { kind: *kind, doc: documented(kind) });
        Ok(ErrorList { errors: errors.collect() })
    }

    /// Gives counts and latencies in the Prometheus text format.
    #[operation(reads)]
    pub async fn metrics(&self) -> Result<MetricsText> {
        telemetry::observe(&self.context.kernel).await;
        let text = self.context.kernel.metrics.render();
        Ok(MetricsText { content_type: telemetry::CONTENT_TYPE.to_owned(), text })
    }

    /// Gives a Grafana dashboard of everything that this version counts.
    ///
    /// The text is to be imported into Grafana, which then asks for the data source.
    #[operation(reads)]
    pub async fn dashboard(&self) -> Result<TextFile> {
        let text = serde_json::to_string_pretty(&telemetry::dashboard());
        let text =
            text.map_err(|error| Error::internal("the dashboard has no JSON form").because(error))? + "\n";
        Ok(TextFile { name: "dashboard.json".to_owned(), content_type: "application/json".to_owned(), text })
    }

    /// Gives Prometheus alert rules on what this version counts.
    ///
    /// The text is a rule file: name it under `rule_files` of the server's configuration.
    #[operation(reads)]
    pub async fn alerts(&self) -> Result<TextFile> {
        let text = telemetry::alerts();
        Ok(TextFile { name: "alerts.yml".to_owned(), content_type: "application/yaml".to_owned(), text })
    }

    /// Shows the configuration in effect and where each value comes from. Secrets are not shown.
    #[operation(reads)]
    pub async fn config(&self) -> Result<Settings> {
        Ok(Settings { settings: self.context.kernel.config.explain() })
    }

    /// Asks every part of the platform whether it answers.
    ///
    /// The store and the events are read from, the index of each collection is opened and queried, and the disk is asked for its room. A part
    /// that fails, or takes longer than five seconds, is named with the reason; the call itself succeeds, and `failed` says whether the
    /// platform is of no use now.
    #[operation(reads)]
    pub async fn health(&self) -> Result<Health> {
        Ok(health::ask(&self.context.kernel).await)
    }
}

fn describe(spec: &Spec, schemas: bool) -> Described {
    Described {
        name: spec.full_name.to_owned(),
        summary: spec.summary().to_owned(),
        doc: spec.doc.to_owned(),
        effect: spec.effect,
        permission: spec.permission.to_owned(),
        request: schemas.then(|| (spec.request)().into()),
        response: schemas.then(|| (spec.response)().into()),
    }
}
