//! A small system with an operation of every kind.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use heptad_core::{
    Error, Result,
    operation::{Context, Handle, Table, operations},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone)]
pub(crate) struct Greeter {
    context: Context,
}

impl Handle for Greeter {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

/// Whom to greet.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GreetRequest {
    /// The name.
    pub(crate) name: String,
    /// How loudly.
    #[serde(default)]
    pub(crate) tone: Tone,
    /// Who else comes along.
    #[serde(default)]
    pub(crate) guests: Vec<Guest>,
}

/// How loudly to greet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tone {
    #[default]
    Plain,
    Loud,
}

/// Somebody who comes along.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Guest {
    /// The name.
    pub(crate) name: String,
    /// In years.
    #[serde(default)]
    pub(crate) age: Option<u8>,
}

/// The greeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Greeting {
    /// The text.
    pub(crate) text: String,
    /// How many were greeted.
    pub(crate) heads: usize,
}

/// How often.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RepeatRequest {
    /// The name.
    pub(crate) name: String,
    /// How often; `fail` and `panic` happen at this item.
    pub(crate) times: usize,
    /// The item that is an error instead.
    #[serde(default)]
    pub(crate) fail_at: Option<usize>,
    /// The item at which the stream panics.
    #[serde(default)]
    pub(crate) panic_at: Option<usize>,
}

#[operations(system = "greeter")]
impl Greeter {
    /// Greets somebody.
    ///
    /// Politely unless told otherwise.
    #[operation(reads)]
    pub(crate) async fn greet(&self, GreetRequest { name, tone, guests }: GreetRequest) -> Result<Greeting> {
        if name.is_empty() {
            return Err(Error::invalid("an empty name cannot be greeted"));
        }
        let text = match tone {
            Tone::Plain => format!("Hello, {name}."),
            Tone::Loud => format!("HELLO, {}!", name.to_uppercase()),
        };
        Ok(Greeting { text, heads: 1 + guests.len() })
    }

    /// Greets again and again.
    #[operation(streams, permission = "greeter.greet")]
    pub(crate) fn repeat(&self, request: RepeatRequest) -> impl Stream<Item = Result<Greeting>> {
        if request.times == 0 {
            return stream::empty().boxed();
        }
        stream::iter(1..=request.times)
            .map(move |time| match Some(time) {
                at if at == request.fail_at => Err(Error::not_found("nobody there")),
                at if at == request.panic_at => panic!("hoarse"),
                _ => Ok(Greeting { text: format!("Hello, {} ({time}).", request.name), heads: 1 }),
            })
            .boxed()
    }

    /// Counts the greetings of the week.
    #[operation(table)]
    pub(crate) async fn tally(&self) -> Result<Table> {
        Table::new().with("day", ["Mon", "Tue"])?.with("greetings", vec![Some(3_i64), None])
    }

    /// Never answers.
    #[operation(reads, name = "wait")]
    pub(crate) async fn wait_for_ever(&self) -> Result<()> {
        std::future::pending().await
    }

    /// Takes an hour.
    #[operation(writes)]
    pub(crate) async fn nap(&self) -> Result<()> {
        self.context.kernel.clock.sleep(Duration::from_secs(3600)).await;
        Ok(())
    }

    /// Has a defect.
    #[operation(writes, permission = "greeter.danger")]
    pub(crate) async fn trip(&self) -> Result<u64> {
        panic!("over the step");
    }

    /// Is not in this build.
    #[cfg(any())]
    #[operation(reads)]
    pub(crate) async fn elsewhere(&self) -> Result<NoSuchType> {
        no_such_function()
    }

    pub(crate) fn not_an_operation(&self) -> usize {
        Self::OPERATIONS.len()
    }
}
