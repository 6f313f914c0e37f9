//! A chain of models by configuration: who is asked next, after which errors, and what is counted of it. And rules of one's own for what is not sent.

use std::sync::Arc;

use heptad_core::{
    ErrorKind, Result,
    clock::{Clock, SystemClock},
    config::{Config, LoadOptions},
    llm::{ChatModel, ChatModelExt as _, ChatRequest, Message, Models, config},
    store::{Store, memory::MemoryStore},
    telemetry::Metrics,
};

use super::{
    KEY, anthropic, openai,
    server::{Act, Received, Server, events, json},
};

/// The chain of `server`: its first model fails as `status` says, the second is a server of one's own without a key, the third answers.
async fn open(server: &Server, keys: &str) -> Result<(Arc<dyn ChatModel>, Metrics)> {
    let url = server.url();
    let text = format!(
        "[llm]\nprovider = \"openai\"\nmodel = \"first\"\nbase_url = \"{url}/first\"\nkey_variable = \"KEY\"\nattempts = 1\n{keys}\n\
         fallback = [\"openai:second base_url={url}/second\", \"anthropic:third base_url={url}/third key_variable=THIRD\"]\n"
    );
    let loaded = Config::load(LoadOptions::new().text("heptad.toml", text).keys(config::KEYS))?;
    let (metrics, clock): (_, Arc<dyn Clock>) = (Metrics::new(), Arc::new(SystemClock));
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::clone(&clock)));
    let variable = |name: &str| match name {
        "KEY" => Some(KEY.to_owned()),
        "THIRD" => Some("sk-third-0123456789".to_owned()),
        _ => None,
    };
    let models = config::open(&loaded, &variable, &store, &metrics, &clock, Models::default()).await?;
    Ok((models.chat.unwrap(), metrics))
}

fn failing(status: &'static str) -> impl Fn(usize, &Received) -> Vec<Act> + Send + Sync + 'static {
    move |_, request| match request.path() {
        "/third/v1/messages" => events(anthropic::PARIS),
        _ => json(status, &[], r#"{"error":{"message":"no","type":"x"}}"#),
    }
}

fn links(metrics: &Metrics) -> Vec<String> {
    let text = metrics.render();
    let lines = text.lines().filter_map(|line| line.strip_prefix("heptad_llm_links_total"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_next_model_is_asked_with_its_own_key_and_the_answer_says_who_it_is() {
    let server = Server::start(failing("503 Service Unavailable")).await;
    let (model, metrics) = open(&server, "").await.unwrap();
    let answer = model.chat(ChatRequest::new([Message::user("The capital of France?")])).await.unwrap();
    assert_eq!((answer.model.as_str(), answer.text.as_str()), ("claude-test-2026", "Päris 🗼."));
    let asked: Vec<_> = server
        .received()
        .iter()
        .map(|request| {
            let key = request.header("authorization").or(request.header("x-api-key")).map(str::to_owned);
            (request.path().to_owned(), request.body["model"].as_str().unwrap().to_owned(), key)
        })
        .collect();
    let want = [
        ("/first/chat/completions", "first", Some(format!("Bearer {KEY}"))),
        ("/second/chat/completions", "second", None),
        ("/third/v1/messages", "third", Some("sk-third-0123456789".to_owned())),
    ];
    assert_eq!(asked, want.map(|(path, model, key)| (path.to_owned(), model.to_owned(), key)));
    assert_eq!(
        links(&metrics),
        [
            "{adapter=\"anthropic\",link=\"3\",model=\"third\",outcome=\"ok\"} 1",
            "{adapter=\"openai\",link=\"1\",model=\"first\",outcome=\"unavailable\"} 1",
            "{adapter=\"openai\",link=\"2\",model=\"second\",outcome=\"unavailable\"} 1",
        ]
    );
}

#[tokio::test]
async fn only_errors_that_another_model_may_not_have_fall_through() {
    for (status, keys, asked, kind) in [
        ("429 Too Many Requests", "", 3, None),
        ("500 Internal Server Error", "", 3, None),
        ("400 Bad Request", "", 1, Some(ErrorKind::InvalidInput)),
        ("401 Unauthorized", "", 1, Some(ErrorKind::Unauthenticated)),
        ("401 Unauthorized", "fallback_on = [\"unauthenticated\"]", 3, None),
        ("500 Internal Server Error", "fallback_on = [\"unauthenticated\"]", 1, Some(ErrorKind::Unavailable)),
    ] {
        let server = Server::start(failing(status)).await;
        let (model, _) = open(&server, keys).await.unwrap();
        let answer = model.chat(ChatRequest::new([Message::user("The capital of France?")])).await;
        assert_eq!(
            (answer.err().map(|error| error.kind()), server.received().len()),
            (kind, asked),
            "{status} {keys}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_chain_or_a_rule_is_said_before_anything_is_sent() {
    let server = Server::start(failing("500 Internal Server Error")).await;
    let long = format!("redact_rules = [\"A={}\"]", "(a|b)".repeat(3_000) + "{9999}");
    for (keys, want) in [
        ("fallback_on = [\"unavailble\"]", "did you mean `unavailable`?"),
        ("redact_rules = [\"TICKET\"]", "`NAME=regular expression`"),
        ("redact_rules = [\"ticket=x\"]", "is no name of a redaction"),
        ("redact_rules = [\"TICKET=(\"]", "is malformed or too large"),
        ("redact_rules = [\"TICKET=x*\"]", "finds the empty text"),
        (
            "redact_rules = [\"TICKET=(((((x{1000}){1000}){1000}){1000}){1000})\"]",
            "is malformed or too large",
        ),
        (long.as_str(), "is malformed or too large"),
        ("redact_rules = \"TICKET=x\"", "it is a list"),
        ("redact_rules = [7]", "it is a list"),
        ("redact_rules = [\"\"]", "it is a list"),
    ] {
        let error = open(&server, keys).await.err().unwrap_or_else(|| panic!("accepted: {keys}"));
        assert!(error.to_string().contains(want), "{keys}: {error}");
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn rules_of_ones_own_come_before_the_built_in_ones_and_hostile_texts_take_linear_time() {
    let server = Server::start(|_, request| {
        let said = request.body["messages"][0]["content"].as_str().unwrap().to_owned();
        let said = serde_json::to_string(&said[..said.len().min(200)]).unwrap();
        events(&openai::PARIS.replace("\"Pär\"", &said))
    })
    .await;
    let keys = "redact = true\nredact_rules = ['TICKET=\\bT-[0-9]{4}\\b', 'STAFF=[a-z]+@acme\\.example', 'HOSTILE=(x+x+)+y']";
    let (model, _) = open(&server, keys).await.unwrap();
    let ask = async |text: &str| model.chat(ChatRequest::new([Message::user(text)])).await.unwrap().text;
    let answer = ask("T-1234 of ada@acme.example and eve@other.example, T-1234 again, T-99999 not").await;
    let sent = server.received()[0].body["messages"][0]["content"].as_str().unwrap().to_owned();
    assert_eq!(sent, "[TICKET_1] of [STAFF_1] and [EMAIL_1], [TICKET_1] again, T-99999 not");
    assert!(answer.starts_with("T-1234 of ada@acme.example and eve@other.example, T-1234 again"), "{answer}");
    // An engine that goes back and forth would not come to the end of this.
    super::soon(ask(&"x".repeat(100_000))).await;
}
