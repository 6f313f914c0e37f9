//! Reading a backup: which chains, snapshots and objects there are.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    BackupTarget,
    header::{
        CHAINS, DATABASE, FAN_OUT, LEVELS, LogHeader, SnapshotHeader, What, log_folder, log_place,
        manifest_place, sequence, shard_number, snapshots_folder, span,
    },
    object::{Object, damaged, decode},
};
use crate::error::{Error, ErrorKind, Result};

/// A backup as it is read. Cheap to clone.
#[derive(Clone)]
pub(super) struct Archive {
    pub(super) target: Arc<dyn BackupTarget>,
}

/// A snapshot that is complete.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) id: String,
    pub(super) page_size: u32,
    pub(super) header: SnapshotHeader,
}

/// The snapshots of a chain whose manifests are there.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// Oldest first.
    pub(super) whole: Vec<Snapshot>,
    /// Those whose manifests are damaged: the id of each, and what is wrong.
    pub(super) damaged: Vec<(String, Error)>,
}

impl Archive {
    pub(super) fn new(target: Arc<dyn BackupTarget>) -> Self {
        Self { target }
    }

    /// The object at `place`, checked.
    pub(super) async fn object(&self, place: &str) -> Result<Object> {
        let bytes = self.target.get(place).await?;
        let name = place.to_owned();
        let work = tokio::task::spawn_blocking(move || decode(&name, &bytes));
        work.await.map_err(|error| Error::internal("reading a backup object panicked").because(error))?
    }

    /// The id of the database; `None` where nothing was backed up here yet. Where the object that tells it is damaged or gone, the log does:
    /// every object names the database.
    pub(super) async fn database(&self) -> Result<Option<String>> {
        let error = match self.object(DATABASE).await {
            Ok(object) => return Ok(Some(object.header.database)),
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound) => error,
            Err(error) => return Err(error),
        };
        for chain in self.chains().await?.iter().rev() {
            let Some(last) = self.last_sequence(chain).await? else { continue };
            match self.log(chain, 0, last).await {
                Ok((_, object)) => {
                    tracing::warn!(target: "heptad::backup", %error, "the log tells which database this is the backup of");
                    return Ok(Some(object.header.database));
                }
                Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        if error.kind() == ErrorKind::NotFound { Ok(None) } else { Err(error) }
    }

    /// The chains, oldest first.
    pub(super) async fn chains(&self) -> Result<Vec<String>> {
        Ok(self.target.list(CHAINS).await?.folders)
    }

    /// The last sequence number that was shipped in `chain`.
    pub(super) async fn last_sequence(&self, chain: &str) -> Result<Option<u64>> {
        let folder = log_folder(chain, 0);
        let shards = self.target.list(&folder).await?.folders;
        for shard in shards.iter().rev() {
            let Some(number) = shard_number(shard) else { continue };
            let objects = self.target.list(&format!("{folder}/{shard}")).await?.objects;
            if let Some(last) = objects.iter().filter_map(|(name, _)| sequence(number, name)).max() {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }

    /// The sequence numbers with which the objects of a level begin, of those that can lie between `from` and `to`.
    pub(super) async fn firsts(&self, chain: &str, level: u8, from: u64, to: u64) -> Result<BTreeSet<u64>> {
        let folder = log_folder(chain, level);
        let mut firsts = BTreeSet::new();
        for shard in self.target.list(&folder).await?.folders {
            let Some(number) = shard_number(&shard) else { continue };
            if number < from >> 16 || number > to >> 16 {
                continue;
            }
            let objects = self.target.list(&format!("{folder}/{shard}")).await?.objects;
            firsts.extend(objects.iter().filter_map(|(name, _)| sequence(number, name)));
        }
        Ok(firsts)
    }

    /// An object of the log.
    pub(super) async fn log(&self, chain: &str, level: u8, first: u64) -> Result<(LogHeader, Object)> {
        let place = log_place(chain, level, first);
        let object = self.object(&place).await?;
        let What::Log(header) = &object.header.what else {
            return Err(damaged("it is no part of the log").with("object", place));
        };
        let whole = header.first == first
            && header.level == level
            && header.last == first + span(level) - 1
            && !header.points.is_empty();
        if !whole {
            return Err(damaged("it covers other commits than its name says").with("object", place));
        }
        Ok((header.clone(), object))
    }

    /// The complete snapshots of a chain.
    pub(super) async fn snapshots(&self, chain: &str) -> Result<Snapshots> {
        let folder = snapshots_folder(chain);
        let mut snapshots = Snapshots::default();
        for id in self.target.list(&folder).await?.folders {
            let place = manifest_place(chain, &id);
            let object = match self.object(&place).await {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) if error.kind() == ErrorKind::Corrupt => {
                    snapshots.damaged.push((id, error));
                    continue;
                }
                object => object?,
            };
            match object.header.what {
                What::Snapshot(header) => {
                    snapshots.whole.push(Snapshot { id, page_size: object.header.page_size, header });
                }
                _ => {
                    let error = damaged("it is no manifest of a snapshot").with("object", place);
                    snapshots.damaged.push((id, error));
                }
            }
        }
        snapshots.whole.sort_by_key(|snapshot| snapshot.header.until);
        for (_, error) in &snapshots.damaged {
            tracing::warn!(target: "heptad::backup", %error, "a snapshot is done without");
        }
        Ok(snapshots)
    }

    /// The fewest objects that cover the sequence numbers `from` to `to`: level and first of each, in order.
    ///
    /// At most `2 * 15` for each level, as the digits of a number to the base [`FAN_OUT`] are: up the levels from `from`, down again to `to`.
    pub(super) async fn cover(&self, chain: &str, from: u64, to: u64) -> Result<Vec<(u8, u64)>> {
        let mut levels = Vec::new();
        for level in 1..=LEVELS {
            // Where fewer than these are wanted none can lie between.
            let worth = to + 1 >= from + FAN_OUT.min(span(level));
            let firsts = if worth { self.firsts(chain, level, from, to).await? } else { BTreeSet::new() };
            levels.push((level, firsts));
        }
        let (mut cover, mut next) = (Vec::new(), from);
        while next <= to {
            let fits = |(level, firsts): &&(u8, BTreeSet<u64>)| {
                next + span(*level) - 1 <= to && firsts.contains(&next)
            };
            let level = levels.iter().rev().find(fits).map_or(0, |(level, _)| *level);
            cover.push((level, next));
            next += span(level);
        }
        Ok(cover)
    }
}
