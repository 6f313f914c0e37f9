//! A SQLite VFS for tests that pull the plug: what was not synced is lost.
//!
//! It passes everything to the default VFS, and keeps beside every database and write-ahead log a twin, `<file>.durable`, that gets
//! what was written only when the file is synced. After the process was killed, [`lose_unsynced`] puts the twins in the place of the
//! files: that is the disk after the loss of power. What a sync had written when the kill came is kept: syncs are not atomic either.
//!
//! The only `unsafe` outside the bindings: SQLite's interface for this is one of C.
#![allow(unsafe_code, reason = "SQLite's VFS interface is one of C; each use says why it is sound")]

use std::{
    collections::HashMap,
    ffi::{CStr, OsStr, c_char, c_int, c_void},
    fs::OpenOptions,
    io::{Seek, SeekFrom, Write},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError},
};

use rusqlite::ffi;

/// The name under which [`register`] makes the VFS known.
pub const NAME: &str = "heptad-power-loss";
const C_NAME: &CStr = c"heptad-power-loss";

/// Makes the VFS known to SQLite in this process and returns its [`NAME`].
///
/// # Panics
/// Where SQLite has no default VFS or refuses another.
pub fn register() -> &'static str {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let real = real_vfs();
        // SAFETY: `real` is SQLite's default VFS, which lives as long as the process. The copy shares its functions and its application data,
        // which is what they expect to find in the VFS they are called with.
        let mut vfs = unsafe { std::ptr::read(real) };
        vfs.pNext = std::ptr::null_mut();
        vfs.zName = C_NAME.as_ptr();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        // SAFETY: the VFS is leaked, so it lives as long as SQLite may use it.
        let outcome = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 0) };
        assert_eq!(outcome, ffi::SQLITE_OK, "SQLite takes another VFS");
    });
    NAME
}

/// Puts the twins in `folder` in the place of their files, and removes databases and logs that were never synced.
///
/// # Panics
/// Where a file cannot be moved.
pub fn lose_unsynced(folder: &Path) {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    for file in files.iter().filter(|file| file.extension().is_none_or(|extension| extension != "durable")) {
        // Also the shared memory of the log, which is never on the disk.
        std::fs::remove_file(file).expect("a file can be removed");
    }
    for twin in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "durable")) {
        std::fs::rename(twin, twin.with_extension("")).expect("a twin can be moved");
    }
}

/// What a disk can do to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing more can be written.
    Full,
    /// What was written cannot be synced.
    Unsyncable,
}

/// Makes trouble for all files in `folder` that this process has open through this VFS, until it is called with `None`.
pub fn trouble(folder: &Path, trouble: Option<Trouble>) {
    let mut state = state();
    match trouble {
        Some(trouble) => state.trouble.insert(folder.to_owned(), trouble),
        None => state.trouble.remove(folder),
    };
}

/// What was written to a file since it was last synced, in order.
enum Unsynced {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

/// One open file of SQLite's.
struct Open {
    path: PathBuf,
    /// The functions of the default VFS for it.
    real: &'static ffi::sqlite3_io_methods,
}

#[derive(Default)]
struct State {
    /// By the address of SQLite's file. An address is in here from the end of its `open` to its `close`.
    open: HashMap<usize, Open>,
    /// A file is synced whoever wrote it, so this is kept by path.
    unsynced: HashMap<PathBuf, Vec<Unsynced>>,
    /// By folder.
    trouble: HashMap<PathBuf, Trouble>,
}

static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn of(&self, file: *mut ffi::sqlite3_file) -> &Open {
        self.open.get(&(file as usize)).expect("SQLite uses a file between its open and its close")
    }

    fn note(&mut self, file: *mut ffi::sqlite3_file, change: Unsynced) {
        let path = self.of(file).path.clone();
        self.unsynced.entry(path).or_default().push(change);
    }

    fn has(&self, file: *mut ffi::sqlite3_file, trouble: Trouble) -> bool {
        let folder = self.of(file).path.parent();
        folder.is_some_and(|folder| self.trouble.get(folder) == Some(&trouble))
    }

    /// Brings the twin up to date.
    fn sync(&mut self, path: &Path) -> std::io::Result<()> {
        let changes = self.unsynced.get_mut(path).map(std::mem::take).unwrap_or_default();
        let mut twin = OpenOptions::new().create(true).write(true).truncate(false).open(twin(path))?;
        for change in changes {
            match change {
                Unsynced::Write(offset, bytes) => {
                    twin.seek(SeekFrom::Start(offset))?;
                    twin.write_all(&bytes)?;
                }
                Unsynced::Truncate(size) => twin.set_len(size)?,
            }
        }
        Ok(())
    }
}

fn twin(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".durable");
    name.into()
}

fn real_vfs() -> *mut ffi::sqlite3_vfs {
    // SAFETY: asking for the default VFS has no precondition; a null answer is checked.
    let real = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    assert!(!real.is_null(), "SQLite has a default VFS");
    real
}

/// Opens with the default VFS, then puts our functions in front of its own for databases and write-ahead logs.
// SAFETY: SQLite calls it as every VFS is called: with a name that lives as long as the file, and room for the file.
unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let real = real_vfs();
    // SAFETY: the arguments are SQLite's own, passed on unchanged to the VFS whose copy it called; `file` has room for what that VFS puts
    // there, for the copy asks for as much.
    let outcome = unsafe { (*real).xOpen.expect("a VFS opens files")(real, name, file, flags, out_flags) };
    let ours = flags & (ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL) != 0;
    if outcome != ffi::SQLITE_OK || !ours || name.is_null() {
        return outcome;
    }
    // SAFETY: a name that is not null is a C string that lives as long as the file is open.
    let path = PathBuf::from(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()));
    let mut state = state();
    if !state.unsynced.contains_key(&path) {
        // What is there when this process first sees the file was there before the power came back.
        if std::fs::copy(&path, twin(&path)).is_err() {
            return ffi::SQLITE_CANTOPEN;
        }
        state.unsynced.insert(path.clone(), Vec::new());
    }
    // SAFETY: a file that was opened has a table of functions that is a constant of SQLite.
    let real: &'static ffi::sqlite3_io_methods = unsafe { &*(*file).pMethods };
    // SAFETY: the table holds functions and a number, which may be copied.
    let mut methods = unsafe { std::ptr::read(real) };
    methods.xWrite = Some(write);
    methods.xTruncate = Some(truncate);
    methods.xSync = Some(sync);
    methods.xClose = Some(close);
    state.open.insert(file as usize, Open { path, real });
    // SAFETY: `file` is open, and the table is leaked: a test opens few files.
    unsafe { (*file).pMethods = Box::leak(Box::new(methods)) };
    ffi::SQLITE_OK
}

/// A file that is deleted is gone: SQLite deletes a log only when what was in it is synced elsewhere.
// SAFETY: SQLite calls it as every VFS is called: with the name of a file.
unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    let real = real_vfs();
    // SAFETY: the arguments are SQLite's own; a name to delete is a C string.
    let (outcome, name) = unsafe {
        ((*real).xDelete.expect("a VFS deletes files")(real, name, sync_folder), CStr::from_ptr(name))
    };
    let path = PathBuf::from(OsStr::from_bytes(name.to_bytes()));
    state().unsynced.remove(&path);
    let _ = std::fs::remove_file(twin(&path));
    outcome
}

// SAFETY: SQLite calls it with a file that `open` opened and that is not closed yet.
unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    len: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    let mut state = state();
    if state.has(file, Trouble::Full) {
        return ffi::SQLITE_FULL;
    }
    // SAFETY: SQLite gives `len` readable bytes, and a length that is not negative.
    let written = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), len as usize) }.to_vec();
    let real = state.of(file).real.xWrite.expect("a VFS writes");
    state.note(file, Unsynced::Write(offset as u64, written));
    drop(state);
    // SAFETY: the arguments are SQLite's own, for a file that the default VFS opened.
    unsafe { real(file, bytes, len, offset) }
}

// SAFETY: SQLite calls it with a file that `open` opened and that is not closed yet.
unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    let mut state = state();
    let real = state.of(file).real.xTruncate.expect("a VFS truncates");
    state.note(file, Unsynced::Truncate(size as u64));
    drop(state);
    // SAFETY: the arguments are SQLite's own, for a file that the default VFS opened.
    unsafe { real(file, size) }
}

/// The twin is the disk, and it survives the end of this process: there is nothing to wait for.
// SAFETY: SQLite calls it with a file that `open` opened and that is not closed yet.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    let mut state = state();
    if state.has(file, Trouble::Unsyncable) {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    let path = state.of(file).path.clone();
    if state.sync(&path).is_ok() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_FSYNC }
}

// SAFETY: SQLite calls it with a file that `open` opened and that is not closed yet.
unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let open = state().open.remove(&(file as usize));
    let real = open.expect("SQLite closes a file once").real;
    // SAFETY: the file was opened by the default VFS, which gets back its own table before it closes it.
    unsafe {
        (*file).pMethods = real;
        real.xClose.expect("a VFS closes")(file)
    }
}
