//! Whether the index answers, without bringing it up to date.

use super::{Catalog, names};
use crate::{
    error::{ErrorKind, Result},
    search::{Found, Query, SearchQuery},
    store::{KeyRange, Page},
};

/// So many collections are asked: a probe is to be cheap however many there are.
const MOST_ASKED: usize = 16;

/// So many names are counted.
const MOST_COUNTED: usize = 1_000;

/// What asking every collection gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Probe {
    /// How many collections there are.
    pub(crate) collections: usize,
    /// How many of them were not asked.
    pub(crate) unasked: usize,
    /// How many were not asked because they are being brought up to date.
    pub(crate) busy: usize,
    /// How many changes the next queries will apply.
    pub(crate) behind: u64,
    /// Those whose index the next query has to build from the store.
    pub(crate) unbuilt: Vec<String>,
}

impl Catalog {
    /// Opens and queries the index of each collection, of the first few where there are many.
    ///
    /// # Errors
    /// What the store or the index fails with.
    pub(crate) async fn probe(&self) -> Result<Probe> {
        let records = self.0.store.scan(KeyRange::all(names::DEFINITIONS), Page::first(MOST_COUNTED)).await?;
        let unasked = records.len().saturating_sub(MOST_ASKED);
        let mut probe = Probe { collections: records.len(), unasked, ..Probe::default() };
        for record in records.iter().take(MOST_ASKED) {
            self.probe_collection(record.key.id(), &mut probe).await?;
        }
        Ok(probe)
    }

    /// How many changes the next query of each collection applies first. Those that are being brought up to date, or whose index is not open, are
    /// left out: asking must not open any.
    ///
    /// # Errors
    /// What the store or the index fails with.
    pub(crate) async fn lags(&self) -> Result<Vec<(String, u64)>> {
        let records = self.0.store.scan(KeyRange::all(names::DEFINITIONS), Page::first(MOST_COUNTED)).await?;
        let mut lags = Vec::new();
        for record in &records {
            let collection = record.key.id();
            let Some(_following) = self.try_following(collection)? else { continue };
            let stored = self.stored_definition(collection).await?;
            let Some((definition, _)) = stored.filter(|(it, _)| !it.dropped) else { continue };
            match self.behind(collection, &definition).await {
                Ok(behind) => lags.push((collection.to_owned(), behind)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(lags)
    }

    async fn probe_collection(&self, collection: &str, probe: &mut Probe) -> Result<()> {
        let Some(_following) = self.try_following(collection)? else {
            probe.busy += 1;
            return Ok(());
        };
        // Read under the lock: with an older schema, opening would empty the index.
        let Some((definition, _)) = self.stored_definition(collection).await?.filter(|(it, _)| !it.dropped)
        else {
            probe.collections -= 1;
            return Ok(());
        };
        let index = &self.0.index;
        match index.ensure(collection, &definition.schema).await? {
            Found::Kept(Some(checkpoint)) if definition.place_of(&checkpoint).is_some() => {
                probe.behind += self.behind(collection, &definition).await?;
            }
            Found::Kept(_) | Found::Created => probe.unbuilt.push(collection.to_owned()),
        }
        index.query(collection, &SearchQuery::new(Query::MatchAll).window(0, 0)).await.map(drop)
    }
}
