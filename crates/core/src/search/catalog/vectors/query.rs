//! Answers by vectors, and by words and vectors together.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures_util::future::try_join_all;

use super::{
    Catalog, Definition, Meaning,
    follow::Effort,
    identity,
    record::{tuning, unfit},
};
use crate::{
    error::{Error, Result},
    llm::EmbedRequest,
    search::{
        Hit, Mode, Needles, Query, Ranked, SearchPage, SearchQuery,
        catalog::{follow::read, names},
        highlight::snippets,
        hybrid::{Candidate, DEFAULT_TEXT_WEIGHT, Tuning, constraints, fuse, meaning},
        plan,
    },
};

/// How many documents words and vectors each bring to a fusion, at least. Beyond them the other part of a score counts as 0.
const CANDIDATES: usize = 1_000;

/// How a query is to be answered.
#[derive(Clone)]
pub(in crate::search::catalog) enum Way {
    /// By its words.
    Words(Ranked),
    /// By what it is about too.
    Meaning(Asked),
}

/// A query that is about something.
#[derive(Clone)]
pub(in crate::search::catalog) struct Asked {
    definition: Definition,
    vector: Vec<f32>,
    ranked: Ranked,
    /// What every document must be.
    bound: Vec<Query>,
}

impl Catalog {
    /// Decides how to answer, and prepares it: brings the vectors up to date and embeds the query. Whatever stands in the way of vectors is
    /// a reason to answer by words, never an error.
    pub(in crate::search::catalog) async fn way(&self, collection: &str, query: &SearchQuery) -> Result<Way> {
        let words = |reason: &str| {
            let asked = query.mode.is_some_and(|mode| mode != Mode::Text);
            Ok(Way::Words(Ranked { reason: asked.then(|| reason.to_owned()), ..Ranked::default() }))
        };
        let only_counted = query.mode.is_none() && query.limit == 0;
        if query.mode == Some(Mode::Text) || only_counted {
            return Ok(Way::Words(Ranked::default()));
        }
        let Some(how) = &self.0.meaning else {
            return words("no embedder is configured: set `llm.embedding_model`");
        };
        let (definition, _) = self.definition(collection).await?;
        if definition.schema.embedded().next().is_none() {
            return words("no field of the collection is embedded");
        }
        let Some(about) = meaning(&query.query, &definition.schema) else {
            return words("the query has no words that could be about something");
        };
        let tuning = self.tuning(how, collection, &definition).await?;
        let (mode, text_weight, learnt) = match (query.mode, tuning) {
            (Some(Mode::Vector), _) => (Mode::Vector, None, false),
            (None, Some(Tuning { uses: Mode::Text, .. })) => {
                return Ok(Way::Words(Ranked { learnt: true, ..Ranked::default() }));
            }
            (None, Some(Tuning { uses: Mode::Vector, .. })) => (Mode::Vector, None, true),
            (_, Some(tuning)) => (Mode::Hybrid, Some(tuning.text_weight), true),
            (_, None) => (Mode::Hybrid, Some(DEFAULT_TEXT_WEIGHT), false),
        };
        match self.ask(how, collection, &about).await {
            Ok((vector, pending)) => {
                let bound = constraints(&query.query, &definition.schema)
                    .into_iter()
                    .chain(query.filters.iter().cloned());
                let ranked = Ranked { mode, text_weight, learnt, reason: None, pending };
                Ok(Way::Meaning(Asked { bound: bound.collect(), definition, vector, ranked }))
            }
            Err(error) => {
                tracing::warn!(collection, ?error, "searched by words, since vectors cannot be had");
                Ok(Way::Words(Ranked {
                    reason: Some(format!("vectors cannot be had: {error}")),
                    ..Ranked::default()
                }))
            }
        }
    }

    /// The vector of a query, and how many documents have none yet.
    pub(super) async fn ask(&self, how: &Meaning, collection: &str, about: &str) -> Result<(Vec<f32>, u64)> {
        if let Err(error) = self.follow_vectors(collection, Effort::Little).await {
            tracing::warn!(collection, ?error, "documents are left without vectors for now");
        }
        let request = Arc::new(EmbedRequest::new([about]));
        let vector = how.embedder.embed(request).await?.vectors.pop();
        let vector = vector.ok_or_else(|| Error::internal("the embedder answered without a vector"))?;
        let room = how.room(collection);
        match &*room.read() {
            None => return Err(Error::not_found("nothing is embedded yet")),
            Some(all) if all.dimensions() != vector.len() => {
                return Err(Error::invalid("the embedder changed the length of its vectors"));
            }
            Some(_) => {}
        }
        Ok((vector, room.pending()))
    }

    /// What the collection has learnt, where it was of these documents and this model.
    async fn tuning(
        &self,
        how: &Meaning,
        collection: &str,
        definition: &Definition,
    ) -> Result<Option<Tuning>> {
        let record = self.0.store.get(&tuning(collection)?).await?;
        let tuning: Option<Tuning> = record.map(|record| record.value.decode()).transpose()?;
        Ok(tuning.filter(|tuning| tuning.of == identity(definition, how.maker())))
    }

    /// Answers by vectors, or by both. The text index says which documents are allowed and what facets to count. What changed behind it
    /// is left out where there is anything that documents must be: it would be allowed as what it was, and shown as what it is.
    pub(in crate::search::catalog) async fn answer(
        &self,
        collection: &str,
        query: &SearchQuery,
        asked: Asked,
    ) -> Result<SearchPage> {
        let Asked { definition, vector, ranked, bound } = asked;
        let clause = plan(&query.query, &definition.schema)?;
        let mut unread = None;
        if !bound.is_empty() {
            // Before the index is asked: what it learns from now on only makes this too careful.
            unread = self.unread(collection, &definition).await?;
            if unread.is_none() {
                return self.by_words_alone(collection, query).await;
            }
        }
        let everything = SearchQuery {
            filters: bound.clone(),
            facets: query.facets.clone(),
            ..SearchQuery::new(Query::MatchAll)
        };
        let counted = self.0.index.query(collection, &everything.window(0, 0)).await?;
        let window = query.offset.saturating_add(query.limit);
        // An index without a form of its own would refuse a window that is too large: as for words.
        let most = self.capabilities().max_window;
        if window > most {
            let message =
                format!("offset and limit add up to at most {most}, not {window}: narrow the query instead");
            return Err(Error::new(crate::ErrorKind::LimitExceeded, message));
        }
        let words = (ranked.mode == Mode::Hybrid).then_some(query);
        let mut candidates =
            self.candidates(collection, words, &bound, vector, window.max(CANDIDATES)).await?;
        if let Some(unread) = &unread {
            candidates.retain(|candidate| !unread.ids.contains(&candidate.id));
        }
        let order = fuse(&candidates, ranked.text_weight.unwrap_or(0.0));
        let shown = order.into_iter().skip(query.offset).take(query.limit);
        let shown = shown.map(|(at, score)| {
            let score =
                if ranked.mode == Mode::Vector { candidates[at].vector.unwrap_or(0.0) } else { score };
            (candidates[at].id.clone(), score)
        });
        let needles = Needles::of(&clause);
        let hits = try_join_all(
            shown.map(|(id, score)| self.hit(collection, &definition, query, &needles, id, score)),
        )
        .await?;
        let mut hits: Vec<Hit> = hits.into_iter().flatten().collect();
        if let Some(before) = unread {
            let Some(now) = self.read_on(collection, &definition, before).await? else {
                return self.by_words_alone(collection, query).await;
            };
            hits.retain(|hit| !now.ids.contains(&hit.id));
        }
        Ok(SearchPage { hits, total: counted.total, facets: counted.facets, behind: 0, ranked })
    }

    /// The text index agrees with itself, however old it is.
    async fn by_words_alone(&self, collection: &str, query: &SearchQuery) -> Result<SearchPage> {
        let reason = "the text index is too far behind to say which documents the filters allow";
        let page = self.0.index.query(collection, query).await?;
        Ok(SearchPage { ranked: Ranked { reason: Some(reason.into()), ..Ranked::default() }, ..page })
    }

    /// What words (where a query is given) and vectors find, up to `depth` documents each, with both scores of each.
    pub(super) async fn candidates(
        &self,
        collection: &str,
        words: Option<&SearchQuery>,
        bound: &[Query],
        vector: Vec<f32>,
        depth: usize,
    ) -> Result<Vec<Candidate>> {
        let texts: Vec<(String, f32)> = match words {
            Some(query) => self.0.index.rank(collection, query, depth).await?,
            None => Vec::new(),
        };
        let allowed =
            if bound.is_empty() { None } else { Some(self.0.index.matching(collection, bound).await?) };
        let Some(how) = &self.0.meaning else { return Ok(Vec::new()) };
        let room = how.room(collection);
        let nearest = move || -> Result<Vec<Candidate>, heptad_vectors::Error> {
            let all = room.read();
            let Some(all) = &*all else { return Ok(Vec::new()) };
            let allowed = allowed.map(|ids| all.allow(ids.iter().map(String::as_str)));
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            let near = all.nearest(&vector, depth, allowed.as_ref(), threads)?;
            let of_words: HashMap<&str, f32> =
                texts.iter().map(|(id, score)| (id.as_str(), *score)).collect();
            let of_vectors: HashSet<&str> = near.iter().map(|near| near.id).collect();
            let mut candidates: Vec<Candidate> = near
                .iter()
                .map(|near| Candidate {
                    id: near.id.to_owned(),
                    text: of_words.get(near.id).copied(),
                    vector: Some(near.score),
                })
                .collect();
            for (id, text) in texts.iter().filter(|(id, _)| !of_vectors.contains(id.as_str())) {
                candidates.push(Candidate {
                    id: id.clone(),
                    text: Some(*text),
                    vector: all.score(id, &vector)?,
                });
            }
            Ok(candidates)
        };
        let found = tokio::task::spawn_blocking(nearest).await;
        found
            .map_err(|error| Error::internal("the scan of the vectors panicked").because(error))?
            .map_err(unfit)
    }

    /// A hit from the document in the store; `None` where it was deleted meanwhile.
    async fn hit(
        &self,
        collection: &str,
        definition: &Definition,
        query: &SearchQuery,
        needles: &Needles,
        id: String,
        score: f32,
    ) -> Result<Option<Hit>> {
        let Some(record) = self.0.store.get(&names::document(collection, &id)?).await? else {
            return Ok(None);
        };
        let mut document = read(&record)?;
        document.fields.retain(|name, _| definition.schema.field(name).is_ok_and(|field| field.stored));
        let snippets = match &query.highlight {
            Some(highlight) => snippets(&document, &definition.schema, highlight, needles)?,
            None => Vec::new(),
        };
        Ok(Some(Hit { id, score, fields: document.fields, snippets }))
    }
}
