//! Ranking, measured on the Cranfield collection: 1,400 abstracts on aerodynamics, 225 questions, graded judgements.
//!
//! The collection is not part of the repository. `HEPTAD_DATA` names the folder it is in (default: `../shared/data` beside the
//! repository); where it is missing, the test says that it was not run.

use std::{
    collections::HashMap,
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use heptad_core::search::{Catalog, Document, Field, Query, Schema, SearchQuery, tantivy::TantivyIndex};
use heptad_core::store::memory::MemoryStore;
use heptad_testkit::{VirtualClock, not_run};

/// BM25 (k1 = 1.2, b = 0.75) with Porter-family stems and without stop words gives about 0.38 to 0.42 in the literature, depending on
/// the gains; this asserts only that ranking is sound and not what it scores.
const FLOOR: f64 = 0.35;

/// Written past the test harness, which hides what a passing test prints.
fn report(line: &str) {
    writeln!(io::stderr(), "cranfield: {line}").expect("the terminal takes a line");
}

pub(super) fn folder() -> PathBuf {
    let data = env::var_os("HEPTAD_DATA").map(PathBuf::from);
    data.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"))
        .join("core/cranfield")
}

/// The collection's three files, or why there are none.
pub(super) fn load(folder: &Path) -> Result<[String; 3], String> {
    let read = |name: &str| {
        fs::read_to_string(folder.join(name))
            .map_err(|error| format!("{name} in {}: {error}", folder.display()))
    };
    let (questions, judgements) = (read("cran.qry")?, read("cranqrel")?);
    let packed = folder.join("cran.all.1400.gz");
    let unpacked =
        Command::new("gzip").arg("-dc").arg(&packed).output().map_err(|error| format!("gzip: {error}"))?;
    let abstracts =
        String::from_utf8(unpacked.stdout).map_err(|error| format!("{}: {error}", packed.display()))?;
    if abstracts.is_empty() {
        Err(format!("{} does not unpack", packed.display()))
    } else {
        Ok([abstracts, questions, judgements])
    }
}

/// The sections (`.T`, `.W`, …) of each item of a SMART file, in order.
pub(super) fn items(text: &str) -> Vec<HashMap<char, String>> {
    let mut items: Vec<HashMap<char, String>> = Vec::new();
    let mut section = None;
    for line in text.lines() {
        match line.strip_prefix('.').and_then(|rest| rest.chars().next()) {
            // Lines of text begin with a dot too.
            Some('I')
                if line.strip_prefix(".I ").is_some_and(|number| number.trim().parse::<u32>().is_ok()) =>
            {
                items.push(HashMap::new());
            }
            Some(name) if name.is_ascii_uppercase() && line.len() == 2 => section = Some(name),
            _ => {
                if let (Some(item), Some(section)) = (items.last_mut(), section) {
                    let text = item.entry(section).or_default();
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    items
}

/// The abstracts, numbered from 1.
pub(super) fn documents(abstracts: &str) -> Vec<Document> {
    let documents: Vec<_> = items(abstracts)
        .into_iter()
        .enumerate()
        .map(|(at, item)| {
            Document::new((at + 1).to_string()).with("text", item.get(&'W').cloned().unwrap_or_default())
        })
        .collect();
    assert_eq!(documents.len(), 1400);
    documents
}

/// The gains of documents by question. Code 1 is a complete answer, 4 of little use; -1 and 5 are none.
pub(super) fn gains(judgements: &str) -> HashMap<usize, HashMap<String, f64>> {
    let mut gains: HashMap<usize, HashMap<String, f64>> = HashMap::new();
    for line in judgements.lines() {
        let numbers: Vec<i32> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        if let [question, document, code @ 1..=4] = numbers[..] {
            let question = usize::try_from(question).expect("a positive number");
            gains.entry(question).or_default().insert(document.to_string(), f64::from(5 - code));
        }
    }
    gains
}

/// Discounted cumulative gain of the first ten.
fn dcg(gains: impl Iterator<Item = f64>) -> f64 {
    gains.take(10).enumerate().map(|(rank, gain)| gain / (rank as f64 + 2.0).log2()).sum()
}

#[tokio::test]
async fn ranking_on_cranfield_is_sound() {
    let [abstracts, questions, judgements] = match load(&folder()) {
        Ok(files) => files,
        Err(reason) => return not_run(reason),
    };
    let store = MemoryStore::new(Arc::new(VirtualClock::new()));
    let catalog = Catalog::new(Arc::new(store), Arc::new(TantivyIndex::in_memory()));
    catalog
        .define("cranfield", &Schema::new([Field::text("text")]).expect("a valid schema"))
        .await
        .expect("defined");
    // The abstracts repeat their titles, so the title is no field of its own.
    catalog.put("cranfield", documents(&abstracts)).await.expect("indexed");
    let gains = gains(&judgements);
    let questions = items(&questions);
    assert_eq!((questions.len(), gains.len()), (225, 225));
    let mut total = 0.0;
    for (at, question) in questions.iter().enumerate() {
        // Words only: the punctuation of the questions is no query language.
        let words = question[&'W'].split_whitespace().map(|word| Query::word(word.to_owned()));
        let page = catalog.query("cranfield", &SearchQuery::new(Query::any(words))).await.expect("answered");
        let judged = &gains[&(at + 1)];
        let mut ideal: Vec<f64> = judged.values().copied().collect();
        ideal.sort_by(|a, b| b.total_cmp(a));
        let got = page.hits.iter().map(|hit| judged.get(&hit.id).copied().unwrap_or(0.0));
        total += dcg(got) / dcg(ideal.into_iter());
    }
    let ndcg = total / questions.len() as f64;
    report(&format!(
        "nDCG@10 = {ndcg:.4} (BM25, English stems, linear gains, 1400 documents, 225 questions)"
    ));
    assert!(ndcg > FLOOR, "nDCG@10 = {ndcg:.4}, expected more than {FLOOR}");
}
