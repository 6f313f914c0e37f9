//! Opening the file: who may use it, in which mode, and whether it is whole.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    Durability, Integrity, SqliteOptions,
    fault::{Fault, damaged, is_busy},
    schema,
};
use crate::error::{Error, ErrorKind, Result};

/// Up to this size a file is checked whenever it is opened.
const SMALL_FILE: u64 = 16 << 20;
/// How large the write-ahead log grows before it is copied into the file: 16 MiB.
pub(super) const CHECKPOINT_PAGES: u32 = 4096;

/// The writer's connection to a file that is ours, whole and up to date.
pub(super) fn prepare(path: &Path, options: &SqliteOptions) -> Result<Connection> {
    check_place(path)?;
    let size = path.metadata().map_or(0, |file| file.len());
    let in_use = with_suffix(path, "-wal").metadata().is_ok_and(|log| log.len() > 0);
    let mut connection = open(path, options)?;
    if connection.is_readonly("main").map_err(Fault::from)? {
        return Err(Error::new(ErrorKind::PermissionDenied, "the store's file cannot be written"));
    }
    // Before anything is changed: is this file ours?
    schema::check(&connection)?;
    enter_wal(&connection, options.busy_timeout)?;
    configure(&connection, options).map_err(Fault::from)?;
    schema::migrate(&mut connection)?;
    let check = match options.integrity {
        Integrity::Automatic if in_use || size <= SMALL_FILE => Some("quick_check"),
        Integrity::Quick => Some("quick_check"),
        Integrity::Full => Some("integrity_check"),
        Integrity::Automatic | Integrity::Skip => None,
    };
    if let Some(check) = check {
        check_integrity(&connection, check)?;
    }
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path, options: &SqliteOptions) -> Result<Connection> {
    let connection = open(path, options)?;
    connection.pragma_update(None, "query_only", true).map_err(Fault::from)?;
    Ok(connection)
}

fn open(path: &Path, options: &SqliteOptions) -> Result<Connection> {
    // Every connection is used by one thread at a time: SQLite need not lock it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = match options.vfs.as_deref() {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    }
    .map_err(Fault::from)?;
    connection.busy_timeout(options.busy_timeout).map_err(Fault::from)?;
    connection.set_prepared_statement_cache_capacity(64);
    if options.log.is_some() {
        // The log stays for the backup, which finds in it where it was.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(Fault::from)?;
    }
    Ok(connection)
}

/// The write-ahead log is a property of the file. Switching to it takes a lock for which SQLite does not wait by itself.
fn enter_wal(connection: &Connection, patience: Duration) -> Result<()> {
    let begin = Instant::now();
    let mode: String = loop {
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)) {
            Err(error) if is_busy(&error) && begin.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => break outcome.map_err(Fault::from)?,
        }
    };
    if mode == "wal" {
        return Ok(());
    }
    let message =
        format!("SQLite keeps the journal mode `{mode}` where `wal` is needed: put the file on a local disk");
    Err(Error::new(ErrorKind::Unsupported, message))
}

fn configure(connection: &Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    let full = options.durability == Durability::Full;
    connection.pragma_update(None, "synchronous", if full { "FULL" } else { "NORMAL" })?;
    // Apple's fsync does not reach the platter unless it is asked to; elsewhere these change nothing.
    connection.pragma_update(None, "fullfsync", full)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    let checkpoint = if options.log.is_some() { 0 } else { CHECKPOINT_PAGES };
    connection.pragma_update(None, "wal_autocheckpoint", checkpoint)?;
    // Behind a new log must stay what is left of the old one, for the backup to see that it has seen it.
    let limit = if options.log.is_some() { -1 } else { 64 << 20 };
    connection.pragma_update(None, "journal_size_limit", limit)?;
    // Not `FAST`, which leaves whole pages that become free as they are.
    connection.pragma_update_and_check(None, "secure_delete", options.erase, |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", -(16 << 10))?;
    connection.pragma_update(None, "trusted_schema", false)
}

fn check_integrity(connection: &Connection, check: &str) -> Result<()> {
    let finding: String =
        connection.pragma_query_value(None, check, |row| row.get(0)).map_err(Fault::from)?;
    if finding == "ok" {
        return Ok(());
    }
    Err(damaged(format!("the store's file is damaged: {finding}; restore it from a backup"))
        .with("check", check))
}

/// Refuses what cannot become a store, with a clearer word than SQLite's.
fn check_place(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::invalid("the path of a store is a file, this is a folder"));
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Ok(folder) = folder.canonicalize() else {
        return Err(Error::not_found("the folder of the store does not exist: make it first"));
    };
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    match network_file_system(&mounts, &folder) {
        Some(kind) => {
            let message = format!(
                "the file is on a network file system ({kind}), where SQLite cannot share memory: use a local disk"
            );
            Err(Error::new(ErrorKind::Unsupported, message))
        }
        None => Ok(()),
    }
}

/// The kind of network file system that `folder` is on, as Linux tells it (proc(5), `mountinfo`).
fn network_file_system<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mut innermost: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (left.split(' ').nth(4), right.split(' ').next()) else { continue };
        let point = point.replace("\\040", " ");
        if folder.starts_with(&point) && innermost.is_none_or(|(length, _)| point.len() >= length) {
            innermost = Some((point.len(), kind));
        }
    }
    let (_, kind) = innermost?;
    let network = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "fuse.glusterfs", "fuse.sshfs"];
    network.contains(&kind).then_some(kind)
}

fn with_suffix(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_recognised() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            40 22 0:50 / /srv rw,relatime shared:1 - nfs4 host:/export rw\n\
            41 40 8:2 / /srv/local\\040disk rw - xfs /dev/sdb1 rw\n\
            nonsense\n";
        for (folder, kind) in [
            ("/home/acme", None),
            ("/srv", Some("nfs4")),
            ("/srv/data", Some("nfs4")),
            ("/srvx", None),
            ("/srv/local disk/data", None),
        ] {
            assert_eq!(network_file_system(mounts, Path::new(folder)), kind, "{folder}");
        }
        assert_eq!(network_file_system("", Path::new("/")), None);
    }
}
