//! A system of your own on the kernel: one declaration, and it can be called by type and by name, with its permission checked.
//!
//! `cargo run --example own_operation`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use heptad::{
    core::operation::{Context, Handle, Registry, Reply, operations},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A shelf of notes.
#[derive(Clone)]
struct Notes {
    context: Context,
}

impl Handle for Notes {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

/// A note to keep.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Note {
    /// What it is called.
    title: String,
    /// What it says.
    text: String,
}

/// Where a note is kept.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Kept {
    /// The commit that wrote it.
    version: u64,
}

#[operations(system = "notes")]
impl Notes {
    /// Keeps a note, in place of one with the same title.
    #[operation(writes)]
    pub async fn keep(&self, note: Note) -> Result<Kept> {
        let mut batch = Batch::new();
        batch.put(Key::new("notes", &*note.title)?, Value::json(&note)?);
        let receipt = self.context.kernel.store.commit(batch).await?;
        Ok(Kept { version: receipt.version.0 })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let heptad = Heptad::in_memory().await?;
    let notes = Notes::new(heptad.context().clone());
    let kept = notes.keep(Note { title: "temple".into(), text: "one base, seven columns".into() }).await?;
    println!("by type: version {}", kept.version);

    let registry = Registry::default().with(Notes::OPERATIONS);
    let request = json!({ "title": "roof", "text": "cedar" });
    if let Reply::One(kept) = registry.call("notes.keep", heptad.context().clone(), request)? {
        println!("by name: {}", kept.await?);
    }

    let guest = Principal::new("guest", [Permission::named("review.scan")]);
    let refused = Notes::new(heptad.as_principal(guest).context().clone());
    match refused.keep(Note { title: "x".into(), text: "y".into() }).await {
        Ok(_) => Err(Error::internal("a guest kept a note")),
        Err(error) => {
            println!("for a guest: {error}");
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            Ok(())
        }
    }
}
