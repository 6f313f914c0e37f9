//! One open collection: its reader, its writer, and what it remembers.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ::tantivy::{
    DocAddress, Index, IndexReader, IndexWriter, Order, ReloadPolicy, Score, Searcher, TantivyDocument, Term,
    collector::{
        Count, MultiCollector, TopDocs,
        sort_key::{SortBySimilarityScore, SortByString},
    },
    indexer::IndexWriterOptions,
    query::AllQuery,
};

use super::{
    facets::ValueCounts,
    failure,
    fields::{Fields, ID, column_name},
    ids::Ids,
    open::Payload,
    query::{build, filtered},
};
use crate::{
    error::{Error, ErrorKind, Result},
    search::{
        Changes, Checkpoint, Clause, Document, FacetCount, FacetRequest, FieldKind, Highlight, Hit, Needles,
        Query, Schema, SearchPage, SearchQuery, highlight::snippets, plan,
    },
};

/// How much a writer holds in memory before it writes a segment.
const WRITER_MEMORY_BYTES: usize = 48 << 20;

pub(super) struct Collection {
    pub(super) schema: Schema,
    fields: Fields,
    index: Index,
    reader: IndexReader,
    writer: Mutex<Writer>,
}

/// The writer is opened by the first change and kept: whoever holds one holds the lock of the folder.
struct Writer {
    tantivy: Option<IndexWriter>,
    /// The commit the reader has loaded.
    loaded: u64,
    checkpoint: Option<Checkpoint>,
}

impl Collection {
    pub(super) fn new(index: Index, schema: Schema, fields: Fields) -> Result<Self> {
        let reader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failure)?;
        let writer = Writer { tantivy: None, loaded: 0, checkpoint: None };
        Ok(Self { schema, fields, index, reader, writer: Mutex::new(writer) })
    }

    /// Makes the last commit on disk what queries see. The first thing to do with a collection that was not made just now.
    pub(super) fn load_committed(&self) -> Result<Option<Checkpoint>> {
        let mut writer = self.lock();
        self.load(&mut writer)?;
        Ok(writer.checkpoint.clone())
    }

    /// What the last commit remembers.
    pub(super) fn checkpoint(&self) -> Result<Option<Checkpoint>> {
        let mut writer = self.lock();
        self.refresh(&mut writer)?;
        Ok(writer.checkpoint.clone())
    }

    /// Writes the first commit, which holds the schema and nothing else.
    pub(super) fn commit_empty(&self) -> Result<()> {
        self.apply(Changes::default())
    }

    pub(super) fn apply(&self, changes: Changes) -> Result<()> {
        let documents = self.write_all(changes.upsert)?;
        let payload = Payload::new(&self.schema, changes.checkpoint.as_ref()).to_text()?;
        let mut writer = self.lock();
        if writer.tantivy.is_none() {
            writer.tantivy = Some(self.open_writer()?);
        }
        let Some(tantivy) = &mut writer.tantivy else {
            return Err(Error::internal("a writer that was just opened is gone"));
        };
        if let Err(error) =
            commit(tantivy, self.fields.id, changes.clear, &changes.delete, documents, &payload)
        {
            // What a failed writer holds is unknown: dropping it forgets what is not committed.
            writer.tantivy = None;
            return Err(failure(error));
        }
        self.load(&mut writer)
    }

    /// What is to match, in tantivy's terms.
    fn wanted(&self, clause: &Clause, filters: &[Query]) -> Result<Box<dyn ::tantivy::query::Query>> {
        let build = |clause: &Clause| build(clause, &self.schema, &self.fields);
        let filters = filters.iter().map(|filter| build(&plan(filter, &self.schema)?));
        Ok(filtered(build(clause)?, filters.collect::<Result<_>>()?))
    }

    /// The ids of what matches, each with its score, best first.
    pub(super) fn rank(&self, query: &SearchQuery, limit: usize) -> Result<Vec<(String, Score)>> {
        let wanted = self.wanted(&plan(&query.query, &self.schema)?, &query.filters)?;
        if limit == 0 {
            return Ok(Vec::new());
        }
        let by_score_then_id =
            ((SortBySimilarityScore, Order::Desc), (SortByString::for_field(ID), Order::Asc));
        let best = TopDocs::with_limit(limit).order_by(by_score_then_id);
        let best = self.searcher()?.search(&*wanted, &best).map_err(failure)?;
        Ok(best.into_iter().map(|((score, id), _)| (id.unwrap_or_default(), score)).collect())
    }

    /// The ids of what matches all of `filters`.
    pub(super) fn matching(&self, filters: &[Query]) -> Result<Vec<String>> {
        let wanted = self.wanted(&Clause::All, filters)?;
        self.searcher()?.search(&*wanted, &Ids).map_err(failure)
    }

    pub(super) fn query(&self, query: &SearchQuery) -> Result<SearchPage> {
        let clause = plan(&query.query, &self.schema)?;
        let wanted = self.wanted(&clause, &query.filters)?;
        let mut collectors = MultiCollector::new();
        let count = collectors.add_collector(Count);
        let best = (query.limit > 0).then(|| {
            let by_score_then_id =
                ((SortBySimilarityScore, Order::Desc), (SortByString::for_field(ID), Order::Asc));
            let window = TopDocs::with_limit(query.limit).and_offset(query.offset);
            collectors.add_collector(window.order_by(by_score_then_id))
        });
        let mut facets = Vec::new();
        for request in &query.facets {
            let column = column_name(self.facet(request)?);
            facets.push((request, collectors.add_collector(ValueCounts { column })));
        }
        let searcher = self.searcher()?;
        let mut found = searcher.search(&*wanted, &collectors).map_err(failure)?;
        let needles = Needles::of(&clause);
        let best = best.map(|best| best.extract(&mut found)).unwrap_or_default();
        let hits = best.into_iter().map(|((score, id), address)| {
            self.hit(&searcher, id.unwrap_or_default(), score, address, query.highlight.as_ref(), &needles)
        });
        let hits = hits.collect::<Result<_>>()?;
        let mut page = SearchPage { hits, total: count.extract(&mut found) as u64, ..SearchPage::default() };
        for (request, counts) in facets {
            page.facets.insert(request.field.clone(), largest(request, counts.extract(&mut found)));
        }
        Ok(page)
    }

    fn facet(&self, request: &FacetRequest) -> Result<usize> {
        let place = self.schema.position(&request.field)?;
        let field = &self.schema.fields[place];
        if field.indexed && matches!(field.kind, FieldKind::Facet | FieldKind::Keyword) {
            return Ok(place);
        }
        let message =
            format!("field `{}` cannot be counted: only indexed facets and keywords can", field.name);
        Err(Error::invalid(message))
    }

    fn hit(
        &self,
        searcher: &Searcher,
        id: String,
        score: Score,
        address: DocAddress,
        highlight: Option<&Highlight>,
        needles: &Needles,
    ) -> Result<Hit> {
        let written: TantivyDocument = searcher.doc(address).map_err(failure)?;
        let mut document = Document { id, fields: self.fields.read(&written)? };
        let snippets = match highlight {
            Some(highlight) => snippets(&document, &self.schema, highlight, needles)?,
            None => Vec::new(),
        };
        Ok(Hit { id: std::mem::take(&mut document.id), score, fields: document.fields, snippets })
    }

    fn write_all(&self, documents: Vec<Document>) -> Result<Vec<(String, TantivyDocument)>> {
        let write = |document: Document| {
            let written = self.fields.write(&document, &self.schema)?;
            Ok((document.id, written))
        };
        documents.into_iter().map(write).collect()
    }

    fn searcher(&self) -> Result<Searcher> {
        if let Ok(mut writer) = self.writer.try_lock() {
            // While somebody else of this process writes, the last commit that was loaded is the state to answer from.
            self.refresh(&mut writer)?;
        }
        Ok(self.reader.searcher())
    }

    /// Loads what another process has committed since.
    fn refresh(&self, writer: &mut Writer) -> Result<()> {
        if writer.tantivy.is_none() && self.index.load_metas().map_err(failure)?.opstamp != writer.loaded {
            self.load(writer)?;
        }
        Ok(())
    }

    /// Makes the last commit what queries see.
    fn load(&self, writer: &mut Writer) -> Result<()> {
        let metas = self.index.load_metas().map_err(failure)?;
        let Some(payload) = Payload::of(&metas).filter(|payload| payload.schema == self.schema) else {
            return Err(Error::new(
                ErrorKind::Corrupt,
                "the collection was given another schema by another process",
            ));
        };
        self.reader.reload().map_err(failure)?;
        writer.loaded = metas.opstamp;
        writer.checkpoint = payload.checkpoint.map(Checkpoint);
        Ok(())
    }

    fn open_writer(&self) -> Result<IndexWriter> {
        // One thread: documents get their numbers in the order they came in, and the result does not depend on timing.
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_MEMORY_BYTES)
            .build();
        let writer = self.index.writer_with_options(options).map_err(failure)?;
        // Whoever died in the middle of a commit left files without owners, whose names come up again: they would stand in the way of
        // every commit from now on.
        writer.garbage_collect_files().wait().map_err(failure)?;
        Ok(writer)
    }

    fn lock(&self) -> MutexGuard<'_, Writer> {
        // Whoever panicked while writing left no commit behind, and a failed writer is replaced.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn commit(
    writer: &mut IndexWriter,
    id: ::tantivy::schema::Field,
    clear: bool,
    delete: &[String],
    documents: Vec<(String, TantivyDocument)>,
    payload: &str,
) -> ::tantivy::Result<()> {
    if clear {
        // Not `delete_all_documents`: that takes effect before the commit, and a background merge could publish it.
        writer.delete_query(Box::new(AllQuery))?;
    }
    for gone in delete {
        writer.delete_term(Term::from_field_text(id, gone));
    }
    for (name, document) in documents {
        writer.delete_term(Term::from_field_text(id, &name));
        writer.add_document(document)?;
    }
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(payload);
    prepared.commit()?;
    Ok(())
}

/// The largest counts of the level asked for; among equals ordered by value.
fn largest(request: &FacetRequest, counts: BTreeMap<String, u64>) -> Vec<FacetCount> {
    let above = request.below.strip_suffix('/').unwrap_or(&request.below);
    let belongs = |value: &str| match value.strip_prefix(above) {
        _ if !value.starts_with('/') => above.is_empty(),
        Some(below) => below.strip_prefix('/').is_some_and(|below| !below.contains('/')),
        None => false,
    };
    let mut counts: Vec<_> = counts
        .into_iter()
        .filter(|(value, _)| belongs(value))
        .map(|(value, count)| FacetCount { value, count })
        .collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    counts.truncate(request.limit);
    counts
}
