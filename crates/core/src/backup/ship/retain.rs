//! Forgetting what is older than history is kept.
//!
//! What any state within the retention needs stays: the last snapshot before it and the log from there. A manifest is removed before the
//! parts, so what an end in between leaves is no snapshot, and the next turn removes it.

use super::{Shipper, aside::Aside};
use crate::{
    backup::header::{CHAINS, LEVELS, log_folder, sequence, shard_number, snapshots_folder, span},
    error::Result,
};

/// What is to be forgotten.
pub(in crate::backup) struct Forget {
    /// Of the chain that is shipped to now.
    aside: Aside,
    /// What was then, in milliseconds since 1970, is the oldest that is kept.
    cutoff: i64,
    /// The snapshot that is being taken.
    busy: Option<String>,
}

impl Shipper {
    /// Begins to forget. `busy`: the snapshot that is being taken; no other may be begun until this has ended.
    pub(in crate::backup) fn begin_to_forget(&self, busy: Option<String>) -> Option<Forget> {
        let retention = i64::try_from(self.options.retention.as_millis()).unwrap_or(i64::MAX);
        let cutoff = self.clock.now().as_millisecond().saturating_sub(retention);
        Some(Forget { aside: self.aside(self.chain()?), cutoff, busy })
    }
}

impl Forget {
    /// Forgets; how many objects.
    ///
    /// # Errors
    /// Whatever the target fails with.
    pub(in crate::backup) async fn forget(self) -> Result<u64> {
        let chains = self.aside.archive.chains().await?;
        let mut deleted = 0;
        // When the next chain could be restored from: before that a state is in this one.
        let mut superseded: Option<i64> = None;
        for chain in chains.iter().rev() {
            let found = self.aside.archive.snapshots(chain).await?;
            let (snapshots, damaged) = (found.whole, found.damaged);
            if *chain != self.aside.chain && superseded.is_some_and(|since| since <= self.cutoff) {
                deleted += self.forget_folder(&format!("{CHAINS}/{chain}")).await?;
                continue;
            }
            // The first snapshot that is needed is the last one that was complete when the retention began.
            let old = snapshots.iter().rposition(|snapshot| snapshot.header.time <= self.cutoff).unwrap_or(0);
            let (gone, kept) = snapshots.split_at(old);
            let mut folders: Vec<String> = gone.iter().map(|snapshot| snapshot.id.clone()).collect();
            let all = self.aside.archive.target.list(&snapshots_folder(chain)).await?;
            // What is damaged goes with its chain: perhaps it is looked at until then.
            let unfinished = all.folders.into_iter().filter(|id| {
                Some(id.as_str()) != self.busy.as_deref()
                    && !snapshots.iter().any(|snapshot| snapshot.id == *id)
                    && !damaged.iter().any(|(damaged, _)| damaged == id)
            });
            folders.extend(unfinished);
            for id in folders {
                deleted += self.forget_folder(&format!("{}/{id}", snapshots_folder(chain))).await?;
            }
            if let Some(first) = kept.first() {
                deleted += self.forget_log(chain, first.header.from).await?;
                superseded = Some(first.header.time);
            }
        }
        Ok(deleted)
    }

    /// Removes all objects in a folder: manifests first.
    async fn forget_folder(&self, folder: &str) -> Result<u64> {
        let mut deleted = 0;
        let (mut folders, mut objects) = (vec![folder.to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            let listing = self.aside.archive.target.list(&folder).await?;
            objects.extend(listing.objects.into_iter().map(|(name, _)| format!("{folder}/{name}")));
            folders.extend(listing.folders.into_iter().map(|name| format!("{folder}/{name}")));
        }
        objects.sort_by_key(|name| !name.ends_with("/manifest"));
        for name in objects {
            self.aside.archive.target.delete(&name).await?;
            deleted += 1;
        }
        Ok(deleted)
    }

    /// Removes the log before the sequence number `from`.
    async fn forget_log(&self, chain: &str, from: u64) -> Result<u64> {
        let mut deleted = 0;
        for level in 0..=LEVELS {
            let folder = log_folder(chain, level);
            for shard in self.aside.archive.target.list(&folder).await?.folders {
                let Some(number) = shard_number(&shard).filter(|shard| *shard <= from >> 16) else {
                    continue;
                };
                let inner = format!("{folder}/{shard}");
                for (name, _) in self.aside.archive.target.list(&inner).await?.objects {
                    if sequence(number, &name).is_some_and(|first| first + span(level) <= from) {
                        let name = format!("{inner}/{name}");
                        self.aside.archive.target.delete(&name).await?;
                        deleted += 1;
                    }
                }
            }
        }
        Ok(deleted)
    }
}
