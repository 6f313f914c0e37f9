//! The JSON Schema of an event, after the schema that the CloudEvents specification publishes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Event;

impl JsonSchema for Event {
    fn schema_name() -> Cow<'static, str> {
        "CloudEvent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = |description: &str| json_schema!({ "description": description, "type": "string", "minLength": 1 });
        json_schema!({
            "description": "An event after CloudEvents 1.0, in the structured JSON format.",
            "type": "object",
            "required": ["specversion", "id", "source", "type"],
            "properties": {
                "specversion": { "description": "The version of the specification.", "const": "1.0" },
                "id": text("With `source` it names this occurrence."),
                "source": {
                    "description": "Where it happened.", "type": "string", "minLength": 1, "format": "uri-reference",
                },
                "type": text("What happened."),
                "subject": { "description": "What it happened to.", "type": "string", "minLength": 1, "default": null },
                "time": { "description": "When it happened, RFC 3339.", "type": "string", "format": "date-time", "default": null },
                "datacontenttype": { "description": "The media type of the data.", "type": "string", "minLength": 1, "default": null },
                "dataschema": {
                    "description": "The URI of the schema of the data.", "type": "string", "minLength": 1, "format": "uri", "default": null,
                },
                "data": { "description": "What is told: any JSON." },
                "data_base64": { "description": "What is told: bytes.", "type": "string", "contentEncoding": "base64", "default": null },
            },
            "not": { "required": ["data", "data_base64"] },
            "propertyNames": { "pattern": "^([a-z0-9]{1,20}|data_base64)$" },
            "additionalProperties": { "type": ["boolean", "integer", "string", "null"] },
        })
    }
}
