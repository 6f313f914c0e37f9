//! Opens the index of a collection, and starts it anew where that cannot be done.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ::tantivy::{
    Index, IndexMeta, IndexSettings,
    directory::{Directory, INDEX_WRITER_LOCK, MmapDirectory},
};
use serde::{Deserialize, Serialize};

use super::{blocking, collection::Collection, failure, fields::Fields};
use crate::{
    error::{Error, ErrorKind, Result},
    search::{Checkpoint, Found, Schema},
};

/// Grows whenever tokens or columns change: what was written with another number is built anew.
const FORMAT: u32 = 1;

/// Where a collection lives.
pub(super) enum Place {
    Memory,
    Folder(PathBuf),
}

/// What travels in every tantivy commit.
#[derive(Serialize, Deserialize)]
pub(super) struct Payload {
    format: u32,
    pub(super) schema: Schema,
    pub(super) checkpoint: Option<String>,
}

impl Payload {
    pub(super) fn new(schema: &Schema, checkpoint: Option<&Checkpoint>) -> Self {
        Self {
            format: FORMAT,
            schema: schema.clone(),
            checkpoint: checkpoint.map(|checkpoint| checkpoint.0.clone()),
        }
    }

    /// The payload of the last commit; `None` where there is none that we wrote.
    pub(super) fn of(metas: &IndexMeta) -> Option<Self> {
        metas.payload.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }

    pub(super) fn to_text(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::internal("a schema has no JSON form").because(error))
    }
}

/// Opens what is at `place`, or makes it empty.
pub(super) async fn open_or_create(place: Place, schema: Schema) -> Result<(Collection, Found)> {
    let Place::Folder(folder) = place else {
        return blocking(move || create_in_memory(schema))
            .await
            .map(|collection| (collection, Found::Created));
    };
    let (path, wanted) = (folder.clone(), schema.clone());
    // Alone, for tantivy may panic on what it finds.
    match blocking(move || open(&path, wanted)).await {
        Ok(Some((collection, checkpoint))) => return Ok((collection, Found::Kept(checkpoint))),
        Ok(None) => {}
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            tracing::warn!(folder = %folder.display(), ?error, "a damaged search index is built anew");
        }
        Err(error) => return Err(error),
    }
    blocking(move || create(&folder, schema)).await.map(|collection| (collection, Found::Created))
}

/// Opens the index in `folder`; `None` where there is none of this schema and format.
fn open(folder: &Path, schema: Schema) -> Result<Option<(Collection, Option<Checkpoint>)>> {
    if !folder.join("meta.json").exists() {
        return Ok(None);
    }
    let index = Index::open_in_dir(folder).map_err(failure)?;
    let metas = index.load_metas().map_err(damage)?;
    let Some(payload) = Payload::of(&metas) else { return Ok(None) };
    let (columns, fields) = Fields::build(&schema);
    if payload.format != FORMAT || payload.schema != schema || index.schema() != columns {
        return Ok(None);
    }
    let damaged = index.validate_checksum().map_err(damage)?;
    if !damaged.is_empty() {
        let names: Vec<_> = damaged.iter().map(|path| path.display().to_string()).collect();
        let message = "files of the search index do not have the content that was written";
        return Err(Error::new(ErrorKind::Corrupt, message).with("files", names.join(", ")));
    }
    let collection = Collection::new(index, schema, fields).map_err(damage_of)?;
    let checkpoint = collection.load_committed().map_err(damage_of)?;
    Ok(Some((collection, checkpoint)))
}

fn create_in_memory(schema: Schema) -> Result<Collection> {
    let (columns, fields) = Fields::build(&schema);
    let collection = Collection::new(Index::create_in_ram(columns), schema, fields)?;
    collection.commit_empty()?;
    Ok(collection)
}

/// Empties `folder`, which nobody else may be writing to, and begins an index in it.
fn create(folder: &Path, schema: Schema) -> Result<Collection> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    let directory = MmapDirectory::open(folder).map_err(|error| failure(error.into()))?;
    let lock = directory
        .acquire_lock(&INDEX_WRITER_LOCK)
        .map_err(|error| failure(::tantivy::TantivyError::LockFailure(error, None)))?;
    empty(folder).map_err(|error| unwritable(folder, error))?;
    let (columns, fields) = Fields::build(&schema);
    let index = Index::create(directory, columns, IndexSettings::default()).map_err(failure)?;
    drop(lock);
    let collection = Collection::new(index, schema, fields)?;
    collection.commit_empty()?;
    Ok(collection)
}

/// Removes what is at `place`.
pub(super) fn remove(place: &Place) -> Result<()> {
    let Place::Folder(folder) = place else { return Ok(()) };
    if !folder.exists() {
        return Ok(());
    }
    let directory = MmapDirectory::open(folder).map_err(|error| failure(error.into()))?;
    let lock = directory
        .acquire_lock(&INDEX_WRITER_LOCK)
        .map_err(|error| failure(::tantivy::TantivyError::LockFailure(error, None)))?;
    empty(folder).map_err(|error| unwritable(folder, error))?;
    drop(lock);
    fs::remove_dir_all(folder).map_err(|error| unwritable(folder, error))
}

/// Removes the files of an index, the one that says what is in it first; lock files stay.
fn empty(folder: &Path) -> io::Result<()> {
    match fs::remove_file(folder.join("meta.json")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !entry.file_name().to_string_lossy().starts_with(".tantivy") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn unwritable(folder: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "the folder of the search index cannot be written")
        .with("folder", folder.display())
        .because(error)
}

/// A failure while files are checked is damage, unless the files cannot be reached at all.
fn damage(error: ::tantivy::TantivyError) -> Error {
    damage_of(failure(error))
}

fn damage_of(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Corrupt | ErrorKind::Unavailable => error,
        _ => Error::new(ErrorKind::Corrupt, "the files of the search index are damaged").because(error),
    }
}
