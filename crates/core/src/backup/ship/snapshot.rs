//! A snapshot: the file as it is while it is read, and the log that makes one state of it.
//!
//! The file is read without a lock while checkpoints may write to it. That is sound: whatever a checkpoint writes is in the log from the
//! object that the current write-ahead log begins with, and all of it, shipped by then, lies over what was read. So a snapshot holds no
//! reader, the write-ahead log goes on being copied into the file, and a large database needs no room beside it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures_util::{
    future::{Either, select},
    pin_mut,
};

use super::{Shipper, resume::unreadable, watch::unanswered};
use crate::{
    backup::{
        BackupTarget,
        disk::{SharedFile, random_name},
        header::{BaseHeader, Header, SnapshotHeader, What, base_place, manifest_place},
        object::{Link, encode},
    },
    clock::Clock,
    error::{Error, ErrorKind, Result},
};

/// How many bytes of the file one part has.
const PART_BYTES: u64 = 16 << 20;

/// Below this many bytes of log no snapshot is taken before its time.
const LEAST_LOG: u64 = 256 << 20;

/// How often a part is tried, and the pause after the first failure, which doubles with each.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_secs(1);

/// A snapshot that is being taken.
pub(in crate::backup) struct Base {
    pub(in crate::backup) chain: String,
    pub(in crate::backup) id: String,
    from: u64,
    previous: Link,
    path: PathBuf,
    database: String,
    page_size: u32,
    target: Arc<dyn BackupTarget>,
    clock: Arc<dyn Clock>,
    /// How long the target may take for one part.
    patience: Duration,
}

/// Its parts are in the target.
pub(in crate::backup) struct Parts {
    base: Base,
    parts: Vec<Link>,
    pub(in crate::backup) bytes: u64,
}

impl Shipper {
    /// Whether the last snapshot is older than `every`, or so much was shipped since that a restore would read more of the log than of it.
    pub(in crate::backup) fn wants_snapshot(&self, every: std::time::Duration) -> bool {
        let Some(chain) = self.chain().filter(|chain| chain.next > 1) else { return false };
        let Some(last) = chain.snapshot else { return true };
        let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
        let size = self.path.metadata().map_or(0, |file| file.len());
        let old = self.clock.now().as_millisecond().saturating_sub(last) >= every && chain.time > last;
        old || chain.since_snapshot > (2 * size).max(LEAST_LOG)
    }

    /// Begins a snapshot. Everything must have been shipped.
    pub(in crate::backup) fn begin_snapshot(&mut self) -> Result<Base> {
        let (path, database, page_size) = (self.path.clone(), self.database.clone(), self.page_size);
        let (target, clock) = (Arc::clone(&self.target), Arc::clone(&self.clock));
        let patience = self.options.patience;
        let chain = self.chain_mut()?;
        let (from, previous) = chain.log_start;
        let (chain, id) = (chain.name.clone(), format!("{from:012x}-{}", random_name()));
        Ok(Base { chain, id, from, previous, path, database, page_size, target, clock, patience })
    }

    /// Completes a snapshot: ships what was committed while it was taken, and writes the manifest. `false` where the chain has ended since.
    pub(in crate::backup) async fn finish_snapshot(&mut self, parts: &Parts) -> Result<bool> {
        while !self.ship(64).await? {}
        self.counts.bytes += parts.bytes;
        self.counts.objects += parts.parts.len() as u64;
        let Some(chain) = self.chain().filter(|chain| chain.name == parts.base.chain) else {
            return Ok(false);
        };
        let header = SnapshotHeader {
            from: parts.base.from,
            previous: parts.base.previous,
            until: chain.next - 1,
            link: chain.link,
            commit: chain.commit,
            time: chain.time,
            parts: parts.parts.clone(),
        };
        if header.until < header.from {
            return Err(Error::internal("a snapshot was taken of a chain without objects"));
        }
        let place = manifest_place(&parts.base.chain, &parts.base.id);
        let (bytes, _) = encode(&self.header(place.clone(), What::Snapshot(header)), &[])?;
        self.put(&place, &bytes.into()).await?;
        let chain = self.chain_mut()?;
        chain.snapshot = Some(chain.time);
        chain.since_snapshot = 0;
        Ok(true)
    }
}

impl Base {
    /// Puts the parts, one after the other. Made for a task of its own: shipping goes on.
    pub(in crate::backup) async fn put(self) -> Result<Parts> {
        let (mut parts, mut bytes) = (Vec::new(), 0);
        let path = self.path.clone();
        let file = tokio::task::spawn_blocking(move || SharedFile::open(&path)).await;
        let file = file.map_err(std::io::Error::other).flatten().map_err(unreadable)?;
        loop {
            let part = parts.len() as u32;
            let place = base_place(&self.chain, &self.id, part);
            let (file, page_size) = (file.clone(), self.page_size);
            let (database, name) = (self.database.clone(), place.clone());
            let work = tokio::task::spawn_blocking(move || {
                let (first_page, body) = read(&file, page_size, part).map_err(unreadable)?;
                if body.is_empty() {
                    return Ok(None);
                }
                let what = What::Base(BaseHeader { part, first_page });
                encode(&Header { place: name, database, page_size, what }, &body).map(Some)
            });
            let made = work
                .await
                .map_err(|error| Error::internal("reading the database panicked").because(error))?;
            let Some((object, link)) = made? else { break };
            bytes += object.len() as u64;
            self.put_part(&place, object.into()).await?;
            parts.push(link);
        }
        Ok(Parts { base: self, parts, bytes })
    }

    /// Puts a part, again where the target is in trouble: a large snapshot is not begun anew for that.
    async fn put_part(&self, place: &str, object: Arc<[u8]>) -> Result<()> {
        let mut pause = PAUSE;
        for left in (0..TRIES).rev() {
            match self.within_patience(self.target.put(place, Arc::clone(&object))).await {
                // A put whose answer was lost.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let found = self.within_patience(self.target.get(place)).await?;
                    return if found[..] == object[..] { Ok(()) } else { Err(error) };
                }
                Err(error)
                    if left > 0 && matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable) =>
                {
                    tracing::warn!(target: "heptad::backup", %error, place, "a part of a snapshot is put again");
                    self.clock.sleep(pause).await;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
        Ok(())
    }

    async fn within_patience<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        pin_mut!(work);
        match select(work, self.clock.sleep(self.patience)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(unanswered(self.patience)),
        }
    }
}

/// The whole pages of a part of the file, and the number of the first.
fn read(file: &SharedFile, page_size: u32, part: u32) -> std::io::Result<(u32, Vec<u8>)> {
    let begin = u64::from(part) * PART_BYTES;
    let mut body = file.read_at(begin, PART_BYTES as usize)?;
    body.truncate(body.len() - body.len() % page_size as usize);
    let first = u32::try_from(begin / u64::from(page_size)).unwrap_or(u32::MAX - 1) + 1;
    Ok((first, body))
}
