//! A snapshot: the file as it is while it is read, and the log that makes one state of it.
//!
//! The file is read without a lock while checkpoints may write to it. That is sound: whatever a checkpoint writes is in the log from the
//! object that the current write-ahead log begins with, and all of it, shipped by then, lies over what was read. So a snapshot holds no
//! reader, the write-ahead log goes on being copied into the file, and a large database needs no room beside it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{
    Shipper,
    aside::{Aside, blocking},
    resume::unreadable,
};
use crate::{
    backup::{
        disk::{SharedFile, random_name},
        header::{BaseHeader, SnapshotHeader, What, base_place, manifest_place},
        object::{Link, encode},
    },
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
    aside: Aside,
    pub(in crate::backup) id: String,
    from: u64,
    previous: Link,
    path: PathBuf,
}

/// Its parts are in the target.
pub(in crate::backup) struct Parts {
    base: Base,
    parts: Vec<Link>,
    pub(in crate::backup) bytes: u64,
}

impl Shipper {
    /// Whether the last snapshot is older than `every`, or so much was shipped since that a restore would read more of the log than of it.
    pub(in crate::backup) fn wants_snapshot(&self, every: Duration) -> bool {
        let Some(chain) = self.chain().filter(|chain| chain.next > 1) else { return false };
        let Some(last) = chain.snapshot else { return true };
        let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
        let size = self.path.metadata().map_or(0, |file| file.len());
        let old = self.clock.now().as_millisecond().saturating_sub(last) >= every && chain.time > last;
        old || chain.since_snapshot > (2 * size).max(LEAST_LOG)
    }

    /// Begins a snapshot of the chain.
    pub(in crate::backup) fn begin_snapshot(&self) -> Option<Base> {
        let chain = self.chain()?;
        let (from, previous) = chain.log_start;
        let id = format!("{from:012x}-{}", random_name());
        Some(Base { aside: self.aside(chain), id, from, previous, path: self.path.clone() })
    }

    /// Completes a snapshot: writes the manifest, where the chain has not ended since. What was committed while it was taken must have been
    /// shipped.
    pub(in crate::backup) async fn finish_snapshot(&mut self, parts: &Parts) -> Result<()> {
        let Some(chain) = self.chain().filter(|chain| chain.name == parts.base.aside.chain) else {
            return Ok(());
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
        let place = manifest_place(&chain.name, &parts.base.id);
        let (bytes, _) = encode(&self.header(place.clone(), What::Snapshot(header)), &[])?;
        self.put(&place, &bytes.into()).await?;
        self.counts.bytes += parts.bytes;
        self.counts.objects += parts.parts.len() as u64;
        let chain = self.chain_mut()?;
        chain.snapshot = Some(chain.time);
        chain.since_snapshot = 0;
        Ok(())
    }
}

impl Base {
    /// Puts the parts, one after the other. Made for a task of its own: shipping goes on.
    pub(in crate::backup) async fn put(self) -> Result<Parts> {
        let (mut parts, mut bytes) = (Vec::new(), 0);
        let path = self.path.clone();
        let file = blocking(move || SharedFile::open(&path).map_err(unreadable)).await?;
        loop {
            let part = parts.len() as u32;
            let place = base_place(&self.aside.chain, &self.id, part);
            let (file, page_size) = (file.clone(), self.aside.page_size);
            let made = self.aside.encode(&place, move || {
                let (first_page, body) = read(&file, page_size, part).map_err(unreadable)?;
                let what = What::Base(BaseHeader { part, first_page });
                Ok((!body.is_empty()).then_some((what, body)))
            });
            let Some((object, link)) = made.await? else { break };
            bytes += object.len() as u64;
            self.put_part(&place, object).await?;
            parts.push(link);
        }
        Ok(Parts { base: self, parts, bytes })
    }

    /// Puts a part, again where the target is in trouble: a large snapshot is not begun anew for that.
    async fn put_part(&self, place: &str, object: Arc<[u8]>) -> Result<()> {
        let mut pause = PAUSE;
        for left in (0..TRIES).rev() {
            match self.aside.put(place, Arc::clone(&object)).await {
                Err(error)
                    if left > 0 && matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable) =>
                {
                    tracing::warn!(target: "heptad::backup", %error, place, "a part of a snapshot is put again");
                    self.aside.clock.sleep(pause).await;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
        Ok(())
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
