//! Operations: said once, reachable everywhere.
//!
//! `#[operations(system = "…")]` on the impl of a handle turns its methods into [`Operation`]s; a [`Registry`] collects them; the command
//! line, the bindings and the gateway are made from the registry. Every call, typed or by name, goes through one guard ([`call`],
//! [`stream`]): there the permission of the [`Principal`] is checked, the span opened, the call counted and a panic turned into an error.
//!
//! # How to add an operation
//! 1. Give the request and the response types that derive `Serialize`, `Deserialize` and `JsonSchema`. Their documentation comments are the
//!    help of flags and fields; `#[serde(default)]` makes a field optional. A request is a struct with named fields: a field that it
//!    does not have is refused.
//! 2. Write the method with its documentation comment and its effect. That is all: it is in `OPERATIONS`, on every surface.
//!
//! A new system has a handle as below, and one line in the facade, `.with(Greeter::OPERATIONS)`.
//!
//! ```
//! use futures_util::{Stream, StreamExt as _, stream};
//! use heptad_core::{
//!     Error, ErrorKind, Kernel, Result,
//!     operation::{Context, Handle, Permission, Principal, Registry, Reply, Table, operations},
//! };
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// The handle: made of a context, cheap to clone.
//! #[derive(Clone)]
//! struct Greeter(Context);
//!
//! impl Handle for Greeter {
//!     fn new(context: Context) -> Self {
//!         Self(context)
//!     }
//!     fn context(&self) -> &Context {
//!         &self.0
//!     }
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct GreetRequest {
//!     /// Whom to greet.
//!     name: String,
//!     /// How often.
//!     #[serde(default)]
//!     times: Option<usize>,
//! }
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
//! struct Greeting {
//!     /// The text.
//!     text: String,
//! }
//!
//! #[operations(system = "greeter")]
//! impl Greeter {
//!     /// Greets somebody.
//!     #[operation(reads)]
//!     async fn greet(&self, request: GreetRequest) -> Result<Greeting> {
//!         if request.name.is_empty() {
//!             return Err(Error::invalid("`name` is empty; say whom to greet"));
//!         }
//!         Ok(Greeting { text: format!("Hello, {}.", request.name) })
//!     }
//!
//!     /// Greets somebody again and again.
//!     #[operation(streams, permission = "greeter.greet")]
//!     fn repeat(&self, request: GreetRequest) -> impl Stream<Item = Result<Greeting>> {
//!         let greeter = self.clone(); // the stream outlives this call, so it owns what it needs
//!         stream::iter(0..request.times.unwrap_or(1)).then(move |_| {
//!             let (greeter, name) = (greeter.clone(), request.name.clone());
//!             async move { greeter.greet(GreetRequest { name, times: None }).await }
//!         })
//!     }
//!
//!     /// Counts the greetings of the week.
//!     #[operation(table)]
//!     async fn tally(&self) -> Result<Table> {
//!         Table::new().with("day", ["Mon", "Tue"])?.with("greetings", vec![Some(3_i64), None])
//!     }
//! }
//!
//! # fn kernel() -> Kernel {
//! #     use std::sync::Arc;
//! #     use heptad_core::{clock::SystemClock, config::Config, events::LocalBus, kernel::Ports, store::{Store, memory::MemoryStore}, telemetry::Metrics};
//! #     let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
//! #     let bus = Arc::new(LocalBus::new(store.clone(), Arc::new(SystemClock)));
//! #     Kernel::new(Ports { store, bus, search: None, llm: Default::default(), security: Default::default(), clock: Arc::new(SystemClock), config: Config::default(), metrics: Metrics::new(), backup: Default::default(), operations: Registry::default() })
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
//! // With types, from Rust:
//! let context = Context::owner(kernel());
//! let request = GreetRequest { name: "Ada".into(), times: Some(2) };
//! let greetings: Vec<_> = Greeter::new(context.clone()).repeat(request).collect().await;
//! assert_eq!(greetings.len(), 2);
//!
//! // By name, as every other surface does:
//! let registry = Registry::default().with(Greeter::OPERATIONS);
//! let request = serde_json::json!({ "name": "Ada" });
//! let Reply::One(answer) = registry.call("greeter.greet", context.clone(), request)? else { unreachable!() };
//! assert_eq!(answer.await?, serde_json::json!({ "text": "Hello, Ada." }));
//!
//! // What is wrong is said with what would be right:
//! let request = serde_json::json!({ "nmae": "Ada", "name": "" });
//! let Reply::One(answer) = registry.call("greeter.greet", context.clone(), request)? else { unreachable!() };
//! let error = answer.await.unwrap_err();
//! assert_eq!(error.message(), "`nmae` is not a field of the request; did you mean `name`? it has name, times");
//!
//! // For whom it is not:
//! let guest = context.as_principal(Principal::new("guest", [Permission::named("greeter.tally")]));
//! let error = Greeter::new(guest).greet(GreetRequest { name: "Ada".into(), times: None }).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::PermissionDenied);
//! # Ok(()) }
//! ```

mod context;
mod guard;
#[doc(hidden)]
pub mod invoke;
mod platform;
mod principal;
mod reading;
mod registry;
mod request;
pub mod schema;
mod spec;
mod table;

#[doc(hidden)]
pub use futures_core::Stream;
pub use heptad_macros::operations;

pub use self::{
    context::Context,
    guard::{ResultStream, call, stream},
    platform::{
        Described, DescribedError, ErrorList, Health, HealthPart, HealthState, MetricsText, OperationList,
        OperationsRequest, Platform, Settings, TextFile,
    },
    principal::{Permission, Principal},
    registry::{Handle, Operation, Registry, Reply},
    request::Empty,
    spec::{Effect, Spec},
    table::{Column, Table, Values},
};
