//! SQLite's side of the VFS: its calls are told to the disk and passed on.
//!
//! The only `unsafe` outside the bindings: SQLite's interface for this is one of C.
#![allow(unsafe_code, reason = "SQLite's VFS interface is one of C; each use says why it is sound")]

use std::{
    collections::HashMap,
    ffi::{CStr, OsStr, c_char, c_int, c_void},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError},
};

use rusqlite::ffi;

use super::disk::{Change, Operation, Trouble, disk};

/// The name under which [`register`] makes the VFS known.
pub const NAME: &str = "heptad-power-loss";
const C_NAME: &CStr = c"heptad-power-loss";

/// The files that a loss of power is about.
const OURS: c_int = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL;

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

/// One open file of SQLite's.
struct Open {
    path: PathBuf,
    /// The functions of the default VFS for it.
    real: &'static ffi::sqlite3_io_methods,
}

/// By the address of SQLite's file. An address is in here from the end of its `open` to its `close`.
static FILES: LazyLock<Mutex<HashMap<usize, Open>>> = LazyLock::new(Mutex::default);

fn files() -> MutexGuard<'static, HashMap<usize, Open>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of a file, and the functions of the default VFS for it.
fn known(file: *mut ffi::sqlite3_file) -> (PathBuf, &'static ffi::sqlite3_io_methods) {
    let files = files();
    let open = files.get(&(file as usize)).expect("SQLite uses a file between its open and its close");
    (open.path.clone(), open.real)
}

/// Tells the disk of a write; what SQLite hears where the disk has trouble.
fn change(path: &Path, operation: Operation, change: Change) -> Option<c_int> {
    let mut disk = disk();
    match disk.fails(path, operation) {
        Some(Trouble::Full) => Some(ffi::SQLITE_FULL),
        Some(_) => Some(ffi::SQLITE_IOERR_WRITE),
        None => disk.note(path, change).err().map(|_| ffi::SQLITE_IOERR_WRITE),
    }
}

fn real_vfs() -> *mut ffi::sqlite3_vfs {
    // SAFETY: asking for the default VFS has no precondition; a null answer is checked.
    let real = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    assert!(!real.is_null(), "SQLite has a default VFS");
    real
}

/// Opens with the default VFS, then puts our functions in front of its own for databases and logs.
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
    if outcome != ffi::SQLITE_OK || flags & OURS == 0 || name.is_null() {
        return outcome;
    }
    // SAFETY: a name that is not null is a C string that lives as long as the file is open.
    let path = PathBuf::from(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()));
    if disk().opened(&path).is_err() {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: a file that was opened has a table of functions that is a constant of SQLite.
    let real: &'static ffi::sqlite3_io_methods = unsafe { &*(*file).pMethods };
    // SAFETY: the table holds functions and a number, which may be copied.
    let mut methods = unsafe { std::ptr::read(real) };
    methods.xWrite = Some(write);
    methods.xTruncate = Some(truncate);
    methods.xSync = Some(sync);
    methods.xClose = Some(close);
    files().insert(file as usize, Open { path, real });
    // SAFETY: `file` is open, and the table is leaked: a test opens few files.
    unsafe { (*file).pMethods = Box::leak(Box::new(methods)) };
    ffi::SQLITE_OK
}

// SAFETY: SQLite calls it as every VFS is called: with the name of a file.
unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: a name to delete is a C string.
    let path = PathBuf::from(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()));
    let mut disk = disk();
    if disk.fails(&path, Operation::Truncate).is_some() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    let real = real_vfs();
    // SAFETY: the arguments are SQLite's own.
    let outcome = unsafe { (*real).xDelete.expect("a VFS deletes files")(real, name, sync_folder) };
    disk.deleted(&path);
    outcome
}

// SAFETY: SQLite calls it with a file that `open` opened and that is not closed yet.
unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    len: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    let (path, real) = known(file);
    // SAFETY: SQLite gives `len` readable bytes, and a length that is not negative.
    let written = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), len as usize) }.to_vec();
    if let Some(failure) = change(&path, Operation::Write, Change::Write(offset as u64, written)) {
        return failure;
    }
    // SAFETY: the arguments are SQLite's own, for a file that the default VFS opened.
    unsafe { real.xWrite.expect("a VFS writes")(file, bytes, len, offset) }
}

// SAFETY: SQLite calls it with a file that `open` opened and that is not closed yet.
unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    let (path, real) = known(file);
    if let Some(failure) = change(&path, Operation::Truncate, Change::Truncate(size as u64)) {
        return failure;
    }
    // SAFETY: the arguments are SQLite's own, for a file that the default VFS opened.
    unsafe { real.xTruncate.expect("a VFS truncates")(file, size) }
}

// SAFETY: SQLite calls it with a file that `open` opened and that is not closed yet.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    let (path, _) = known(file);
    let mut disk = disk();
    if disk.fails(&path, Operation::Sync).is_none() && disk.sync(&path).is_ok() {
        return ffi::SQLITE_OK;
    }
    ffi::SQLITE_IOERR_FSYNC
}

// SAFETY: SQLite calls it with a file that `open` opened and that is not closed yet.
unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let open = files().remove(&(file as usize));
    let real = open.expect("SQLite closes a file once").real;
    // SAFETY: the file was opened by the default VFS, which gets back its own table before it closes it.
    unsafe {
        (*file).pMethods = real;
        real.xClose.expect("a VFS closes")(file)
    }
}
