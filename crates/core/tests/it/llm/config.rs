//! From `[llm]` to models.

use std::sync::Arc;

use heptad_core::{
    ErrorKind, Result,
    clock::Clock,
    config::{Config, LoadOptions},
    llm::{ChatModelExt as _, Models, config},
    store::{Store, memory::MemoryStore},
    telemetry::Metrics,
};
use heptad_testkit::VirtualClock;

use super::question;

async fn open(text: &str, variables: &[(&str, &str)]) -> Result<Models> {
    let loaded = Config::load(LoadOptions::new().text("heptad.toml", text).keys(config::KEYS))?;
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::clone(&clock)));
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    config::open(&loaded, &variable, &store, &Metrics::new(), &clock, Models::default()).await
}

async fn refused(text: &str, variables: &[(&str, &str)]) -> (ErrorKind, String) {
    let error = open(text, variables).await.err().unwrap_or_else(|| panic!("accepted: {text}"));
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn nothing_configured_is_no_model() {
    let models = open("", &[]).await.unwrap();
    assert!(models.chat.is_none() && models.embedder.is_none());
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused_with_what_to_set() {
    for (text, kind, want) in [
        ("[llm]\nmodel = \"m\"", ErrorKind::InvalidInput, "no `llm.provider`"),
        ("[llm]\nprovider = \"openai\"", ErrorKind::InvalidInput, "no `llm.model`"),
        ("[llm]\nprovider = \"opnai\"\nmodel = \"m\"", ErrorKind::InvalidInput, "did you mean `openai`?"),
        ("[llm]\nfallback = [\"openai:m\"]", ErrorKind::InvalidInput, "no `llm.provider`"),
        ("[llm]\nreplay = \"/nonexistent.jsonl\"", ErrorKind::NotFound, "the cassette /nonexistent.jsonl"),
    ] {
        let (found, message) = refused(text, &[]).await;
        assert!(found == kind && message.contains(want), "{text}: {message}");
    }
}

#[cfg(feature = "candle")]
#[tokio::test]
async fn a_local_model_is_a_file() {
    let (kind, message) = refused("[llm]\nprovider = \"local\"\nmodel = \"/nonexistent.gguf\"", &[]).await;
    assert!(kind == ErrorKind::NotFound && message.contains("/nonexistent.gguf"), "{message}");
    let Some(path) = heptad_testkit::models::gemma() else { return };
    let text = format!(
        "[llm]\nprovider = \"local\"\nmodel = {path:?}\ntemplate = \"plain\"\ncontext = 512\nthreads = 1"
    );
    let model = open(&text, &[]).await.unwrap().chat.expect("a model");
    assert_eq!(model.capabilities().context_tokens, Some(512));
    assert_eq!(model.chat(question("one two three").max_tokens(3)).await.unwrap().usage.output_tokens, 3);
}

#[cfg(all(feature = "candle", feature = "openai"))]
#[tokio::test]
async fn a_model_on_this_machine_and_a_server_stand_in_for_each_other() {
    let Some(path) = heptad_testkit::models::gemma() else { return };
    let file = format!("local: {}", path.display());
    let here = "template = \"plain\"\ncontext = 512\nthreads = 1\nattempts = 1\n";
    let away = "http://127.0.0.1:1/v1";
    let text = format!(
        "[llm]\nprovider = \"openai\"\nmodel = \"m\"\nbase_url = {away:?}\nfallback = [{file:?}]\n{here}"
    );
    let model = open(&text, &[]).await.unwrap().chat.expect("a model");
    let answer = model.chat(question("one two three").max_tokens(3)).await.unwrap();
    assert_eq!(answer.usage.output_tokens, 3, "the server is away, the file is not");

    // Too long for the file: that the server was asked instead is seen by its absence.
    let link = format!("openai:m base_url={away}");
    let text = format!("[llm]\nprovider = \"local\"\nmodel = {path:?}\nfallback = [{link:?}]\n{here}");
    let model = open(&text, &[]).await.unwrap().chat.expect("a model");
    let long = "word ".repeat(2000);
    let error = model.chat(question(&long).max_tokens(3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[cfg(not(feature = "openai"))]
#[tokio::test]
async fn a_provider_that_this_build_lacks_is_unsupported() {
    let (kind, message) =
        refused("[llm]\nprovider = \"openai\"\nmodel = \"m\"", &[("OPENAI_API_KEY", "k")]).await;
    assert!(kind == ErrorKind::Unsupported && message.contains("feature `openai`"), "{message}");
}

#[cfg(all(feature = "openai", feature = "anthropic"))]
#[tokio::test]
async fn keys_come_from_the_environment_and_travel_encrypted() {
    let openai = "[llm]\nprovider = \"openai\"\nmodel = \"m\"\n";
    let models =
        open(&format!("{openai}embedding_model = \"e\""), &[("OPENAI_API_KEY", "sk-canary")]).await.unwrap();
    assert_eq!(models.chat.unwrap().capabilities().model, "m");
    assert_eq!(models.embedder.unwrap().capabilities().model, "e");
    open(&format!("{openai}base_url = \"http://127.0.0.1:1/v1\""), &[])
        .await
        .expect("a server of one's own needs no key");
    let key = [("MY_KEY", "sk-canary")];
    let named = |url: &str| format!("{openai}key_variable = \"MY_KEY\"\nbase_url = \"{url}\"\n");
    open(&named("http://localhost:1"), &key).await.expect("this machine");
    open(&named("http://[::1]:1"), &key).await.expect("this machine");
    open(&(named("http://models.example") + "allow_http = true"), &key).await.expect("allowed");
    for (text, want) in [
        (openai.to_owned(), "`OPENAI_API_KEY` does not hold the key"),
        (named("https://models.example/v1").replace("MY_KEY", "NO_KEY"), "`NO_KEY` does not hold the key"),
        (named("http://models.example/v1"), "would send the key unencrypted"),
        (named("http://127.0.0.1.models.example/v1"), "would send the key unencrypted"),
        (named("ftp://models.example/v1"), "neither https nor http"),
        (named("models.example"), "is no URL"),
        (named("https://user:password@models.example"), "has a user"),
        (
            openai.replace("openai", "anthropic") + "embedding_model = \"e\"\nkey_variable = \"MY_KEY\"",
            "has no embeddings",
        ),
        (named("https://models.example") + "budget_money = \"5\"", "no price list"),
        (named("https://models.example") + "budget_money = \"five\"\nprices = \"p\"", "no amount of money"),
        (
            named("https://models.example") + "prices = \"/nonexistent.toml\"",
            "the price list /nonexistent.toml",
        ),
    ] {
        let (_, message) = refused(&text, &key).await;
        assert!(message.contains(want) && !message.contains("canary"), "{text}: {message}");
    }
    let (_, message) = refused(&named("https://models.example"), &[("MY_KEY", "two\nlines")]).await;
    assert!(message.contains("characters that no key has"), "{message}");
}

#[tokio::test]
async fn a_cassette_needs_no_key_and_no_provider() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.jsonl");
    let request = serde_json::to_string(&question("hello")).unwrap();
    let answer = r#"[{"type":"text","text":"hi"},{"type":"finish","reason":"stop"}]"#;
    std::fs::write(&path, format!("{{\"format\":1,\"chat\":{request},\"answer\":{answer}}}\n")).unwrap();
    let models = open(
        &format!("[llm]\nreplay = {path:?}\ncache_ttl = \"1h\"\nbudget_tokens = 5000\nredact = true"),
        &[],
    )
    .await
    .unwrap();
    let model = models.chat.unwrap();
    assert_eq!(model.chat(question("hello")).await.unwrap().text, "hi");
    assert!(model.chat(question("hello")).await.unwrap().cached);
    assert_eq!(model.chat(question("unknown")).await.unwrap_err().kind(), ErrorKind::NotFound);
}
