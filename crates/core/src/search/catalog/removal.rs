//! Removes a whole collection: its documents, its stream of changes, its index.
//!
//! That is more than one commit holds. The first marks the collection as dropped, and from then on it is not there for anybody; the last
//! removes the mark. What a crash leaves in between is finished by whoever drops or defines a collection of that name next, and a
//! collection defined anew never has documents of the old one.

use super::{Catalog, follow::unknown, names, vectors};
use crate::{
    error::Result,
    progress::{Progress, Silent},
    store::{Batch, Expect, Key, KeyRange, Page, Value, Version},
};

/// How many documents are removed in one commit.
const DOCUMENTS_PER_COMMIT: usize = 500;

impl Catalog {
    /// Removes `collection` with its documents, its schema and its index. Returns how many documents there were.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) for a collection that was not defined; [`Conflict`](crate::ErrorKind::Conflict) where its
    /// schema changes, or it is defined anew, at the same time; [`Unavailable`](crate::ErrorKind::Unavailable) where another process
    /// holds its index: the documents are gone then, and dropping it again removes the rest when that process has let go.
    pub async fn drop_collection(&self, collection: &str, progress: &dyn Progress) -> Result<u64> {
        let _following = self.following(collection).await?;
        let Some((mut definition, version)) = self.stored_definition(collection).await? else {
            return Err(unknown(collection));
        };
        let key = names::definition(collection)?;
        let mut mark = version;
        if !definition.dropped {
            definition.dropped = true;
            let mut batch = Batch::new();
            batch.put_if(key.clone(), Value::json(&definition)?, Expect::Exactly(version));
            mark = self.0.store.commit(batch).await?.version;
        }
        let documents = self.forget_documents(collection, mark, progress).await?;
        self.0.index.remove(collection).await?;
        if let Some(meaning) = &self.0.meaning {
            meaning.forget(collection);
        }
        let mut batch = Batch::new();
        batch.delete(vectors::tuning(collection)?);
        batch.delete_if(key, Expect::Exactly(mark));
        self.0.store.commit(batch).await?;
        tracing::info!(collection, documents, "a collection was dropped");
        Ok(documents)
    }

    /// Removes the documents and the stream of changes of a collection that was marked as dropped in `mark`. Nobody adds to it any more;
    /// where somebody defines it anew in the meantime, that is a [`Conflict`](crate::ErrorKind::Conflict), and nothing new is removed.
    pub(super) async fn forget_documents(
        &self,
        collection: &str,
        mark: Version,
        progress: &dyn Progress,
    ) -> Result<u64> {
        let definition = names::definition(collection)?;
        let documents =
            self.forget_records(&names::documents(collection), &definition, mark, progress).await?;
        self.forget_records(&vectors::vectors(collection), &definition, mark, &Silent).await?;
        if let Some(last) = self.last_entry(collection).await? {
            let mut batch = Batch::new();
            batch.require(definition, Expect::Exactly(mark)).trim(names::changes(collection)?, last.offset);
            self.0.store.commit(batch).await?;
        }
        progress.finish();
        Ok(documents)
    }

    /// Forgets what is in memory of the vectors of a collection, and their records where the embedder no longer makes vectors of that length. An
    /// embedder that fails takes nothing away.
    pub(super) async fn forget_unfit_vectors(
        &self,
        collection: &str,
        definition: &names::Definition,
        version: Version,
    ) -> Result<()> {
        let Some(meaning) = &self.0.meaning else { return Ok(()) };
        meaning.forget(collection);
        if definition.schema.embedded().next().is_some()
            && self.vectors_are_unfit(meaning, collection, definition).await?
        {
            let key = names::definition(collection)?;
            self.forget_records(&vectors::vectors(collection), &key, version, &Silent).await?;
            meaning.forget(collection);
        }
        Ok(())
    }

    /// Removes all records of a collection of the store, while `definition` is as in `mark`.
    async fn forget_records(
        &self,
        records: &str,
        definition: &Key,
        mark: Version,
        progress: &dyn Progress,
    ) -> Result<u64> {
        let range = KeyRange::all(records);
        let mut gone = 0;
        loop {
            let page = self.0.store.scan(range.clone(), Page::first(DOCUMENTS_PER_COMMIT)).await?;
            if page.is_empty() {
                return Ok(gone);
            }
            gone += page.len() as u64;
            let mut batch = Batch::new();
            batch.require(definition.clone(), Expect::Exactly(mark));
            for record in page {
                batch.delete(record.key);
            }
            self.0.store.commit(batch).await?;
            progress.report(gone, 0, records);
        }
    }
}
