//! JSON that does not fit is refused with the place and what would be right.

use heptad_core::{ErrorKind, operation::Context};
use serde_json::{Value, json};

use super::registry::one;
use crate::platform::kernel;

#[tokio::test]
async fn what_does_not_fit_is_named_by_its_place() {
    let context = Context::owner(kernel().0);
    for (request, want) in [
        (json!({}), "the request does not fit: missing field `name`"),
        (Value::Null, "the request does not fit: missing field `name`"),
        (json!([1]), "the request is an object of named fields, not an array"),
        (json!("Ada"), "the request is an object of named fields, not text"),
        (
            json!({"name": 7}),
            "the request does not fit at `name`: invalid type: integer `7`, expected a string",
        ),
        (
            json!({"name": "Ada", "tone": "lout"}),
            "the request does not fit at `tone`: unknown variant `lout`, expected `plain` or `loud`; did you mean `loud`?",
        ),
        (
            json!({"name": "Ada", "guests": [{"name": "Bob"}, {"name": "Eve", "age": 300}]}),
            "the request does not fit at `guests[1].age`: invalid value: integer `300`, expected u8",
        ),
        (
            json!({"name": "Ada", "guests": [{"name": "Bob"}, {"age": 3}]}),
            "the request does not fit at `guests[1]`: missing field `name`",
        ),
        (
            json!({"name": "Ada", "tune": "loud"}),
            "`tune` is not a field of the request; did you mean `tone`? it has name, tone, guests",
        ),
        (
            json!({"name": "Ada", "guests": [{"name": "Bob", "ago": 3}]}),
            "`ago` is not a field of `guests[0]`; did you mean `age`? it has name, age",
        ),
    ] {
        let error = one(&context, "greeter.greet", request.clone()).await.unwrap_err();
        assert_eq!(error.message(), want, "{request}");
        assert_eq!((error.kind(), error.operation()), (ErrorKind::InvalidInput, Some("greeter.greet")));
    }
    let error = one(&context, "greeter.tally", json!({"day": 1})).await.unwrap_err();
    assert_eq!(
        error.message(),
        "the request does not fit at `day`: unknown field `day`, there are no fields"
    );
}
