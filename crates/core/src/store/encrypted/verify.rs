//! Looking at everything that is encrypted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Encrypted, chain::Chain, envelope, records::Used, rotate::PAGE, vault::unopened};
use crate::{
    crypto::Fault,
    error::{Error, Result},
    progress::Progress,
    store::{KeyRange, Offset, Page, StreamId},
};

/// The most damages that one report names.
const MOST_NAMED: usize = 100;

/// What [`Encrypted::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verified {
    /// Records that are what was written.
    pub records: u64,
    /// Entries that are what was appended.
    pub entries: u64,
    /// How many are not.
    pub damaged: u64,
    /// The first hundred of those.
    pub damages: Vec<Damage>,
}

/// A value that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Damage {
    /// Where it is: a record's key, or a stream and an offset.
    pub place: String,
    /// What is wrong, as in `tampered`; `unreadable` where the store below cannot read it.
    pub fault: String,
    /// The same for a person.
    pub message: String,
}

impl Verified {
    fn damaged(&mut self, place: String, error: &Error) {
        self.damaged += 1;
        if self.damages.len() < MOST_NAMED {
            let fault = Fault::of(error).map_or("unreadable", Fault::as_str).to_owned();
            self.damages.push(Damage { place, fault, message: error.message().to_owned() });
        }
    }
}

impl Encrypted {
    /// Opens every record and every entry and tells what is not what was written. Changes nothing; what others write meanwhile may be seen or
    /// not.
    ///
    /// # Errors
    /// Whatever the store fails with, where it is not damage; a [`Fault`] where the records of the encryption itself are damaged.
    pub async fn verify(&self, progress: &dyn Progress) -> Result<Verified> {
        let mut places: Vec<Used> = self.places().await?.into_iter().map(|place| place.used).collect();
        places.sort_unstable();
        places.dedup();
        let (mut report, total) = (Verified::default(), places.len() as u64);
        for (done, used) in (0..).zip(places) {
            progress.report(done, total, "collections and streams");
            match used {
                Used::Collection(name) => self.verify_collection(&name, &mut report).await?,
                Used::Stream(stream) => self.verify_stream(&stream, &mut report).await?,
            }
        }
        progress.report(total, total, "collections and streams");
        progress.finish();
        Ok(report)
    }

    async fn verify_collection(&self, name: &str, report: &mut Verified) -> Result<()> {
        let mut range = KeyRange::all(name);
        loop {
            let records = self.inner.scan(range.clone(), Page::first(PAGE)).await?;
            let Some(last) = records.last().map(|record| record.key.id().to_owned()) else { return Ok(()) };
            for record in records {
                let place = record.key.to_string();
                match self.reveal(vec![record]).await {
                    Ok(_) => report.records += 1,
                    Err(error) => report.damaged(place, &error),
                }
            }
            range = range.after(&last);
        }
    }

    async fn verify_stream(&self, stream: &StreamId, report: &mut Verified) -> Result<()> {
        let (mut chain, mut after) = (Chain::default(), Offset::START);
        loop {
            let entries = match self.inner.read(stream, after, PAGE).await {
                Ok(entries) => entries,
                Err(error) if error.kind() == crate::ErrorKind::Corrupt => {
                    report.damaged(format!("{stream} after {after}"), &error);
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let Some(last) = entries.last().map(|entry| entry.offset) else { break };
            for mut entry in entries {
                if let Some(number) = self.vault.missing(envelope::Place::Entry(stream), &entry.value) {
                    // Where it cannot be had, opening says so.
                    let _ = self.load(number).await;
                }
                let (vault, name, mut link) =
                    (Arc::clone(&self.vault), stream.clone(), std::mem::take(&mut chain));
                let place = format!("{stream}@{}", entry.offset);
                let bytes = entry.value.as_bytes().len();
                let (opened, link) = super::aside(bytes, move || {
                    let opened = vault.open_entries(&name, std::slice::from_mut(&mut entry), &mut link);
                    Ok((opened, link))
                })
                .await?;
                chain = link;
                match opened {
                    Ok(()) => report.entries += 1,
                    Err(error) => report.damaged(place, &error),
                }
            }
            after = last;
        }
        if let Err(fault) = chain.end() {
            report.damaged(format!("{stream}, its end"), &unopened(fault, "append"));
        }
        Ok(())
    }
}
