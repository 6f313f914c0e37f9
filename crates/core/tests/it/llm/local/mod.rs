//! Local models: Gemma 3 270M, a *base* model, so nothing here says anything about how good its answers are.
//!
//! Where the model cannot be installed the tests tell that they did not run.

mod documents;
mod refusing;

use std::{path::PathBuf, sync::Arc};

use futures_util::{StreamExt as _, future::BoxFuture};
use heptad_core::llm::{
    ChatModel, ChatModelExt as _, ChatRequest, FinishReason, Message,
    local::{Frame, Local, LocalOptions},
};
use heptad_testkit::{
    llm::{Parrot, Place},
    models,
};

use super::question;

/// A template for tests: the frame that Gemma's instruct models have.
const TEMPLATE: &str = "{{ bos_token }}{% for message in messages %}{{ '<start_of_turn>' + ('model' if message.role == 'assistant' else message.role) + '\n' + message.content | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}";

fn options(frame: Frame) -> LocalOptions {
    LocalOptions { frame, context: Some(2048), ..LocalOptions::default() }
}

/// Gemma, continuing one message.
async fn gemma() -> Option<Local> {
    Some(Local::open(models::gemma()?, options(Frame::Plain)).await.expect("the model opens"))
}

/// Gemma with the frame of its instruct models.
async fn framed() -> Option<Local> {
    let path = models::gemma()?;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("template.jinja");
    std::fs::write(&file, TEMPLATE).expect("written");
    Some(Local::open(path, options(Frame::File(file))).await.expect("the model opens"))
}

struct Installed;

impl Place for Installed {
    fn model(&self) -> BoxFuture<'_, Arc<dyn ChatModel>> {
        Box::pin(async {
            match gemma().await {
                Some(model) => Arc::new(model) as Arc<dyn ChatModel>,
                None => Arc::new(Parrot::new()),
            }
        })
    }
}

mod suite {
    heptad_testkit::chat_suite!(super::Installed);
}

#[tokio::test(flavor = "current_thread")]
async fn a_second_turn_is_as_in_a_fresh_context_and_computes_less() {
    let (Some(model), Some(fresh)) = (framed().await, framed().await) else { return };
    let first =
        ChatRequest::new([Message::user("Name three rivers of Europe, please, and say where they end.")])
            .temperature(0.0)
            .max_tokens(24);
    let answer = model.chat(first.clone()).await.expect("answered");
    assert_eq!(answer.usage.cached_tokens, 0);
    assert_eq!(answer.usage.input_tokens, model.prompt_tokens(&first), "the prompt is counted exactly");
    let mut second = first.clone();
    second.messages.extend([answer.into_message(), Message::user("And two mountains?")]);
    let continued = model.chat(second.clone()).await.expect("answered");
    let alone = fresh.chat(second.clone()).await.expect("answered");
    assert_eq!(continued.text, alone.text);
    assert_eq!(alone.usage.cached_tokens, 0);
    assert!(continued.usage.cached_tokens >= model.prompt_tokens(&first) - 8, "{:?}", continued.usage);
    assert_eq!(continued.usage.input_tokens, model.prompt_tokens(&second));
}

#[tokio::test(flavor = "current_thread")]
async fn a_seed_gives_the_same_answer_and_greedy_needs_none() {
    let Some(model) = gemma().await else { return };
    let ask = |seed: Option<u64>, temperature: f32| {
        let mut request = question("Once upon a time").temperature(temperature).max_tokens(16);
        request.seed = seed;
        model.chat(request)
    };
    let told = async |seed, temperature| ask(seed, temperature).await.expect("answered").text;
    assert_eq!(told(Some(1), 1.0).await, told(Some(1), 1.0).await);
    assert_ne!(told(Some(1), 1.5).await, told(Some(2), 1.5).await);
    assert_eq!(told(None, 0.0).await, told(Some(9), 0.0).await);
}

#[tokio::test(flavor = "current_thread")]
async fn a_dropped_stream_frees_its_place() {
    let Some(path) = models::gemma() else { return };
    let model =
        Local::open(path, LocalOptions { batch: 1, ..options(Frame::Plain) }).await.expect("it opens");
    let mut endless =
        model.stream(Arc::new(question("one two three").max_tokens(1500))).await.expect("begun");
    for _ in 0..3 {
        endless.next().await.expect("more").expect("whole");
    }
    drop(endless);
    let answer = model.chat(question("four").max_tokens(2)).await.expect("answered");
    assert_eq!(answer.finish, FinishReason::Length);
}

/// A path that does not exist, or one to a file with these bytes.
fn file(bytes: Option<&[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.gguf");
    if let Some(bytes) = bytes {
        std::fs::write(&path, bytes).expect("written");
    }
    (folder, path)
}
