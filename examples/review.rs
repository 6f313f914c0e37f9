//! Reviews a small repository, shows what was found, and reads the event that tells of it.
//!
//! `cargo run --example review`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use heptad::{
    core::{events::ReadRequest, store::Offset},
    prelude::*,
};

#[tokio::main]
async fn main() -> Result<()> {
    let folder =
        tempfile::tempdir().map_err(|error| Error::internal("no temporary folder").because(error))?;
    let file = folder.path().join("backup.py");
    let source = "import subprocess\n\ndef backup(path):\n    subprocess.run(\"tar cf backup.tar \" + path, shell=True)\n";
    std::fs::write(&file, source)
        .map_err(|error| Error::internal("the file cannot be written").because(error))?;

    let heptad = Heptad::open(folder.path().join("acme.db")).await?;
    let report = heptad.review().scan(ScanRequest::new(folder.path().display().to_string())).await?;
    for finding in &report.findings {
        let place = &finding.location;
        println!("{}:{} {} ({})", place.file, place.span.start.line, finding.message, finding.rule);
    }
    assert_eq!(report.findings.len(), 1);

    let topic = Topic::new("review")?;
    let page = heptad.events().read(ReadRequest { topic, after: Offset::START, limit: 10 }).await?;
    for placed in &page.events {
        println!("event {} {}", placed.offset, placed.event.event_type);
    }
    assert_eq!(page.events.len(), 1);
    Ok(())
}
