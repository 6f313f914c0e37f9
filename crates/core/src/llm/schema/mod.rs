//! JSON Schema, as far as answers of models are asked for: the part of draft 2020-12 that `schemars` writes and people use.
//!
//! Why our own: the general validator costs some forty packages; this part is two files. What it does not know it refuses when a schema
//! is compiled, so no keyword is silently without effect. Tests compare it with the general one over random schemas and instances.

mod check;
mod compile;

use std::fmt;

use serde_json::Value;

use self::compile::Node;
use crate::error::Result;

/// A schema that has been read: every keyword is known, every reference found.
#[derive(Debug)]
pub struct Schema {
    nodes: Vec<Node>,
}

/// What is wrong with an instance, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer to the value; empty for the whole.
    pub path: String,
    /// What it should have been.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() { "the document" } else { &self.path };
        write!(f, "{place}: {}", self.message)
    }
}

impl Schema {
    /// Reads a schema. Known are `type`, `enum`, `const`; `properties`, `required`, `additionalProperties`, `patternProperties`,
    /// `propertyNames`, `minProperties`, `maxProperties`, `dependentRequired`; `items`, `prefixItems`, `contains`, `minItems`, `maxItems`, `uniqueItems`; `minLength`,
    /// `maxLength`, `pattern`; `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`; `allOf`, `anyOf`, `oneOf`, `not`,
    /// `if`/`then`/`else`; `$ref` within the document; `true` and `false`. Annotations (`title`, `format`, …) have no effect, as the
    /// specification has it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the schema is malformed, [`Unsupported`](crate::ErrorKind::Unsupported)
    /// where it has a keyword that is not known, with its place.
    pub fn compile(schema: &Value) -> Result<Self> {
        compile::compile(schema).map(|nodes| Self { nodes })
    }

    /// What is wrong with `instance`: at most twenty violations, in the order of the document. Empty where it is valid.
    pub fn violations(&self, instance: &Value) -> Vec<Violation> {
        check::check(&self.nodes, instance)
    }

    /// Whether the schema accepts `instance`.
    pub fn accepts(&self, instance: &Value) -> bool {
        self.violations(instance).is_empty()
    }

    /// Whether a provider's strict mode takes the schema: every object closed, every property required, no keyword that it lacks.
    pub fn is_strict(schema: &Value) -> bool {
        compile::is_strict(schema, 0)
    }
}
