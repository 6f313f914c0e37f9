//! What happens around a call: permission, counts, spans, panics.

use futures_util::{FutureExt as _, StreamExt as _};
use heptad_core::{
    ErrorKind,
    operation::{Context, Handle as _, Permission, Principal, Registry, Spec},
};
use serde_json::json;

use super::{
    greeter::{GreetRequest, Greeter, RepeatRequest, Tone},
    registry::{many, one},
};
use crate::platform::kernel;

fn spec(name: &str) -> &'static Spec {
    Registry::default().with(Greeter::OPERATIONS).get(name).unwrap().spec
}

fn ada() -> GreetRequest {
    GreetRequest { name: "Ada".into(), tone: Tone::Plain, guests: Vec::new() }
}

fn repeat(times: usize) -> RepeatRequest {
    RepeatRequest { name: "Ada".into(), times, fail_at: None, panic_at: None }
}

#[tokio::test]
async fn without_the_permission_neither_way_is_open() {
    let stranger = Principal::new("stranger", [Permission::named("greeter.tally")]);
    let context = Context::owner(kernel().0).as_principal(stranger);
    let greeter = Greeter::new(context.clone());

    let typed = greeter.greet(ada()).await.unwrap_err();
    let named = one(&context, "greeter.greet", json!({"name": "Ada"})).await.unwrap_err();
    let unread = one(&context, "greeter.greet", json!({"nam": 1})).await.unwrap_err();
    let streamed = greeter.repeat(repeat(3)).collect::<Vec<_>>().await;
    let named_stream = many(&context, "greeter.repeat", json!({"name": "Ada", "times": 3})).await;
    assert_eq!(streamed.len(), 1);
    assert_eq!(named_stream.len(), 1);
    let streamed = [
        streamed.into_iter().next().unwrap().err().unwrap(),
        named_stream.into_iter().next().unwrap().unwrap_err(),
    ];

    for error in [typed, named, unread].into_iter().chain(streamed) {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.message(), "`stranger` lacks the permission `greeter.greet`");
    }
    assert!(greeter.tally().await.is_ok(), "what was granted is open");
    let metrics = &context.kernel.metrics;
    assert_eq!(metrics.operations().calls(spec("greeter.greet"), Some(ErrorKind::PermissionDenied)), 3);
    assert_eq!(metrics.operations().calls(spec("greeter.repeat"), Some(ErrorKind::PermissionDenied)), 2);
}

#[tokio::test]
async fn every_end_of_a_call_is_counted_once() {
    let (kernel, _) = kernel();
    let context = Context::owner(kernel);
    let greeter = Greeter::new(context.clone());
    greeter.greet(ada()).await.unwrap();
    one(&context, "greeter.greet", json!({"name": "Ada"})).await.unwrap();
    one(&context, "greeter.greet", json!({"name": ""})).await.unwrap_err();
    one(&context, "greeter.greet", json!({"name": 1})).await.unwrap_err();
    assert!(greeter.wait_for_ever().now_or_never().is_none(), "given up while it waited");
    drop(greeter.greet(ada()));

    let calls = |name: &str, outcome| context.kernel.metrics.operations().calls(spec(name), outcome);
    assert_eq!(calls("greeter.greet", None), 2);
    assert_eq!(calls("greeter.greet", Some(ErrorKind::InvalidInput)), 2);
    assert_eq!(calls("greeter.greet", Some(ErrorKind::Cancelled)), 0, "a call that never began is none");
    assert_eq!(calls("greeter.wait", Some(ErrorKind::Cancelled)), 1);
}

#[tokio::test]
async fn the_latency_is_that_of_the_platforms_clock() {
    let (kernel, clock) = kernel();
    let greeter = Greeter::new(Context::owner(kernel.clone()));
    let nap = tokio::spawn(async move { greeter.nap().await });
    clock.sleepers(1).await;
    assert!(kernel.metrics.render().contains("heptad_operations_running{operation=\"greeter.nap\"} 1\n"));
    clock.advance(std::time::Duration::from_secs(3600));
    nap.await.unwrap().unwrap();
    let text = kernel.metrics.render();
    assert!(text.contains("heptad_operation_seconds_sum{operation=\"greeter.nap\"} 3600\n"), "{text}");
    assert!(text.contains("heptad_operations_running{operation=\"greeter.nap\"} 0\n"), "{text}");
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_poisons_nothing() {
    let context = Context::owner(kernel().0);
    let greeter = Greeter::new(context.clone());
    for error in
        [greeter.trip().await.unwrap_err(), one(&context, "greeter.trip", json!({})).await.unwrap_err()]
    {
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(
            error.to_string(),
            "greeter.trip: a defect in the operation: it panicked with `over the step`"
        );
    }
    let request = RepeatRequest { panic_at: Some(2), ..repeat(9) };
    let items: Vec<_> = greeter.repeat(request).collect().await;
    assert_eq!(items.len(), 2, "the panic is the last item");
    assert_eq!(items[1].as_ref().unwrap_err().kind(), ErrorKind::Internal);

    assert!(greeter.greet(ada()).await.is_ok());
    let operations = context.kernel.metrics.operations();
    assert_eq!(operations.calls(spec("greeter.trip"), Some(ErrorKind::Internal)), 2);
    assert_eq!(operations.calls(spec("greeter.repeat"), Some(ErrorKind::Internal)), 1);
}

#[tokio::test]
async fn a_stream_counts_as_one_call_with_its_first_failure() {
    let context = Context::owner(kernel().0);
    let greeter = Greeter::new(context.clone());
    assert_eq!(greeter.repeat(repeat(3)).count().await, 3);
    assert_eq!(greeter.repeat(repeat(0)).count().await, 0);
    let failing: Vec<_> = greeter.repeat(RepeatRequest { fail_at: Some(2), ..repeat(4) }).collect().await;
    assert_eq!(failing.len(), 4, "an error is an item, not the end");
    assert_eq!(failing[1].as_ref().unwrap_err().operation(), Some("greeter.repeat"));
    let mut abandoned = greeter.repeat(repeat(5));
    abandoned.next().await.unwrap().unwrap();
    drop(abandoned);

    let calls = |outcome| context.kernel.metrics.operations().calls(spec("greeter.repeat"), outcome);
    assert_eq!((calls(None), calls(Some(ErrorKind::NotFound)), calls(Some(ErrorKind::Cancelled))), (2, 1, 1));
    let text = context.kernel.metrics.render();
    assert!(text.contains("heptad_operation_items_total{operation=\"greeter.repeat\"} 7\n"), "{text}");
}
