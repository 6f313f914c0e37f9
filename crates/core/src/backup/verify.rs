//! Verifying: every object is read and checked, and the last state is restored aside.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    BackupTarget, Existing, RestorePoint, Restored,
    archive::{Archive, Snapshots},
    disk::Scratch,
    header::{DATABASE, LEVELS, What, base_place, log_place, manifest_place, span},
    object::Link,
    restore,
};
use crate::{
    error::{Error, ErrorKind, Result},
    progress::SharedProgress,
};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// The chains that were looked through.
    pub chains: u64,
    /// The complete snapshots.
    pub snapshots: u64,
    /// The objects that were read.
    pub objects: u64,
    /// What is wrong; nothing where the backup is whole.
    pub problems: Vec<String>,
    /// The last state, restored aside and removed again; `None` where that failed.
    pub restored: Option<Restored>,
}

/// What the name of the file begins with to which the last state is restored.
const ASIDE: &str = ".heptad-verify-";

/// More problems than these are not told one by one.
const MOST_PROBLEMS: usize = 100;

/// Reads every object of the backup in `target`, checks checksums, places and chain, and restores the last state to a file in `folder`, where
/// it is checked as any restored file is, and removed.
///
/// # Errors
/// What keeps it from looking: the target is out of reach, the folder cannot be written. What is wrong with the backup is in the result.
pub async fn verify(
    target: Arc<dyn BackupTarget>,
    folder: &Path,
    progress: SharedProgress,
) -> Result<Verified> {
    let archive = Archive::new(Arc::clone(&target));
    let mut verifier =
        Verifier { archive: archive.clone(), found: Verified::default(), progress: progress.clone() };
    let database = match archive.object(DATABASE).await {
        Ok(object) => Some(object.header.database),
        Err(error) => {
            let known = archive.database().await;
            if let Ok(None) = known {
                return Err(Error::not_found(format!("there is no backup in {}", target.describe())));
            }
            verifier.problem(error)?;
            known.ok().flatten()
        }
    };
    for chain in archive.chains().await? {
        verifier.chain(&chain, database.as_deref()).await?;
    }
    let mut found = verifier.found;
    let aside = Scratch::new(folder, ASIDE).map_err(|error| {
        let message = "the last state cannot be restored aside: the folder must exist and be writable";
        Error::new(ErrorKind::Unavailable, message).because(error).with("path", folder.display())
    })?;
    match restore(target, RestorePoint::Latest, &aside.path(), Existing::Refuse, progress).await {
        Ok(restored) => found.restored = Some(restored),
        Err(error)
            if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound | ErrorKind::Unsupported) =>
        {
            found.problems.push(format!("the last state cannot be restored: {error}"));
        }
        Err(error) => return Err(error),
    }
    Ok(found)
}

struct Verifier {
    archive: Archive,
    found: Verified,
    progress: SharedProgress,
}

impl Verifier {
    /// Notes what is wrong with the backup; what keeps it from being read is an error.
    fn problem(&mut self, error: Error) -> Result<()> {
        match error.kind() {
            ErrorKind::Corrupt | ErrorKind::NotFound | ErrorKind::Unsupported => {
                if self.found.problems.len() < MOST_PROBLEMS {
                    self.found.problems.push(error.to_string());
                }
                Ok(())
            }
            _ => Err(error),
        }
    }

    fn seen(&mut self) {
        self.found.objects += 1;
        self.progress.report(self.found.objects, 0, "objects");
    }

    async fn chain(&mut self, chain: &str, database: Option<&str>) -> Result<()> {
        self.found.chains += 1;
        let last = self.archive.last_sequence(chain).await?.unwrap_or(0);
        let mut first_kept = 1;
        let snapshots = match self.archive.snapshots(chain).await {
            Err(error) => {
                self.problem(error)?;
                Snapshots::default()
            }
            Ok(snapshots) => snapshots,
        };
        for (_, error) in snapshots.damaged {
            self.problem(error)?;
        }
        if let Some(first) = snapshots.whole.first() {
            first_kept = first.header.from;
        }
        for snapshot in snapshots.whole {
            self.found.snapshots += 1;
            self.seen();
            if snapshot.header.until > last {
                let what = format!(
                    "a snapshot goes up to object {} of the log, which ends with {last}",
                    snapshot.header.until
                );
                self.problem(wrong(&what, &manifest_place(chain, &snapshot.id)))?;
            }
            for (part, link) in (0..).zip(&snapshot.header.parts) {
                let place = base_place(chain, &snapshot.id, part);
                match self.archive.object(&place).await {
                    Err(error) => self.problem(error)?,
                    Ok(object) if object.link != *link || !matches!(object.header.what, What::Base(_)) => {
                        self.problem(wrong("it is not the part that its snapshot names", &place))?;
                    }
                    Ok(_) => self.seen(),
                }
            }
        }
        self.log(chain, first_kept, last, database).await
    }

    /// The log of a chain: level 0 without a gap, and every merged object between the same links.
    async fn log(&mut self, chain: &str, from: u64, last: u64, database: Option<&str>) -> Result<()> {
        // The link behind each sequence number, where it is known.
        let mut links = BTreeMap::new();
        if from == 1 {
            links.insert(0, Link::root(chain));
        }
        let mut next = from;
        for sequence in self.archive.firsts(chain, 0, from, last).await? {
            if sequence < from {
                continue;
            }
            if sequence > next {
                let what = format!("objects {next} to {} of the log are missing", sequence - 1);
                self.problem(wrong(&what, &log_place(chain, 0, sequence)))?;
            }
            next = sequence + 1;
            match self.archive.log(chain, 0, sequence).await {
                Err(error) => self.problem(error)?,
                Ok((header, object)) => {
                    self.seen();
                    let place = &object.header.place;
                    let before = sequence.checked_sub(1).and_then(|before| links.get(&before));
                    if before.is_some_and(|before| *before != header.previous) {
                        self.problem(wrong("it does not follow the object before it", place))?;
                    }
                    if database.is_some_and(|database| database != object.header.database) {
                        self.problem(wrong("it belongs to another database", place))?;
                    }
                    links.insert(sequence, object.link);
                }
            }
        }
        for level in 1..=LEVELS {
            for first in self.archive.firsts(chain, level, from, last).await? {
                if first < from {
                    continue;
                }
                match self.archive.log(chain, level, first).await {
                    Err(error) => self.problem(error)?,
                    Ok((header, object)) => {
                        self.seen();
                        let begin = first.checked_sub(1).and_then(|before| links.get(&before).copied());
                        let end = links.get(&(first + span(level) - 1)).copied();
                        let fits = begin.is_none_or(|link| link == header.previous)
                            && end.is_none_or(|link| Some(link) == header.link);
                        if !fits {
                            self.problem(wrong(
                                "it is not made of the objects below it",
                                &object.header.place,
                            ))?;
                        }
                        if let Err(error) =
                            super::pages::pages_of(&header, object.header.page_size, &object.body)
                        {
                            self.problem(error.with("object", log_place(chain, level, first)))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

fn wrong(what: &str, place: &str) -> Error {
    super::object::damaged(what).with("object", place)
}
