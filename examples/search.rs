//! Indexes the code and documentation of a folder (this repository by default) and asks for something in it.
//!
//! `cargo run --example search -- PATH "your question"`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use heptad::{
    core::{
        code::operations::IndexRequest,
        search::{Highlight, operations::QueryRequest},
    },
    prelude::*,
};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/src").to_owned());
    let question = arguments.next().unwrap_or_else(|| "open the platform".to_owned());

    let heptad = Heptad::in_memory().await?;
    let report = heptad.code().index(IndexRequest::new(path)).await?;
    println!("{} files, {} documents", report.files, report.documents);

    let request = QueryRequest {
        limit: 5,
        highlight: Some(Highlight::default()),
        ..QueryRequest::new("code", question)
    };
    let page = heptad.search().query(request).await?;
    for hit in &page.hits {
        println!("{:.2} {}", hit.score, hit.id);
        for snippet in &hit.snippets {
            println!("     {}", snippet.marked("[", "]").replace('\n', " "));
        }
    }
    assert!(page.total > 0);
    Ok(())
}
