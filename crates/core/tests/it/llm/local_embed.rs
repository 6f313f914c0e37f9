//! Local embeddings: the suite of every embedder, requests that come together, and correlation with human judgement beside onnxruntime.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use futures_util::future::{BoxFuture, join_all};
use heptad_core::{
    ErrorKind,
    llm::{EmbedRequest, Embedder, local_embed::LocalEmbedder},
};
use heptad_testkit::{llm::EmbedPlace, models, not_run};
use tokio::sync::OnceCell;

/// The model, loaded once; `None` where it cannot be installed, and the reason is told.
pub(crate) async fn minilm() -> Option<Arc<LocalEmbedder>> {
    static LOADED: OnceCell<Option<Arc<LocalEmbedder>>> = OnceCell::const_new();
    let load = || async {
        let folder = models::minilm()?;
        Some(Arc::new(LocalEmbedder::open(folder, 2).await.expect("the model loads")))
    };
    LOADED.get_or_init(load).await.clone()
}

struct MiniLm(Arc<LocalEmbedder>);

impl EmbedPlace for MiniLm {
    fn embedder(&self) -> BoxFuture<'_, Arc<dyn Embedder>> {
        Box::pin(async { Arc::clone(&self.0) as Arc<dyn Embedder> })
    }
}

#[tokio::test]
async fn it_does_what_every_embedder_must() {
    use heptad_testkit::llm::cases;
    let Some(model) = minilm().await else { return };
    let place = MiniLm(model);
    cases::every_text_has_a_vector_of_length_one(&place).await;
    cases::a_text_has_its_vector_wherever_it_stands(&place).await;
    cases::no_texts_have_no_vectors(&place).await;
    cases::texts_that_cannot_be_embedded_are_refused(&place).await;
}

#[tokio::test]
async fn requests_that_come_together_get_their_own_and_one_given_up_harms_nobody() {
    let Some(model) = minilm().await else { return };
    let request = |at: usize| {
        Arc::new(EmbedRequest::new((0..=at % 3).map(|text| format!("text {text} of request {at}"))))
    };
    let alone = join_all([3, 8].map(|at| model.embed(request(at)))).await;
    drop(model.embed(request(100)));
    let together = join_all((0..12).map(|at| model.embed(request(at)))).await;
    for (at, answer) in together.iter().enumerate() {
        assert_eq!(answer.as_ref().expect("embedded").vectors.len(), at % 3 + 1);
    }
    for (alone, at) in alone.iter().zip([3, 8]) {
        let (alone, together) = (alone.as_ref().expect("embedded"), together[at].as_ref().expect("embedded"));
        assert_eq!(alone.vectors, together.vectors, "to the bit");
    }
}

#[tokio::test]
async fn it_is_called_by_its_folder_and_files_and_answers_to_no_other_name() {
    let Some(model) = minilm().await else { return };
    let name = &model.capabilities().model;
    assert!(name.starts_with("all-minilm-l6-v2@"), "{name}");
    assert_eq!((model.dimensions(), model.max_tokens()), (384, 256));
    for (asked, known) in
        [(name.as_str(), true), ("all-minilm-l6-v2", true), ("text-embedding-3-small", false)]
    {
        let request = EmbedRequest { model: Some(asked.into()), ..EmbedRequest::new(["rain"]) };
        assert_eq!(model.embed(Arc::new(request)).await.is_ok(), known, "{asked}");
    }
    let missing = LocalEmbedder::open("no/such/folder", 1).await.err().expect("refused");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

fn data() -> PathBuf {
    let data = env::var_os("HEPTAD_DATA").map(PathBuf::from);
    data.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"))
}

/// Written past the test harness, which hides what a passing test prints.
fn report(line: &str) {
    writeln!(std::io::stderr(), "sts-b: {line}").expect("the terminal takes a line");
}

/// The columns of a line with quotes.
fn columns(line: &str) -> Vec<String> {
    let mut columns = vec![String::new()];
    let (mut quoted, mut chars) = (false, line.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                columns.last_mut().expect("never empty").push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => columns.push(String::new()),
            c => columns.last_mut().expect("never empty").push(c),
        }
    }
    columns
}

/// The ranks of numbers, equal ones sharing the mean of theirs.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
    let mut ranks = vec![0.0; numbers.len()];
    for run in order.chunk_by(|a, b| numbers[*a] == numbers[*b]) {
        let first = order.iter().position(|at| at == &run[0]).expect("it is in it");
        run.iter().for_each(|at| ranks[*at] = first as f64 + (run.len() - 1) as f64 / 2.0);
    }
    ranks
}

fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() - 1) as f64 / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

/// The vectors that onnxruntime makes of these token ids, or why it does not.
fn onnxruntime(folder: &Path, tokens: &[Vec<u32>]) -> Result<Vec<Vec<f64>>, String> {
    let mut order: Vec<usize> = (0..tokens.len()).collect();
    order.sort_by_key(|at| tokens[*at].len());
    let batches: Vec<Vec<&Vec<u32>>> =
        order.chunks(32).map(|some| some.iter().map(|at| &tokens[*at]).collect()).collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/peers/embeddings.py");
    let request = serde_json::json!({ "folder": folder, "batches": batches, "rounds": 0 });
    let mut python = Command::new("python3");
    let mut child = python
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    writeln!(child.stdin.take().expect("it was piped"), "{request}").map_err(|error| error.to_string())?;
    let mut answer = String::new();
    child
        .stdout
        .take()
        .expect("it was piped")
        .read_to_string(&mut answer)
        .map_err(|error| error.to_string())?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.trim().lines().last().unwrap_or("it failed without a word").to_owned());
    }
    let answer: serde_json::Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
    let sorted: Vec<Vec<f64>> =
        serde_json::from_value(answer["vectors"].clone()).map_err(|error| error.to_string())?;
    let mut vectors = vec![Vec::new(); tokens.len()];
    for (at, vector) in order.into_iter().zip(sorted) {
        vectors[at] = vector;
    }
    Ok(vectors)
}

#[tokio::test]
async fn its_correlation_with_human_judgement_is_that_of_onnxruntime() {
    let file = data().join("core/stsb/stsb-en-dev.csv");
    let Ok(text) = fs::read_to_string(&file) else {
        return not_run(format_args!("{} is not there", file.display()));
    };
    let Some(model) = minilm().await else { return };
    let rows: Vec<Vec<String>> = text.lines().map(columns).collect();
    let scores: Vec<f64> = rows.iter().map(|row| row[2].parse().expect("a number")).collect();
    let sentences: Vec<String> = rows.iter().flat_map(|row| row[..2].to_vec()).collect();
    let mut vectors: Vec<Vec<f64>> = Vec::new();
    for some in sentences.chunks(1000) {
        let embedded = model.embed(Arc::new(EmbedRequest::new(some.to_vec()))).await.expect("embedded");
        vectors.extend(
            embedded.vectors.iter().map(|vector| vector.iter().map(|x| f64::from(*x)).collect::<Vec<_>>()),
        );
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let correlation = |vectors: &[Vec<f64>]| {
        let cosines: Vec<f64> = vectors.chunks(2).map(|pair| dot(&pair[0], &pair[1])).collect();
        spearman(&cosines, &scores)
    };
    let ours = correlation(&vectors);
    report(&format!("Spearman {ours:.6} on {} pairs", scores.len()));
    assert!(ours > 0.8, "{ours}");
    let folder = models::minilm().expect("it was installed a moment ago");
    let bert =
        heptad_infer::bert::Bert::open(&folder, &heptad_infer::bert::Options { threads: 1 }).expect("loads");
    let tokens: Vec<Vec<u32>> = sentences.iter().map(|text| bert.tokens(text).expect("tokens")).collect();
    match onnxruntime(&folder, &tokens) {
        Err(reason) => not_run(format_args!(
            "the comparison with onnxruntime: {reason}; `pip install onnxruntime onnx` for the python3 on the PATH"
        )),
        Ok(theirs) => {
            let worst = vectors.iter().zip(&theirs).map(|(a, b)| dot(a, b)).fold(1.0, f64::min);
            let peer = correlation(&theirs);
            report(&format!("onnxruntime {peer:.6}; smallest cosine of a vector with its own {worst:.7}"));
            assert!((ours - peer).abs() < 5e-5, "{ours} beside {peer}");
            assert!(worst >= 0.99999, "{worst}");
        }
    }
}
