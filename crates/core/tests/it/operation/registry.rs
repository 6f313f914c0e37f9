//! Calls by name give what typed calls give.

use futures_util::StreamExt as _;
use heptad_core::{
    ErrorKind, Result,
    operation::{Context, Handle, Registry, Reply},
};
use serde_json::{Value, json};

use super::greeter::{GreetRequest, Greeter, RepeatRequest, Tone};
use crate::platform::kernel;

pub(super) async fn one(context: &Context, name: &str, request: Value) -> Result<Value> {
    let registry = Registry::default().with(Greeter::OPERATIONS);
    match registry.call(name, context.clone(), request)? {
        Reply::One(answer) => answer.await,
        Reply::Many(_) => panic!("`{name}` streams"),
    }
}

pub(super) async fn many(context: &Context, name: &str, request: Value) -> Vec<Result<Value>> {
    let registry = Registry::default().with(Greeter::OPERATIONS);
    match registry.call(name, context.clone(), request).unwrap() {
        Reply::One(_) => panic!("`{name}` does not stream"),
        Reply::Many(items) => items.collect().await,
    }
}

#[tokio::test]
async fn a_call_by_name_gives_what_the_typed_call_gives() {
    let context = Context::owner(kernel().0);
    let greeter = Greeter::new(context.clone());
    let request = GreetRequest { name: "Ada".into(), tone: Tone::Loud, guests: Vec::new() };

    let typed = greeter.greet(request.clone()).await.unwrap();
    let named = one(&context, "greeter.greet", serde_json::to_value(&request).unwrap()).await.unwrap();
    assert_eq!(named, json!({"text": "HELLO, ADA!", "heads": 1}));
    assert_eq!(named, serde_json::to_value(typed).unwrap());

    let request = RepeatRequest { name: "Ada".into(), times: 2, fail_at: None, panic_at: None };
    let typed: Vec<Value> = greeter
        .repeat(request.clone())
        .map(|item| serde_json::to_value(item.unwrap()).unwrap())
        .collect()
        .await;
    let named = many(&context, "greeter.repeat", serde_json::to_value(&request).unwrap()).await;
    assert_eq!(named.into_iter().collect::<Result<Vec<_>>>().unwrap(), typed);
    assert_eq!(typed.len(), 2);

    let typed = greeter.tally().await.unwrap();
    assert_eq!(
        one(&context, "greeter.tally", json!({})).await.unwrap(),
        serde_json::to_value(typed).unwrap()
    );
}

#[tokio::test]
async fn errors_are_the_same_on_both_ways_and_name_the_operation() {
    let context = Context::owner(kernel().0);
    let greeter = Greeter::new(context.clone());
    let request = GreetRequest { name: String::new(), tone: Tone::Plain, guests: Vec::new() };
    let typed = greeter.greet(request).await.unwrap_err();
    let named = one(&context, "greeter.greet", json!({"name": ""})).await.unwrap_err();
    assert_eq!(typed.to_json(), named.to_json());
    assert_eq!(named.to_string(), "greeter.greet: an empty name cannot be greeted");
}

#[test]
fn an_unknown_operation_is_refused_with_the_one_that_was_meant() {
    let registry = Registry::default().with(Greeter::OPERATIONS);
    for (name, want) in [
        ("greeter.gret", "there is no operation `greeter.gret`; did you mean `greeter.greet`?"),
        ("Greeter.Tally", "there is no operation `Greeter.Tally`; did you mean `greeter.tally`?"),
        ("billing.pay\n", "there is no operation `billing.pay\\n`"),
    ] {
        let error = registry.call(name, Context::owner(kernel().0), Value::Null).err().unwrap();
        assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, want));
    }
}

#[test]
fn the_list_holds_the_operations_in_order_and_nothing_else() {
    let names: Vec<_> = Greeter::OPERATIONS.iter().map(|operation| operation.spec.name).collect();
    assert_eq!(names, ["greet", "repeat", "tally", "wait", "nap", "trip"]);
    assert_eq!(Greeter::new(Context::owner(kernel().0)).not_an_operation(), names.len());
    assert_eq!(Registry::default().with(Greeter::OPERATIONS).iter().count(), names.len());
}

/// Another system that took a name of [`Greeter`]'s by mistake.
#[derive(Clone)]
struct Impostor(Context);

impl Handle for Impostor {
    fn new(context: Context) -> Self {
        Self(context)
    }
    fn context(&self) -> &Context {
        &self.0
    }
}

#[heptad_core::operation::operations(system = "greeter")]
impl Impostor {
    /// Greets nobody.
    #[operation(reads)]
    async fn greet(&self) -> Result<u8> {
        Ok(0)
    }
}

#[test]
#[should_panic(
    expected = "two operations are called `greeter.greet`: “Greets somebody.” and “Greets nobody.”"
)]
fn two_operations_of_one_name_are_a_defect_that_shows_at_once() {
    let _ = Registry::default().with(Greeter::OPERATIONS).with(Impostor::OPERATIONS);
}

#[test]
fn a_specification_says_what_was_declared() {
    let registry = Registry::default().with(Greeter::OPERATIONS);
    let repeat = registry.get("greeter.repeat").unwrap().spec;
    assert_eq!(
        (repeat.system, repeat.permission, repeat.summary()),
        ("greeter", "greeter.greet", "Greets again and again.")
    );
    let greet = registry.get("greeter.greet").unwrap().spec;
    assert_eq!(greet.doc, "Greets somebody.\n\nPolitely unless told otherwise.");
    assert_eq!(greet.permission, "greeter.greet");
    insta::assert_json_snapshot!("greet_request", (greet.request)());
    insta::assert_json_snapshot!("greet_response", (greet.response)());
    insta::assert_json_snapshot!("tally_request", (registry.get("greeter.tally").unwrap().spec.request)());
    insta::assert_json_snapshot!("tally_response", (registry.get("greeter.tally").unwrap().spec.response)());
}
