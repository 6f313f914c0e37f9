//! Answers that are held to schemas. The judge is the independent crate `jsonschema`.
//!
//! `LLM_GENERATIONS=500` makes so many documents instead of a few.

use std::{env, sync::Arc};

use futures_util::{StreamExt as _, stream};
use heptad_core::llm::{ChatModel, ChatModelExt as _, ChatRequest, FinishReason, Message, layers::Validated};
use serde_json::{Value, json};

use super::gemma;

fn schemas() -> Vec<Value> {
    let object = |properties: Value, required: &[&str]| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    vec![
        object(
            json!({"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 150}}),
            &["name", "age"],
        ),
        object(
            json!({"title": {"type": "string", "maxLength": 40}, "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5}}),
            &["title", "tags"],
        ),
        object(
            json!({"city": {"type": "string", "minLength": 1}, "country": {"enum": ["France", "Österreich", "日本"]}, "population": {"type": ["integer", "null"]}}),
            &["city", "country"],
        ),
        object(
            json!({"lat": {"type": "number", "minimum": -90, "maximum": 90}, "lon": {"type": "number", "minimum": -180, "maximum": 180}}),
            &["lat", "lon"],
        ),
        object(
            json!({"items": {"type": "array", "minItems": 1, "items": object(json!({"sku": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{3}$"}, "count": {"type": "integer", "exclusiveMinimum": 0}}), &["sku", "count"])}}),
            &["items"],
        ),
        json!({"anyOf": [{"type": "boolean"}, object(json!({"why": {"type": "string"}}), &["why"])]}),
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 6}),
        json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}], "items": false, "minItems": 2}),
        json!({"type": "object", "additionalProperties": {"type": "number"}}),
        json!({"type": "string"}),
        json!({"type": "number"}),
        json!({"enum": ["yes", "no", "perhaps", null, 7]}),
        json!({"const": {"fixed": [1, "two", null]}}),
        json!({}),
        json!({"$ref": "#/$defs/tree", "$defs": {"tree": object(json!({"label": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}), &["label", "children"])}}),
        object(
            json!({"severity": {"enum": ["low", "high"]}, "cvss": {"type": "number", "minimum": 0, "maximum": 10}, "fixed": {"type": "boolean"}, "refs": {"type": "array", "items": {"type": "string", "pattern": "^CVE-[0-9]{4}-[0-9]{4}$"}}}),
            &["severity", "cvss", "fixed", "refs"],
        ),
    ]
}

#[tokio::test(flavor = "current_thread")]
async fn every_document_is_whole_and_valid() {
    let Some(model) = gemma().await else { return };
    let model: Arc<dyn ChatModel> = Arc::new(Validated::new(Arc::new(model), 0));
    let count: usize = env::var("LLM_GENERATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(16);
    let schemas = schemas();
    let subjects = [
        "a person",
        "a city",
        "an order of five things",
        "a fault in a program",
        "the weather",
        "a very long story",
    ];
    let requests = (0..count).map(|number| {
        let schema = schemas[number % schemas.len()].clone();
        let text = format!("As JSON, {}:\n", subjects[number % subjects.len()]);
        let mut request = ChatRequest::new([Message::user(text)])
            .max_tokens([40, 64, 100, 160][number % 4])
            .json_schema("document", schema.clone());
        request.temperature = Some([0.0, 0.7, 1.3][number % 3]);
        request.seed = Some(number as u64);
        (schema, request)
    });
    let answers = stream::iter(requests).map(|(schema, request)| {
        let model = Arc::clone(&model);
        async move { (schema, model.chat(request).await) }
    });
    let (mut whole, mut hurried) = (0, 0);
    let mut answers = answers.buffer_unordered(8);
    while let Some((schema, answer)) = answers.next().await {
        let answer = answer.unwrap_or_else(|error| panic!("{schema}: {error:?}"));
        let document: Value = serde_json::from_str(&answer.text)
            .unwrap_or_else(|error| panic!("{schema}: {error}: {}", answer.text));
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        assert!(validator.is_valid(&document), "{schema}: {document}");
        whole += 1;
        hurried += usize::from(answer.finish == FinishReason::Length);
    }
    eprintln!(
        "{whole} of {count} documents parse and are valid; {hurried} were brought to their end because the tokens ran out"
    );
    assert_eq!(whole, count);
}
