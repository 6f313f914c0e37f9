//! Hosted models against a server on this machine that plays the real wire formats.

pub(crate) mod anthropic;
mod chain;
pub(crate) mod openai;
mod sdk;
pub(crate) mod server;
mod suite;
mod tls;
mod ugly;

use std::{sync::Arc, time::Duration};

use heptad_core::{
    clock::{Clock, SystemClock},
    llm::{
        ChatModel, Secret,
        anthropic::{Anthropic, AnthropicOptions},
        openai::{OpenAi, OpenAiOptions},
    },
};
use heptad_testkit::VirtualClock;

use self::server::Server;

/// The key that nobody may see.
const KEY: &str = "sk-canary-0123456789";

fn clock() -> Arc<dyn Clock> {
    Arc::new(VirtualClock::new())
}

fn openai(server: &Server) -> OpenAi {
    let options = OpenAiOptions::new(Some(Secret::new(KEY))).base_url(format!("{}/v1", server.url()));
    OpenAi::new("gpt-test", options, clock()).unwrap()
}

fn anthropic(server: &Server) -> Anthropic {
    let options = AnthropicOptions::new(Some(Secret::new(KEY))).base_url(server.url());
    Anthropic::new("claude-test", options, clock()).unwrap()
}

/// Both, for what holds for both.
fn both(server: &Server) -> [Arc<dyn ChatModel>; 2] {
    [Arc::new(openai(server)), Arc::new(anthropic(server))]
}

/// Waits for what comes soon or is broken: a bound for a defect, not a measurement.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("it comes within half a minute")
}

#[tokio::test]
async fn the_real_clock_and_certificates_make_a_client() {
    OpenAi::new("gpt", OpenAiOptions::new(Some(Secret::new(KEY))), Arc::new(SystemClock)).unwrap();
}
