//! A platform with an encrypted store, a bus, a search index, two hosted models in a chain, an issuer of tokens and a collector, in which everything
//! happens that is traced or counted there. Whatever comes from outside holds a canary. Nobody signs in, and nothing is backed up.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use heptad_core::{
    ErrorKind, Kernel, Result,
    auth::{
        self,
        jwt::{Keys, Mapping, Verifier},
        operations::Auth,
    },
    clock::{Clock, SystemClock},
    config::{Config, LoadOptions},
    crypto::TextKeyRing,
    events::{Events, GroupConfig, LocalBus, Topic},
    kernel::{Ports, Security},
    llm::{self, operations::Llm},
    operation::{Context, Platform, Principal, Registry, Reply},
    search::{Catalog, operations::Search, tantivy::TantivyIndex},
    store::{
        Store,
        encrypted::{Encrypted, EncryptedOptions, operations::Encryption},
        memory::MemoryStore,
    },
    telemetry::{MeteredBus, MeteredIndex, MeteredStore, Metrics},
};
use serde_json::{Value, json};

use crate::{
    auth::jwt::{AUDIENCE, ISSUER, Signer, issuer, set},
    llm::hosted::{
        anthropic,
        server::{Act, Received, Server, events, json as answer},
    },
};

/// The key of the provider, the same for both.
const KEY: &str = "sk-canary-0123456789";

/// The key ring of the store: 32 bytes in base64.
const RING: &str = "2026 canaryInTheKeyRingAAAAAAAAAAAAAAAAAAAAAAAAA=";

pub(super) struct World {
    pub(super) kernel: Kernel,
    pub(super) folder: tempfile::TempDir,
    signer: Signer,
    _server: Server,
}

/// The first model always fails, and quotes what it was sent; the second answers.
fn provider(_: usize, request: &Received) -> Vec<Act> {
    let vectors = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[3.0,4.0]}],"model":"embed-test","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let refused = r#"{"error":{"message":"canary-in-the-error sk-canary-0123456789 canary-in-the-prompt","type":"server_error","code":"overloaded"}}"#;
    match request.path() {
        "/v1/embeddings" => answer("200 OK", &[], vectors),
        "/v1/messages" => events(&anthropic::PARIS.replace("Pär", "canary-in-the-answer")),
        _ => answer("503 Service Unavailable", &[("x-request-id", "canary-in-a-header")], refused),
    }
}

impl World {
    pub(super) async fn open(metrics: &Metrics) -> Self {
        let server = Server::start(provider).await;
        let folder = tempfile::tempdir().unwrap();
        let url = server.url();
        let text = format!(
            "[llm]\nprovider = \"openai\"\nmodel = \"gpt-test\"\nembedding_model = \"embed-test\"\nbase_url = \"{url}/v1\"\nkey_variable = \"KEY\"\n\
             fallback = [\"anthropic:claude-test base_url={url} key_variable=KEY\"]\nattempts = 1\ncache_ttl = \"1h\"\nbudget_tokens = 1000000\n\
             redact = true\nredact_rules = [\"TICKET=canary-ticket-[0-9]+\"]\nrecord = {:?}\n",
            folder.path().join("cassette.jsonl")
        );
        let options = LoadOptions::new().text("heptad.toml", text).keys(llm::config::KEYS);
        let config = Config::load(options.set("encryption.keys", "canary-in-the-configuration")).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let time = || Arc::clone(&clock);
        let ring = Arc::new(TextKeyRing::parse(RING).unwrap());
        let memory = Arc::new(MemoryStore::new(time()));
        let encrypted = Encrypted::open(memory, ring, EncryptedOptions::default(), time()).await.unwrap();
        let encrypted = Arc::new(encrypted);
        let store: Arc<dyn Store> = Arc::new(MeteredStore::new(Arc::clone(&encrypted) as _, metrics, time()));
        let signer = Signer::p256();
        let keys = Keys::Fixed(Arc::new(set(&[signer.jwk("k")])));
        let trusted = issuer().mapping(Mapping::of(ISSUER).roles("groups", ""));
        let tokens = Verifier::new(time()).trust(trusted, keys).unwrap();
        let security =
            Security { tokens: Some(Arc::new(tokens)), encryption: Some(encrypted), ..Security::default() };
        let bus = Arc::new(LocalBus::new(Arc::clone(&store), time()));
        let index = MeteredIndex::new(Arc::new(TantivyIndex::in_memory()), metrics, time());
        let variable = |name: &str| (name == "KEY").then(|| KEY.to_owned());
        let llm = llm::config::open(&config, &variable, &store, metrics, &clock, llm::Models::default())
            .await
            .unwrap();
        let operations = Registry::default()
            .with(Platform::OPERATIONS)
            .with(Auth::OPERATIONS)
            .with(Encryption::OPERATIONS)
            .with(Events::OPERATIONS)
            .with(Search::OPERATIONS)
            .with(Llm::OPERATIONS);
        let kernel = Kernel::new(Ports {
            bus: Arc::new(MeteredBus::new(bus, metrics, time())),
            search: Some(Catalog::new(Arc::clone(&store), Arc::new(index))),
            store,
            llm,
            security,
            clock,
            config,
            metrics: metrics.clone(),
            backup: Default::default(),
            operations,
        });
        Self { kernel, folder, signer, _server: server }
    }

    /// Calls an operation as the owner, to its end.
    pub(super) async fn call(&self, name: &str, request: Value) -> Result<Vec<Value>> {
        self.call_as(Context::owner(self.kernel.clone()), name, request).await
    }

    async fn call_as(&self, context: Context, name: &str, request: Value) -> Result<Vec<Value>> {
        match self.kernel.operations.call(name, context, request)? {
            Reply::One(answer) => answer.await.map(|answer| vec![answer]),
            Reply::Many(items) => items.try_collect().await,
        }
    }

    /// Everything.
    pub(super) async fn drive(&self) {
        self.documents().await;
        self.consumers().await;
        self.models().await;
        self.strangers().await;
        self.bearers().await;
        for operation in ["status", "rotate", "rewrap", "reencrypt", "retire", "verify"] {
            self.call(&format!("encryption.{operation}"), json!({})).await.unwrap();
        }
        self.call("platform.config", json!({})).await.unwrap();
        self.call("platform.health", json!({})).await.unwrap();
    }

    async fn documents(&self) {
        let schema = json!({"fields": [{"name": "body", "kind": "text"}]});
        let document = json!({"id": "canary-in-the-id", "fields": {"body": "canary-in-the-document rain"}});
        let request = json!({"collection": "notes", "schema": schema, "documents": [document]});
        self.call("search.index", request).await.unwrap();
        let found = self
            .call("search.query", json!({"collection": "notes", "query": "canary-in-the-document"}))
            .await
            .unwrap();
        assert_eq!(found[0]["total"], 1);
        self.call("search.query", json!({"collection": "notes", "query": "canary-in-the-query:("}))
            .await
            .unwrap_err();
    }

    async fn consumers(&self) {
        let topic = Topic::new("orders").unwrap();
        let subscription = self.kernel.bus.subscribe(&topic, GroupConfig::new("mail")).await.unwrap();
        let event = |id: usize| {
            json!({"specversion": "1.0", "id": format!("canary-{id}"), "source": "/canary-in-the-source", "type": "order.placed",
                   "subject": format!("canary-in-the-subject-{id}"), "data": {"secret": "canary-in-the-event"}})
        };
        let events: Vec<_> = (0..3).map(event).collect();
        self.call("events.publish", json!({"topic": "orders", "events": events})).await.unwrap();
        subscription.next().await.unwrap().ack().await.unwrap();
        subscription.next().await.unwrap().nack("canary-in-the-reason").await.unwrap();
        subscription.next().await.unwrap().reject("canary-in-the-reason").await.unwrap();
        self.call("events.publish", json!({"topic": "canary topic!", "events": []})).await.unwrap_err();
    }

    async fn models(&self) {
        let ask = |prompt: &str| json!({"prompt": prompt, "system": "canary-in-the-system canary-ticket-17"});
        let answer =
            self.call("llm.chat", ask("canary-in-the-prompt sk-canary-abcdefghijklmnop")).await.unwrap();
        assert_eq!(answer[0]["model"], "claude-test-2026", "the answer says who answered");
        self.call("llm.chat", ask("canary-in-the-prompt sk-canary-abcdefghijklmnop")).await.unwrap();
        self.call("llm.embed", json!({"texts": ["canary-in-the-text"]})).await.unwrap();
        // Nobody in the chain answers to that: the one cannot, the other has no seed.
        let error =
            self.call("llm.chat", json!({"prompt": "canary-in-the-prompt", "seed": 7})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    async fn strangers(&self) {
        let role = json!({"name": "reader", "allow": ["search.query"]});
        self.call("auth.put_role", role).await.unwrap();
        let made = self.call("auth.create_key", json!({"name": "ci", "roles": ["reader"]})).await.unwrap();
        let key = made[0]["key"].as_str().expect("a key is shown once").to_owned();
        heptad_core::auth::authenticate(&self.kernel, &key).await.unwrap();
        heptad_core::auth::authenticate(&self.kernel, "hk_canary-in-the-key").await.unwrap_err();
        let stranger = Principal::new("stranger-canary", []);
        let context = Context::owner(self.kernel.clone()).as_principal(stranger);
        self.call_as(context, "search.query", json!({"collection": "notes", "query": "canary-in-the-query"}))
            .await
            .unwrap_err();
    }

    /// Whoever has a token, or something like it.
    async fn bearers(&self) {
        let now = self.kernel.clock.now().as_second();
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "stranger-canary", "iat": now, "exp": now + 300,
            "email": "canary-in-a-claim", "groups": ["reader", "canary-in-a-group"],
        });
        let token = self.signer.claim("k", &claims);
        let bearer = auth::authenticate(&self.kernel, &token).await.unwrap();
        let context = Context::owner(self.kernel.clone()).as_principal(bearer);
        let query = json!({"collection": "notes", "query": "canary-in-the-document"});
        self.call_as(context.clone(), "search.query", query).await.unwrap();
        self.call_as(context, "encryption.rotate", json!({})).await.unwrap_err();
        let forged = Signer::p256().claim("k", &claims);
        let strange = self.signer.claim("canary-in-the-kid", &claims);
        for token in [&*forged, &strange, "canary.in.token", &format!("{token}canary")] {
            auth::authenticate(&self.kernel, token).await.unwrap_err();
        }
    }
}
