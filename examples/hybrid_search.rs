//! Finds notes by their words, by what they are about, and by both; then learns from judged queries how to weigh the two.
//!
//! `cargo run --example hybrid_search`, or, with a model of the BERT family in a folder (as all-MiniLM-L6-v2):
//! `cargo run --features candle --example hybrid_search -- FOLDER`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;

use heptad::{
    core::{
        clock::SystemClock,
        llm::{EmbedCapabilities, EmbedRequest, Embedder, Embeddings, normalise},
        search::{
            Catalog, Document, Field, Judged, Mode, Relevant, Schema, SearchQuery, tantivy::TantivyIndex,
        },
        store::memory::MemoryStore,
    },
    prelude::*,
};

const NOTES: [(&str, &str); 6] = [
    ("login", "Users cannot sign in: the password form answers with a blank page."),
    ("cache", "The cache keeps stale entries after a deployment until it is restarted."),
    ("disk", "Nightly backups filled the disk; old snapshots are now deleted."),
    ("latency", "Requests became slow after the connection pool was made smaller."),
    ("refund", "A customer was charged twice and wants the money back."),
    ("timezone", "Reports show yesterday's figures for people in Auckland."),
];

#[tokio::main]
async fn main() -> Result<()> {
    let embedder = embedder(std::env::args().nth(1)).await?;
    println!("vectors by {}", embedder.capabilities().model);
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let catalog = Catalog::embedding(store, Arc::new(TantivyIndex::in_memory()), embedder);
    catalog.define("notes", &Schema::new([Field::text("body").embedded()])?).await?;
    catalog.put("notes", NOTES.map(|(id, body)| Document::new(id).with("body", body)).into()).await?;

    for question in ["authentication problems with passwords", "billing: charging twice", "slow requests"] {
        for mode in [Mode::Text, Mode::Vector, Mode::Hybrid] {
            let page = catalog.query("notes", &SearchQuery::text(question).ranked(mode).window(0, 3)).await?;
            let found: Vec<_> = page.hits.iter().map(|hit| format!("{} {:.2}", hit.id, hit.score)).collect();
            println!("{question:<40} {mode:<8?} {}", found.join(", "));
        }
    }

    let judged = [
        ("users sign in", "login"),
        ("deployment", "cache"),
        ("backups", "disk"),
        ("charged twice", "refund"),
    ];
    let judged = judged.map(|(query, id)| Judged { query: query.into(), relevant: vec![Relevant::new(id)] });
    let learnt = catalog.tune("notes", &judged, 2, true).await?;
    println!(
        "nDCG@10: text {:.3}, vector {:.3}, both {:.3}; from now on {:?}",
        learnt.text.ndcg, learnt.vector.ndcg, learnt.hybrid.ndcg, learnt.uses
    );
    let page = catalog.query("notes", &SearchQuery::text("users sign in")).await?;
    assert_eq!(page.hits[0].id, "login");
    assert!(page.ranked.learnt);
    Ok(())
}

/// The model in a folder, or a toy where none is given.
async fn embedder(folder: Option<String>) -> Result<Arc<dyn Embedder>> {
    match folder {
        #[cfg(feature = "candle")]
        Some(folder) => Ok(Arc::new(heptad::core::llm::local_embed::LocalEmbedder::open(folder, 0).await?)),
        #[cfg(not(feature = "candle"))]
        Some(_) => Err(heptad::core::Error::invalid("a folder needs the feature `candle`")),
        None => Ok(Arc::new(Trigrams(EmbedCapabilities::new("example", "trigrams", 256)))),
    }
}

/// Counts runs of three letters: what an embedder looks like, and no more.
struct Trigrams(EmbedCapabilities);

#[async_trait::async_trait]
impl Embedder for Trigrams {
    fn capabilities(&self) -> &EmbedCapabilities {
        &self.0
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        self.0.check(&request)?;
        let vector = |text: &String| {
            let mut counts = vec![0.0; 512];
            for run in text.to_lowercase().as_bytes().windows(3) {
                counts[run.iter().fold(7, |hash, byte| (hash * 31 + usize::from(*byte)) % 512)] += 1.0;
            }
            normalise(&mut counts).map(|()| counts)
        };
        let vectors = request.texts.iter().map(vector).collect::<Result<_>>()?;
        Ok(Embeddings { model: self.0.model.clone(), vectors, usage: Default::default() })
    }
}
