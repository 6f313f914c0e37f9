//! What servers and networks do besides answering. Each case is one error of the right kind, never a short answer, a hang or a leak.

use std::sync::Arc;

use futures_util::StreamExt as _;
use heptad_core::{
    ErrorKind, Retry,
    llm::{ChatModel as _, ChatModelExt as _, ChatRequest, Delta, Embedder as _},
};

use super::{
    super::question,
    KEY, anthropic,
    anthropic::PARIS as MESSAGES,
    both, openai,
    openai::PARIS as COMPLETIONS,
    server::{Act, Server, chunk, events, head, json, stream_head},
    soon,
};

fn plain() -> ChatRequest {
    ChatRequest { temperature: None, ..question("?") }
}

/// The stream that the path is for.
fn paris(path: &str) -> &'static str {
    if path.ends_with("/messages") { MESSAGES } else { COMPLETIONS }
}

#[tokio::test]
async fn every_status_is_one_kind_of_error() {
    let cases: [(&str, ErrorKind, Retry); 17] = [
        ("400 Bad Request", ErrorKind::InvalidInput, Retry::Never),
        ("401 Unauthorized", ErrorKind::Unauthenticated, Retry::Never),
        ("402 Payment Required", ErrorKind::LimitExceeded, Retry::Never),
        ("403 Forbidden", ErrorKind::PermissionDenied, Retry::Never),
        ("404 Not Found", ErrorKind::NotFound, Retry::Never),
        ("408 Request Timeout", ErrorKind::Timeout, Retry::Now),
        ("409 Conflict", ErrorKind::Conflict, Retry::Now),
        ("413 Content Too Large", ErrorKind::LimitExceeded, Retry::Never),
        ("418 I'm a teapot", ErrorKind::InvalidInput, Retry::Never),
        ("422 Unprocessable Content", ErrorKind::InvalidInput, Retry::Never),
        ("429 Too Many Requests", ErrorKind::LimitExceeded, Retry::Now),
        ("500 Internal Server Error", ErrorKind::Unavailable, Retry::Now),
        ("502 Bad Gateway", ErrorKind::Unavailable, Retry::Now),
        ("503 Service Unavailable", ErrorKind::Unavailable, Retry::Now),
        ("504 Gateway Timeout", ErrorKind::Unavailable, Retry::Now),
        ("520 Unknown", ErrorKind::Unavailable, Retry::Now),
        ("529 Overloaded", ErrorKind::Unavailable, Retry::Now),
    ];
    let bodies = [
        r#"{"error":{"message":"As it were.","type":"some_error","param":null,"code":null}}"#,
        r#"{"type":"error","error":{"type":"some_error","message":"As it were."},"request_id":"req_1"}"#,
        r#"{"error":"As it were."}"#,
        "<html><body>nginx</body></html>",
        "{\"error\":",
        "",
    ];
    for (status, kind, retry) in cases {
        let server =
            Server::start(move |number, _| json(status, &[], bodies[number / 2 % bodies.len()])).await;
        for body in bodies {
            for model in both(&server) {
                let error = soon(model.chat(plain())).await.unwrap_err();
                assert_eq!((error.kind(), error.retryable()), (kind, retry), "{status}: {error}");
                assert_eq!(error.message().contains("As it were."), body.contains("As it were."), "{error}");
                let number = &status[..3];
                assert!(error.context().contains(&("status", number.to_owned())), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_says_how_long_to_wait_or_not_to_come_again() {
    let seconds = |s| Retry::After(std::time::Duration::from_secs(s));
    // The clock of these tests stands at 2026-01-01T00:00:00Z.
    let quota = r#"{"error":{"message":"You exceeded your quota.","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    for (status, headers, body, want) in [
        ("429 Too Many", vec![("retry-after", "17")], "", seconds(17)),
        ("429 Too Many", vec![("Retry-After", "Thu, 01 Jan 2026 00:01:00 GMT")], "", seconds(60)),
        ("529 Overloaded", vec![("retry-after", "3"), ("retry-after-ms", "2000")], "", seconds(2)),
        ("503 Down", vec![("retry-after", "soon")], "", Retry::Now),
        ("429 Too Many", vec![("retry-after", "17")], quota, Retry::Never),
        ("500 Failed", vec![("x-should-retry", "false"), ("retry-after", "1")], "", Retry::Never),
        ("400 Bad", vec![("retry-after", "17")], "", Retry::Never),
    ] {
        let kept = headers.clone();
        let server = Server::start(move |_, _| json(status, &kept, body)).await;
        for model in both(&server) {
            assert_eq!(
                soon(model.chat(plain())).await.unwrap_err().retryable(),
                want,
                "{status} {headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_stream_may_be_cut_anywhere_and_is_never_a_short_answer() {
    // Wherever the connection ends: in a character, in an event, between events, before the mark of the end.
    for index in 0..2 {
        let whole = if index == 0 { COMPLETIONS } else { MESSAGES };
        let end = whole.trim_end().rfind('\n').unwrap();
        let tower = whole.find('🗼').unwrap();
        for cut in [0, 1, tower + 2, tower + 40, whole.find("\n\n").unwrap() + 2, end - 3, end] {
            for clean in [false, true] {
                let mut bytes = [stream_head(), chunk(&whole.as_bytes()[..cut.max(1)])].concat();
                if clean {
                    bytes.extend(b"0\r\n\r\n");
                }
                let server = Server::start(move |_, _| vec![Act::Send(bytes.clone())]).await;
                let error = soon(both(&server)[index].chat(plain())).await.unwrap_err();
                assert_eq!(
                    (error.kind(), error.retryable()),
                    (ErrorKind::Unavailable, Retry::Now),
                    "{cut}: {error}"
                );
                assert!(error.message().contains("cut off"), "{cut}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn a_slow_trickle_of_single_bytes_is_the_same_answer() {
    let server = Server::start(|_, request| {
        let chunks: Vec<u8> = paris(request.path()).bytes().flat_map(|byte| chunk(&[byte])).collect();
        vec![Act::Send(stream_head()), Act::Trickle([chunks, b"0\r\n\r\n".to_vec()].concat())]
    })
    .await;
    for model in both(&server) {
        assert_eq!(soon(model.chat(plain())).await.unwrap().text, "Päris 🗼.");
    }
}

#[tokio::test]
async fn malformed_events_are_an_error_behind_what_came_before() {
    for nonsense in [
        "data: {\"choices\":[{\n\n",
        "data: [1,2]\n\n",
        "data: \"text\"\n\n",
        "data: \n\n",
        "event: error\ndata: oops\n\n",
    ] {
        let server = Server::start(move |_, request| {
            let whole = paris(request.path());
            let half = &whole[..whole.find("is 🗼").and_then(|at| whole[..at].rfind("\n\n")).unwrap() + 2];
            events(&format!("{half}{nonsense}"))
        })
        .await;
        for model in both(&server) {
            let items: Vec<_> = soon(model.stream(Arc::new(plain()))).await.unwrap().collect().await;
            let (last, before) = items.split_last().unwrap();
            assert!(
                before.iter().any(|item| item.as_ref().is_ok_and(|delta| *delta == Delta::text("Pär"))),
                "{nonsense}"
            );
            assert_eq!(last.as_ref().unwrap_err().kind(), ErrorKind::Unavailable, "{nonsense}");
        }
    }
}

#[tokio::test]
async fn an_error_in_place_of_a_choice_is_typed() {
    for (event, kind) in [
        (
            r#"data: {"error":{"message":"As it were.","type":"server_error","code":null}}"#,
            ErrorKind::Unavailable,
        ),
        (
            r#"data: {"error":{"message":"As it were.","type":"tokens","code":"rate_limit_exceeded"}}"#,
            ErrorKind::LimitExceeded,
        ),
        ("event: error\ndata: {\"message\":\"As it were.\"}", ErrorKind::Unavailable),
    ] {
        let server = Server::start(move |_, _| events(&format!("{event}\n\n"))).await;
        let error = soon(openai(&server).chat(plain())).await.unwrap_err();
        assert!(error.kind() == kind && error.message().ends_with("As it were."), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_event_stream_is_an_error() {
    for (headers, body, want) in [
        (vec![("content-type", "text/html")], "<html>", "answered with `text/html`"),
        (vec![], "", "answered with `nothing`"),
        (vec![("content-type", "application/json")], r#"{"error":{"message":"As it were."}}"#, "As it were."),
        (
            vec![("content-type", "text/event-stream"), ("content-encoding", "gzip")],
            "\u{1f}",
            "compressed (`gzip`)",
        ),
        (vec![("content-type", "text/event-stream")], "", "cut off"),
    ] {
        let bytes = [head("200 OK", &headers), body.as_bytes().to_vec()].concat();
        let server = Server::start(move |_, _| vec![Act::Send(bytes.clone())]).await;
        for model in both(&server) {
            let error = soon(model.chat(plain())).await.unwrap_err();
            assert!(error.kind() == ErrorKind::Unavailable && error.message().contains(want), "{error}");
        }
    }
}

#[tokio::test]
async fn a_hundred_megabytes_without_a_line_are_not_kept() {
    const HUNDRED: usize = 100 << 20;
    let streaming = head("200 OK", &[("content-type", "text/event-stream")]);
    let failing = head("500 Oh", &[("content-type", "application/json")]);
    for bytes in [streaming, failing] {
        let server =
            Server::start(move |_, _| vec![Act::Send(bytes.clone()), Act::Flood(b'x', HUNDRED)]).await;
        for model in both(&server) {
            let before = server.sent();
            let error = soon(model.chat(plain())).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            soon(server.hang_up()).await;
            assert!(server.sent() - before < HUNDRED / 4, "{} bytes were read", server.sent() - before);
        }
    }
}

#[tokio::test]
async fn an_answer_without_end_is_no_answer() {
    const LINES: usize = 1_000;
    let line = [b": ".as_slice(), &[b'x'; 1 << 20], b"\n"].concat();
    let streaming = head("200 OK", &[("content-type", "text/event-stream")]);
    let answer = move |_: usize, _: &_| vec![Act::Send(streaming.clone()), Act::Again(line.clone(), LINES)];
    let server = Server::start(answer).await;
    let error = soon(openai(&server).chat(plain())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("its stream has more than"), "{error}");
    soon(server.hang_up()).await;
    assert!(server.sent() < (LINES / 4) << 20, "{} bytes were read", server.sent());
}

#[tokio::test]
async fn what_does_not_fit_the_protocol_is_not_quoted() {
    let body = format!("{{\"data\": \"no such key: {KEY}, canary-answer\"}}");
    let server = Server::start(move |_, _| json("200 OK", &[], &body)).await;
    let server_of = openai(&server);
    let request = Arc::new(heptad_core::llm::EmbedRequest::new(["rain"]));
    let mut errors = vec![
        soon(server_of.embedder("embed").embed(request)).await.unwrap_err(),
        soon(server_of.models()).await.unwrap_err(),
        soon(anthropic(&server).models()).await.unwrap_err(),
    ];
    let chunks = [
        "data: {\"choices\": \"canary-answer\"}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":\"canary-answer\"}\n\n",
    ];
    let server = Server::start(move |number, _| {
        vec![
            Act::Send(head("200 OK", &[("content-type", "text/event-stream")])),
            Act::Send(chunks[number].into()),
        ]
    })
    .await;
    for model in both(&server) {
        errors.push(soon(model.chat(plain())).await.unwrap_err());
    }
    for error in errors {
        let all = format!("{error} {error:?} {}", error.to_json());
        assert!(all.contains("does not fit the protocol") && !all.contains("canary"), "{all}");
    }
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_key_goes_nowhere_else() {
    let thief = Server::start(|_, request| events(paris(request.path()))).await;
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let to = format!("{}/v1/chat/completions", thief.url());
        let server = Server::start(move |_, _| json(status, &[("location", &to)], "")).await;
        for model in both(&server) {
            let error = soon(model.chat(plain())).await.unwrap_err();
            assert!(
                error.kind() == ErrorKind::InvalidInput && error.message().contains("redirect"),
                "{error}"
            );
        }
    }
    assert!(thief.received().is_empty(), "nobody asked there");
}

#[tokio::test]
async fn dropping_the_answer_closes_the_connection() {
    let server = Server::start(|_, request| {
        let whole = paris(request.path());
        let half =
            &whole.as_bytes()[..whole.find("is 🗼").and_then(|at| whole[..at].rfind("\n\n")).unwrap() + 2];
        vec![Act::Send([stream_head(), chunk(half)].concat()), Act::UntilHangUp]
    })
    .await;
    for model in both(&server) {
        let mut deltas = soon(model.stream(Arc::new(plain()))).await.unwrap();
        while soon(deltas.next()).await.unwrap().unwrap() != Delta::text("Pär") {}
        drop(deltas);
        soon(server.hang_up()).await;
    }
}

#[tokio::test]
async fn giving_up_before_the_answer_closes_the_connection() {
    let server = Server::start(|_, _| vec![Act::UntilHangUp]).await;
    let model = openai(&server);
    let mut waiting = Box::pin(model.chat(plain()));
    while server.received().is_empty() {
        assert!(futures_util::poll!(&mut waiting).is_pending());
        tokio::task::yield_now().await;
    }
    drop(waiting);
    soon(server.hang_up()).await;
}

#[tokio::test]
async fn nobody_there_and_a_closed_door_are_unavailable() {
    let silent = Server::start(|_, _| vec![]).await;
    for model in both(&silent) {
        let error = soon(model.chat(plain())).await.unwrap_err();
        assert_eq!((error.kind(), error.retryable()), (ErrorKind::Unavailable, Retry::Now), "{error}");
    }
    let gone = Server::start(|_, _| vec![]).await;
    let models = both(&gone);
    drop(gone);
    for model in models {
        let error = soon(model.chat(plain())).await.unwrap_err();
        assert_eq!((error.kind(), error.retryable()), (ErrorKind::Unavailable, Retry::Now), "{error}");
    }
}

#[tokio::test]
async fn a_key_that_a_server_quotes_is_not_shown() {
    let body =
        format!("{{\"error\":{{\"message\":\"Incorrect API key provided: {KEY}.\",\"code\":\"{KEY}\"}}}}");
    let within = format!("event: error\ndata: {body}\n\n");
    let server =
        Server::start(
            move |number, _| {
                if number % 2 == 0 { json("401 Unauthorized", &[], &body) } else { events(&within) }
            },
        )
        .await;
    for model in both(&server).into_iter().flat_map(|model| [Arc::clone(&model), model]) {
        let error = soon(model.chat(plain())).await.unwrap_err();
        let shown = format!("{error} {error:?} {}", error.to_json());
        assert!(shown.contains("Incorrect API key provided: ***.") && !shown.contains("canary"), "{shown}");
    }
}
