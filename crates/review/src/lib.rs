//! Code review: patterns that look like the code they match, over the syntax trees of [`heptad_core::code`], with findings as text,
//! JSON, SARIF and Markdown.
//!
//! | room | what it does |
//! |---|---|
//! | [`Review`] | the handle: `review.scan`, `review.rules`, `review.latest` |
//! | [`model`] | requests, reports, findings |
//! | [`rules`] | how rules are written (begin here to write one), compiled and chosen; the built-in packs |
//! | [`pattern`] | the engine: what a pattern matches |
//! | [`mod@scan`] | from files to findings |
//! | [`report`] | the forms of a report |
//! | [`store`] | what is kept, and the event of a scan |
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use heptad_core::{
//!     Kernel,
//!     clock::SystemClock,
//!     config::Config,
//!     events::LocalBus,
//!     kernel::Ports,
//!     operation::{Context, Handle, Registry},
//!     store::memory::MemoryStore,
//!     telemetry::Metrics,
//! };
//! use heptad_review::{Review, model::{Format, ScanRequest, Severity}};
//!
//! # async fn example() -> heptad_core::Result<()> {
//! let folder = tempfile::tempdir().expect("a folder for the example");
//! std::fs::write(folder.path().join("app.py"), "import os\n\nos.system('rm -r ' + folder)\n").expect("a file in it");
//!
//! let clock = Arc::new(SystemClock);
//! let store = Arc::new(MemoryStore::new(clock.clone()));
//! let kernel = Kernel::new(Ports {
//!     store: store.clone(),
//!     bus: Arc::new(LocalBus::new(store, clock.clone())),
//!     search: None, llm: Default::default(), security: Default::default(),
//!     clock,
//!     config: Config::default(),
//!     metrics: Metrics::new(),
//!     backup: Default::default(),
//!     operations: Registry::default().with(Review::OPERATIONS),
//! });
//!
//! let review = Review::new(Context::owner(kernel));
//! let request = ScanRequest::new(folder.path().display().to_string());
//! let report = review.scan(request.format(Format::Text).fail_on(Severity::Error)).await?;
//!
//! assert_eq!(report.findings[0].rule, "python-os-system");
//! assert_eq!(report.findings[0].location.span.start.line, 3);
//! assert!(report.failed);
//! assert!(report.rendered.expect("text was asked for").contains("app.py:3:1"));
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(example()).expect("it works");
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod files;
pub mod model;
pub mod pattern;
pub mod report;
mod review;
pub mod rules;
pub mod scan;
pub mod store;

pub use self::{
    model::{ScanReport, ScanRequest},
    review::Review,
};
