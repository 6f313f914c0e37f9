//! Opening a file for shipping, going on with the chain that the target has, or beginning a new one.

use std::{collections::VecDeque, path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{Chain, Counts, ShipOptions, Shipper, State};
use crate::{
    backup::{
        BackupTarget,
        disk::random_name,
        header::{DATABASE, LEVELS, What, span},
        object::{Link, encode},
        wal::{LogFile, Look},
    },
    clock::Clock,
    error::{Error, ErrorKind, Result},
    store::sqlite::{LogGate, storage_error},
};

impl Shipper {
    /// Opens the file, which a store has opened before. Asks the target nothing.
    pub(in crate::backup) fn open(
        path: &Path,
        target: Arc<dyn BackupTarget>,
        clock: Arc<dyn Clock>,
        gate: LogGate,
        options: ShipOptions,
    ) -> Result<Self> {
        let (hand, database, label_page) = {
            let _closed = gate.close();
            prepare(path, &options).map_err(storage_error)?
        };
        let log = LogFile::of(path);
        let page_size =
            hand.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(storage_error)?;
        Ok(Self {
            path: path.to_owned(),
            log,
            target,
            clock,
            options,
            gate,
            hand,
            database,
            page_size,
            label_page,
            state: State::Unknown(None),
            counts: Counts::default(),
        })
    }

    /// Goes on with the last chain of the target where the write-ahead log proves that nothing is missing; else begins a new one.
    pub(super) async fn resume(&mut self) -> Result<()> {
        self.claim().await?;
        let archive = self.archive();
        let chains = self.watch(async { archive.chains().await }).await?;
        let (why, found) = match (&self.state, chains.last()) {
            (State::Unknown(Some(why)), _) => (*why, None),
            (_, None) => ("nothing was backed up before", None),
            (_, Some(name)) => match self.continued(name).await {
                Ok(Ok(chain)) => ("", Some(chain)),
                Ok(Err(why)) => (why, None),
                Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound) => {
                    tracing::error!(target: "heptad::backup", %error, "an object of the backup is damaged or missing");
                    ("the end of the last chain is damaged or missing", None)
                }
                Err(error) => return Err(error),
            },
        };
        let chain = match found {
            Some(chain) => chain,
            None => {
                tracing::info!(target: "heptad::backup", why, "a new chain begins");
                self.counts.chains += 1;
                self.begin(chains.last().map(String::as_str))?
            }
        };
        self.state = State::Chain(Box::new(chain));
        Ok(())
    }

    /// The target is for one database only.
    async fn claim(&mut self) -> Result<()> {
        let archive = self.archive();
        match self.watch(async { archive.database().await }).await? {
            Some(database) if database == self.database => Ok(()),
            Some(_) => Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "the backup target {} holds the backup of another database: set `backup.target` to a folder or prefix of its own",
                    self.target.describe()
                ),
            )),
            None => {
                let (bytes, _) = encode(&self.header(DATABASE.to_owned(), What::Database), &[])?;
                self.put(DATABASE, &bytes.into()).await
            }
        }
    }

    /// The chain `name` as it is to be gone on with, or why it is not.
    async fn continued(&self, name: &str) -> Result<std::result::Result<Chain, &'static str>> {
        let archive = self.archive();
        let Some(last) = self.watch(async { archive.last_sequence(name).await }).await? else {
            return Ok(Err("the last chain has no object yet"));
        };
        let (header, object) = self.watch(async { archive.log(name, 0, last).await }).await?;
        if let Look::Lost(why) = self.look(&header.end, None, 1)? {
            return Ok(Err(why));
        }
        let start = header.log_start;
        let before = if start == last {
            header.previous
        } else {
            self.watch(async { archive.log(name, 0, start).await }).await?.0.previous
        };
        let snapshots = self.watch(async { archive.snapshots(name).await }).await?;
        let mut merged = [1; LEVELS as usize];
        for (level, next) in (1..).zip(&mut merged) {
            let firsts = self.watch(async { archive.firsts(name, level, 0, last).await }).await?;
            *next = firsts.last().map_or(1, |first| first + span(level));
        }
        let point = header.points.last().copied();
        Ok(Ok(Chain {
            name: name.to_owned(),
            next: last + 1,
            link: object.link,
            log_start: (start, before),
            position: header.end,
            ended: None,
            commit: point.map_or(0, |point| point.commit),
            time: point.map_or(0, |point| point.time),
            pending: None,
            whole: false,
            seen: VecDeque::new(),
            complete: None,
            pace: (0, Duration::ZERO),
            snapshot: snapshots.whole.last().map(|snapshot| snapshot.header.time),
            since_snapshot: 0,
            merged,
        }))
    }

    /// A new chain, which begins with all that is in the write-ahead log now.
    fn begin(&self, before: Option<&str>) -> Result<Chain> {
        let closed = self.gate.close();
        // So that there is a log, and it is known which.
        self.touch()?;
        let begin = self.log.begin().map_err(unreadable)?;
        drop(closed);
        let (position, _) =
            begin.ok_or_else(|| Error::new(ErrorKind::Unavailable, "the database has no write-ahead log"))?;
        let commit: i64 =
            self.hand.query_row("SELECT commits FROM meta", [], |row| row.get(0)).map_err(storage_error)?;
        let now = self.clock.now().as_millisecond();
        // The names of chains are in the order of their making, whatever the clock does.
        let last = before.and_then(|name| u64::from_str_radix(name.split('-').next()?, 16).ok());
        let stamp = u64::try_from(now).unwrap_or(0).max(last.map_or(0, |last| last + 1));
        let name = format!("{stamp:012x}-{}", random_name());
        let link = Link::root(&name);
        Ok(Chain {
            name,
            next: 1,
            link,
            log_start: (1, link),
            position,
            ended: None,
            commit: commit.unsigned_abs(),
            time: now,
            pending: None,
            whole: false,
            seen: VecDeque::new(),
            complete: None,
            pace: (0, Duration::ZERO),
            snapshot: None,
            since_snapshot: 0,
            merged: [1; LEVELS as usize],
        })
    }

    /// Writes to the file without changing what the store holds: the log has a frame more, and begins anew where it may. (SQLite writes no page
    /// whose content stays the same.)
    pub(super) fn touch(&self) -> Result<()> {
        self.hand
            .execute_batch("BEGIN IMMEDIATE; UPDATE backup SET touched = touched + 1; COMMIT")
            .inspect_err(|_| {
                if !self.hand.is_autocommit() {
                    let _ = self.hand.execute_batch("ROLLBACK");
                }
            })
            .map_err(storage_error)
    }
}

/// The connection, the id of the database, and the page of the table `meta`.
fn prepare(path: &Path, options: &ShipOptions) -> rusqlite::Result<(Connection, String, u32)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = match options.vfs.as_deref() {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    }?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    for (name, value) in [("wal_autocheckpoint", 0), ("journal_size_limit", -1), ("checkpoint_fullfsync", 1)]
    {
        connection.pragma_update(None, name, value)?;
    }
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS backup (one INTEGER PRIMARY KEY CHECK (one = 1), database TEXT NOT NULL, touched INTEGER NOT NULL) STRICT",
    )?;
    let id = format!("{}{}{}{}", random_name(), random_name(), random_name(), random_name());
    let known: i64 = connection.query_row("SELECT count(*) FROM backup", [], |row| row.get(0))?;
    if known == 0 {
        connection
            .execute("INSERT OR IGNORE INTO backup (one, database, touched) VALUES (1, ?1, 0)", [id])?;
    }
    let database = connection.query_row("SELECT database FROM backup", [], |row| row.get(0))?;
    let sql = "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'meta'";
    let page = connection.query_row(sql, [], |row| row.get(0))?;
    Ok((connection, database, page))
}

pub(super) fn unreadable(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the files of the database cannot be read").because(error)
}
