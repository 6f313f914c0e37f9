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

#[tokio::test]
async fn hostile_json_is_refused_in_few_words() {
    let context = Context::owner(kernel().0);
    let (long, mut deep) = ("x".repeat(1 << 20), json!({}));
    for _ in 0..100 {
        deep = json!({ "guests": [deep] });
    }
    for request in [
        json!({"name": "Ada", long.as_str(): 1}),
        json!({"name": "Ada", "tone": long}),
        json!({"name": "Ada", "guests": [{long.as_str(): {}, "name": "Bob"}]}),
        json!({"name": "Ada", "guests": deep}),
        json!({"name": "Ada", "guests": vec![json!({"name": 1}); 10_000]}),
    ] {
        let error = one(&context, "greeter.greet", request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().chars().count() < 1000);
    }
    let error = one(&context, &long, Value::Null).await.unwrap_err();
    assert!(error.to_string().chars().count() < 200);
}
