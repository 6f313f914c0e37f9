//! A search index that looks at every document: slow, short, and what the others are compared with.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use heptad_core::{
    Error, Result,
    search::{
        Capabilities, Changes, Checkpoint, Clause, Document, FieldValue, Found, Hit, Scalar, Schema,
        SearchIndex, SearchPage, SearchQuery, plan, tokenize::tokenize,
    },
};

/// The naive index. Every score is 1, hits are ordered by id, nothing is counted by facet, and there are no snippets.
#[derive(Default)]
pub struct ScanIndex {
    collections: Mutex<HashMap<String, Collection>>,
}

struct Collection {
    schema: Schema,
    documents: BTreeMap<String, Document>,
    checkpoint: Option<Checkpoint>,
}

impl ScanIndex {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Collection>> {
        self.collections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing(name: &str) -> Error {
    Error::not_found(format!("there is no collection `{name}`"))
}

#[async_trait]
impl SearchIndex for ScanIndex {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new("scan")
    }

    async fn ensure(&self, collection: &str, schema: &Schema) -> Result<Found> {
        schema.check()?;
        let mut collections = self.lock();
        if let Some(known) = collections.get(collection).filter(|known| known.schema == *schema) {
            return Ok(Found::Kept(known.checkpoint.clone()));
        }
        let empty = Collection { schema: schema.clone(), documents: BTreeMap::new(), checkpoint: None };
        collections.insert(collection.to_owned(), empty);
        Ok(Found::Created)
    }

    async fn checkpoint(&self, collection: &str) -> Result<Option<Checkpoint>> {
        self.lock().get(collection).map(|known| known.checkpoint.clone()).ok_or_else(|| missing(collection))
    }

    async fn apply(&self, collection: &str, changes: Changes) -> Result<()> {
        let mut collections = self.lock();
        let known = collections.get_mut(collection).ok_or_else(|| missing(collection))?;
        for document in &changes.upsert {
            document.values(&known.schema)?;
        }
        if changes.clear {
            known.documents.clear();
        }
        for id in &changes.delete {
            known.documents.remove(id);
        }
        known.documents.extend(changes.upsert.into_iter().map(|document| (document.id.clone(), document)));
        known.checkpoint = changes.checkpoint;
        Ok(())
    }

    async fn query(&self, collection: &str, query: &SearchQuery) -> Result<SearchPage> {
        let collections = self.lock();
        let known = collections.get(collection).ok_or_else(|| missing(collection))?;
        let mut clauses = vec![plan(&query.query, &known.schema)?];
        for filter in &query.filters {
            clauses.push(plan(filter, &known.schema)?);
        }
        let mut found = Vec::new();
        for document in known.documents.values() {
            let words = Words::of(document, &known.schema)?;
            if clauses.iter().all(|clause| words.match_clause(clause)) {
                found.push(Hit {
                    id: document.id.clone(),
                    score: 1.0,
                    fields: document.fields.clone(),
                    snippets: Vec::new(),
                });
            }
        }
        let total = found.len() as u64;
        let hits = found.into_iter().skip(query.offset).take(query.limit).collect();
        Ok(SearchPage { hits, total, ..SearchPage::default() })
    }

    async fn remove(&self, collection: &str) -> Result<()> {
        self.lock().remove(collection);
        Ok(())
    }
}

/// The words and values of a document, by field.
struct Words {
    tokens: HashMap<usize, Vec<Vec<(u32, String)>>>,
    scalars: HashMap<usize, Vec<Scalar>>,
}

impl Words {
    fn of(document: &Document, schema: &Schema) -> Result<Self> {
        let mut words = Self { tokens: HashMap::new(), scalars: HashMap::new() };
        for (place, values) in document.values(schema)? {
            let kind = &schema.fields[place].kind;
            for value in values {
                let scalar = match value {
                    FieldValue::Text(text) => {
                        let tokens = tokenize(kind, text)
                            .into_iter()
                            .map(|token| (token.position, token.text))
                            .collect();
                        words.tokens.entry(place).or_default().push(tokens);
                        Scalar::Keyword(text.to_owned())
                    }
                    FieldValue::Path(levels) => {
                        let levels = levels.into_iter().map(|level| vec![(0, level.to_owned())]);
                        words.tokens.entry(place).or_default().extend(levels);
                        continue;
                    }
                    FieldValue::Integer(number) => Scalar::Integer(number),
                    FieldValue::Float(number) => Scalar::Float(number),
                    FieldValue::Boolean(value) => Scalar::Boolean(value),
                };
                words.scalars.entry(place).or_default().push(scalar);
            }
        }
        Ok(words)
    }

    fn match_clause(&self, clause: &Clause) -> bool {
        match clause {
            Clause::All => true,
            Clause::Nothing => false,
            Clause::Token { field, token } => self.any_token(*field, |found| found == token),
            Clause::Prefix { field, prefix } => self.any_token(*field, |found| found.starts_with(prefix)),
            Clause::Phrase { field, tokens, slop } => {
                self.texts(*field).any(|text| has_phrase(text, tokens, *slop))
            }
            Clause::Range { field, lower, upper } => self
                .scalars
                .get(field)
                .is_some_and(|values| values.iter().any(|value| lies_between(value, lower, upper))),
            Clause::Boolean { must, should, not } => {
                must.iter().all(|clause| self.match_clause(clause))
                    && (!must.is_empty() || should.iter().any(|clause| self.match_clause(clause)))
                    && !not.iter().any(|clause| self.match_clause(clause))
            }
        }
    }

    fn texts(&self, field: usize) -> impl Iterator<Item = &Vec<(u32, String)>> {
        self.tokens.get(&field).into_iter().flatten()
    }

    fn any_token(&self, field: usize, wanted: impl Fn(&str) -> bool) -> bool {
        self.texts(field).flatten().any(|(_, token)| wanted(token))
    }
}

/// Whether the tokens stand at the given distances. With a slop only two tokens are judged: their distance may be off by as much.
fn has_phrase(text: &[(u32, String)], tokens: &[(u32, String)], slop: u32) -> bool {
    assert!(slop == 0 || tokens.len() == 2, "the naive scan judges the slop of two words only");
    let positions = |wanted: &str| {
        text.iter().filter(|(_, token)| token == wanted).map(|(at, _)| i64::from(*at)).collect()
    };
    let (first_at, first) = &tokens[0];
    let first: Vec<i64> = positions(first);
    first.iter().any(|begin| {
        tokens[1..].iter().all(|(at, token)| {
            let expected = begin + i64::from(*at) - i64::from(*first_at);
            let found: Vec<i64> = positions(token);
            found.iter().any(|at| at.abs_diff(expected) <= u64::from(slop))
        })
    })
}

fn lies_between(value: &Scalar, lower: &Bound<Scalar>, upper: &Bound<Scalar>) -> bool {
    let above = match lower {
        Bound::Included(bound) => value >= bound,
        Bound::Excluded(bound) => value > bound,
        Bound::Unbounded => true,
    };
    above
        && match upper {
            Bound::Included(bound) => value <= bound,
            Bound::Excluded(bound) => value < bound,
            Bound::Unbounded => true,
        }
}
