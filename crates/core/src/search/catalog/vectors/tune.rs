//! Learns how to weigh words against vectors.

use super::{Catalog, follow::Effort, identity, record::tuning};
use crate::{
    error::{Error, ErrorKind, Result},
    search::{
        Judged, SearchQuery, TuneReport,
        catalog::names,
        hybrid::{Tuning, constraints, learn, meaning},
    },
    store::{Batch, Expect, Value},
};

/// The most judged queries that are learnt from.
const MAX_JUDGED: usize = 10_000;
/// The most parts they are divided into.
const MAX_FOLDS: usize = 20;
/// How deep rankings are measured, at most.
const DEPTH: usize = 1_000;
/// How deep all of them together are: of many queries each is measured less deep, but never less than a tenth of the most.
const DEPTH_OF_ALL: usize = 1_000_000;
/// The most that an answer is worth: sums of such numbers are numbers.
const MAX_GAIN: f64 = 1e9;

impl Catalog {
    /// Measures text, vectors and both together on judged queries, by cross-validation in `folds` parts, and with `keep` remembers what ranks
    /// best. What is learnt holds for this collection, its embedded fields and this model, until it is learnt anew.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) without an embedder or embedded fields; [`InvalidInput`](ErrorKind::InvalidInput) for queries
    /// that cannot be parsed or are about nothing, and for gains that are not above 0 and at most a billion; what the embedder fails with.
    pub async fn tune(
        &self,
        collection: &str,
        judged: &[Judged],
        folds: usize,
        keep: bool,
    ) -> Result<TuneReport> {
        check(judged, folds)?;
        let Some(how) = &self.0.meaning else {
            let message =
                "there is nothing to weigh words against: no embedder is configured (`llm.embedding_model`)";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        self.catch_up(collection).await?;
        self.follow_vectors(collection, Effort::Whole).await?;
        let (definition, version) = self.definition(collection).await?;
        if definition.schema.embedded().next().is_none() {
            let message = format!("no field of `{collection}` is embedded");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let depth = (DEPTH_OF_ALL / judged.len()).clamp(DEPTH / 10, DEPTH);
        let mut found = Vec::with_capacity(judged.len());
        for (at, judged) in judged.iter().enumerate() {
            let query = SearchQuery::text(&judged.query);
            let about = meaning(&query.query, &definition.schema).ok_or_else(|| {
                Error::invalid(format!("judged query {at} has no words")).with("field", "judged")
            })?;
            let (vector, _) = self.ask(how, collection, &about).await?;
            let bound = constraints(&query.query, &definition.schema);
            found.push(self.candidates(collection, Some(&query), &bound, vector, depth).await?);
        }
        let owned = judged.to_vec();
        let learning =
            tokio::task::spawn_blocking(move || learn(&owned.iter().zip(found).collect::<Vec<_>>(), folds));
        let mut report =
            learning.await.map_err(|error| Error::internal("learning panicked").because(error))?;
        if keep {
            let (uses, text_weight) = (report.uses, report.text_weight);
            let learnt = Tuning { of: identity(&definition, how.maker()), uses, text_weight };
            let mut batch = Batch::new();
            batch.require(names::definition(collection)?, Expect::Exactly(version));
            batch.put(tuning(collection)?, Value::json(&learnt)?);
            self.0.store.commit(batch).await?;
            report.kept = true;
        }
        Ok(report)
    }
}

fn check(judged: &[Judged], folds: usize) -> Result<()> {
    let wrong = |message: String| Err(Error::invalid(message).with("field", "judged"));
    if !(2..=MAX_JUDGED).contains(&judged.len()) {
        return wrong(format!("2 to {MAX_JUDGED} judged queries are learnt from, not {}", judged.len()));
    }
    if !(2..=MAX_FOLDS).contains(&folds) {
        return Err(
            Error::invalid(format!("there are 2 to {MAX_FOLDS} folds, not {folds}")).with("field", "folds")
        );
    }
    for (at, judged) in judged.iter().enumerate() {
        if judged.relevant.is_empty() {
            return wrong(format!("judged query {at} has no document that answers it"));
        }
        if let Some(bad) =
            judged.relevant.iter().find(|relevant| !(relevant.gain > 0.0 && relevant.gain <= MAX_GAIN))
        {
            return wrong(format!(
                "judged query {at}: a gain is a number above 0, at most {MAX_GAIN}, not {}",
                bad.gain
            ));
        }
    }
    Ok(())
}
