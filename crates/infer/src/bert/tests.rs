//! A tiny model of random weights beside arithmetic that is too simple to be wrong, and files that are not what they should be.

use std::collections::BTreeMap;

use proptest::prelude::*;
use safetensors::{Dtype, serialize, tensor::TensorView};

use super::{
    Bert, Options, Parts,
    ops::{error_function, exponential},
};
use crate::{error::Error, file::Bytes};

const WIDTH: usize = 12;
const HEADS: usize = 3;
const BETWEEN: usize = 20;
const WORDS: [&str; 6] = ["[CLS]", "[SEP]", "[UNK]", "rain", "hail", "storm"];
const POSITIONS: usize = 40;

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn tensors() -> Tensors {
    let mut state = 42_u64;
    let mut number = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut tensors = Tensors::new();
    let mut add = |name: &str, shape: &[usize]| {
        let numbers = (0..shape.iter().product()).map(|_| number()).collect();
        tensors.insert(name.to_owned(), (shape.to_vec(), numbers));
    };
    add("embeddings.word_embeddings.weight", &[WORDS.len(), WIDTH]);
    add("embeddings.position_embeddings.weight", &[POSITIONS, WIDTH]);
    add("embeddings.token_type_embeddings.weight", &[2, WIDTH]);
    let mut pair = |name: &str, shape: &[usize]| {
        add(&format!("{name}.weight"), shape);
        add(&format!("{name}.bias"), &shape[..1]);
    };
    pair("embeddings.LayerNorm", &[WIDTH]);
    for layer in 0..2 {
        for which in ["query", "key", "value"] {
            pair(&format!("encoder.layer.{layer}.attention.self.{which}"), &[WIDTH, WIDTH]);
        }
        pair(&format!("encoder.layer.{layer}.attention.output.dense"), &[WIDTH, WIDTH]);
        pair(&format!("encoder.layer.{layer}.attention.output.LayerNorm"), &[WIDTH]);
        pair(&format!("encoder.layer.{layer}.intermediate.dense"), &[BETWEEN, WIDTH]);
        pair(&format!("encoder.layer.{layer}.output.dense"), &[WIDTH, BETWEEN]);
        pair(&format!("encoder.layer.{layer}.output.LayerNorm"), &[WIDTH]);
    }
    tensors
}

fn file(tensors: &Tensors) -> Bytes {
    let bytes: BTreeMap<_, Vec<u8>> = tensors
        .iter()
        .map(|(name, (_, numbers))| (name, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()))
        .collect();
    let views = tensors.iter().map(|(name, (shape, _))| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).expect("a valid tensor"))
    });
    serialize(views, None).expect("serialised").into()
}

fn config() -> serde_json::Value {
    serde_json::json!({
        "model_type": "bert", "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": HEADS,
        "intermediate_size": BETWEEN, "max_position_embeddings": POSITIONS, "vocab_size": WORDS.len(), "type_vocab_size": 2,
        "hidden_act": "gelu", "layer_norm_eps": 1e-6,
    })
}

fn tokenizer() -> serde_json::Value {
    let words: BTreeMap<_, _> = WORDS.iter().zip(0..).collect();
    serde_json::json!({
        "version": "1.0", "added_tokens": [], "normalizer": null, "decoder": null,
        "truncation": { "max_length": 12, "strategy": "LongestFirst", "stride": 0 },
        "padding": { "strategy": { "Fixed": 12 }, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[CLS]" },
        "pre_tokenizer": { "type": "Whitespace" },
        "post_processor": { "type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 0] },
        "model": { "type": "WordLevel", "vocab": words, "unk_token": "[UNK]" },
    })
}

fn bytes(value: &serde_json::Value) -> Bytes {
    value.to_string().into_bytes().into()
}

fn parts() -> Parts {
    Parts {
        config: bytes(&config()),
        tokenizer: bytes(&tokenizer()),
        weights: file(&tensors()),
        sentence: None,
        modules: None,
        pooling: None,
    }
}

fn load(parts: &Parts) -> Result<Bert, Error> {
    Bert::load(parts, &Options { threads: 1 })
}

/// The model in 64 bits, straight from the paper.
struct Reference(Tensors);

impl Reference {
    fn linear(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let (weights, bias) = (&self.0[&format!("{name}.weight")].1, &self.0[&format!("{name}.bias")].1);
        let rows = weights.chunks(x.len()).zip(bias);
        rows.map(|(row, bias)| {
            row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum::<f64>() + f64::from(*bias)
        })
        .collect()
    }

    fn norm(&self, name: &str, x: Vec<f64>) -> Vec<f64> {
        let (scale, shift) = (&self.0[&format!("{name}.weight")].1, &self.0[&format!("{name}.bias")].1);
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
        let root = (variance + 1e-6).sqrt();
        x.iter()
            .zip(scale)
            .zip(shift)
            .map(|((x, a), b)| (x - mean) / root * f64::from(*a) + f64::from(*b))
            .collect()
    }

    fn row(&self, name: &str, row: usize) -> &[f32] {
        &self.0[&format!("embeddings.{name}.weight")].1[row * WIDTH..(row + 1) * WIDTH]
    }

    /// The vectors of the tokens.
    fn run(&self, ids: &[u32]) -> Vec<Vec<f64>> {
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<_>>();
        let embed = |(place, id): (usize, &u32)| {
            let rows = [
                self.row("word_embeddings", *id as usize),
                self.row("position_embeddings", place),
                self.row("token_type_embeddings", 0),
            ];
            self.norm(
                "embeddings.LayerNorm",
                (0..WIDTH).map(|at| rows.iter().map(|row| f64::from(row[at])).sum()).collect(),
            )
        };
        let mut x: Vec<_> = ids.iter().enumerate().map(embed).collect();
        for layer in 0..2 {
            let name = |rest: &str| format!("encoder.layer.{layer}.{rest}");
            let project = |which: &str| -> Vec<_> {
                x.iter().map(|x| self.linear(&name(&format!("attention.self.{which}")), x)).collect()
            };
            let (q, k, v) = (project("query"), project("key"), project("value"));
            let size = WIDTH / HEADS;
            let attend = |token: usize| -> Vec<f64> {
                let head = |head: usize| {
                    let part = head * size..(head + 1) * size;
                    let scores = k.iter().map(|k| {
                        q[token][part.clone()].iter().zip(&k[part.clone()]).map(|(a, b)| a * b).sum::<f64>()
                            / (size as f64).sqrt()
                    });
                    let powers: Vec<f64> = scores.map(f64::exp).collect();
                    let all: f64 = powers.iter().sum();
                    part.map(|at| powers.iter().zip(&v).map(|(power, v)| power / all * v[at]).sum())
                        .collect::<Vec<f64>>()
                };
                (0..HEADS).flat_map(head).collect()
            };
            x = (0..x.len())
                .map(|token| {
                    let y = self.linear(&name("attention.output.dense"), &attend(token));
                    let y = self.norm(&name("attention.output.LayerNorm"), sum(&y, &x[token]));
                    let z = self.linear(&name("intermediate.dense"), &y);
                    let z: Vec<f64> = z.iter().map(|z| 0.5 * z * (1.0 + erf(z / 2.0_f64.sqrt()))).collect();
                    self.norm(&name("output.LayerNorm"), sum(&self.linear(&name("output.dense"), &z), &y))
                })
                .collect();
        }
        x
    }
}

/// The error function by its Taylor series; beyond 4 that is too rough, and the function as good as 1.
fn erf(x: f64) -> f64 {
    if x.abs() > 4.0 {
        return x.signum();
    }
    let mut term = x;
    let mut sum = x;
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    2.0 / std::f64::consts::PI.sqrt() * sum
}

fn unit(vector: &[f64]) -> Vec<f64> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    vector.iter().map(|x| x / length).collect()
}

fn close(ours: &[f32], theirs: &[f64]) {
    for (a, b) in ours.iter().zip(theirs) {
        assert!((f64::from(*a) - b).abs() < 1e-5, "{ours:?} {theirs:?}");
    }
}

#[test]
fn vectors_are_those_of_the_textbook_for_every_pooling() {
    let reference = Reference(tensors());
    let texts = ["rain", "rain hail storm", "storm unheard rain rain hail storm rain", ""];
    for (pooling, pool) in [
        (
            None,
            (|x: &[Vec<f64>], at: usize| x.iter().map(|x| x[at]).sum::<f64>())
                as fn(&[Vec<f64>], usize) -> f64,
        ),
        (Some("pooling_mode_cls_token"), |x, at| x[0][at]),
        (Some("pooling_mode_max_tokens"), |x, at| x.iter().map(|x| x[at]).fold(f64::MIN, f64::max)),
    ] {
        let pooling = pooling.map(|mode| bytes(&serde_json::json!({ mode: true })));
        let bert = load(&Parts { pooling, ..parts() }).expect("loads");
        let embedded = bert.embed(&texts).expect("embedded");
        for (text, vector) in texts.iter().zip(&embedded.vectors) {
            let tokens = reference.run(&bert.tokens(text).expect("tokens"));
            close(vector, &unit(&(0..WIDTH).map(|at| pool(&tokens, at)).collect::<Vec<_>>()));
        }
    }
}

#[test]
fn a_vector_depends_on_its_text_alone() {
    let words = ["rain", "hail", "storm"];
    let texts: Vec<String> = (0..300)
        .map(|at: usize| {
            (0..at % 9).map(|word| words[(at / 7 + word * at) % 3]).collect::<Vec<_>>().join(" ")
        })
        .collect();
    let one = load(&parts()).expect("loads");
    let together = one.embed(&texts).expect("embedded");
    let several =
        Bert::load(&parts(), &Options { threads: 3 }).expect("loads").embed(&texts).expect("embedded");
    assert_eq!(together, several);
    for (text, vector) in texts.iter().zip(&together.vectors) {
        assert_eq!(one.embed(&[text]).expect("embedded").vectors[0], *vector, "to the bit");
    }
    assert_eq!(one.embed::<&str>(&[]).expect("embedded").vectors, Vec::<Vec<f32>>::new());
}

#[test]
fn long_texts_are_cut_where_the_model_says_and_that_is_told() {
    let long = "rain ".repeat(100);
    let texts = ["rain", &long, "hail"];
    let said = |sentence: Option<serde_json::Value>| {
        load(&Parts { sentence: sentence.as_ref().map(bytes), ..parts() }).expect("loads")
    };
    for (bert, most) in [
        (said(None), 12),
        (said(Some(serde_json::json!({ "max_seq_length": 9 }))), 9),
        (said(Some(serde_json::json!({ "max_seq_length": 1000 }))), POSITIONS),
    ] {
        let embedded = bert.embed(&texts).expect("embedded");
        assert_eq!((bert.max_tokens(), embedded.tokens, embedded.truncated), (most, most + 6, vec![1]));
        let cut = "rain ".repeat(most - 2);
        assert_eq!(bert.embed(&[cut]).expect("embedded").vectors[0], embedded.vectors[1]);
    }
    let huge = "rain ".repeat(1 << 20);
    assert_eq!(load(&parts()).expect("loads").embed(&[huge]).expect("embedded").truncated, [0]);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let refused = |parts: &Parts| load(parts).err().expect("refused").to_string();
    let with = |change: &dyn Fn(&mut Tensors)| {
        let mut changed = tensors();
        change(&mut changed);
        refused(&Parts { weights: file(&changed), ..parts() })
    };
    let name = "encoder.layer.1.output.dense.weight";
    assert_eq!(with(&|tensors| drop(tensors.remove(name))), format!("tensor `{name}`: it is missing"));
    let shape = with(&|tensors| tensors.get_mut(name).expect("it is there").0.reverse());
    assert_eq!(shape, format!("tensor `{name}`: it has the shape [20, 12], and should have [12, 20]"));
    let number = with(&|tensors| tensors.get_mut(name).expect("it is there").1[3] = f32::NAN);
    assert_eq!(number, format!("tensor `{name}`: number 3 is not finite"));

    let set = |key: &str, value: serde_json::Value| {
        let mut config = config();
        config[key] = value;
        refused(&Parts { config: bytes(&config), ..parts() })
    };
    assert!(set("model_type", "t5".into()).contains("`t5` models make no embeddings here"));
    assert!(set("num_attention_heads", 5.into()).contains("5 heads do not share 12 numbers"));
    assert!(set("hidden_size", 0.into()).contains("`hidden_size`"));
    assert!(set("hidden_size", u64::MAX.into()).contains("`hidden_size`"));
    assert!(set("hidden_act", "relu".into()).contains("`relu` is not built"));
    assert!(set("vocab_size", 7.into()).contains("word_embeddings"));
    assert!(set("layer_norm_eps", "much".into()).contains("config.json, byte"));
    let pooling = Some(bytes(&serde_json::json!({ "pooling_mode_lasttoken": true })));
    assert!(refused(&Parts { pooling, ..parts() }).contains("`lasttoken` is not built"));
    let modules = Some(bytes(
        &serde_json::json!([{ "type": "sentence_transformers.models.Dense", "path": "2_Dense" }]),
    ));
    assert!(refused(&Parts { modules, ..parts() }).contains("a module `Dense` is not built"));
    // Each of these would lead out of the model's folder.
    for module in [
        serde_json::json!([{ "type": "x.Pooling", "path": "../../etc" }]),
        serde_json::json!([{ "type": "x.Pooling", "path": "/etc" }]),
        serde_json::json!([{ "type": "x.Pooling", "path": "" }]),
        serde_json::json!([{ "type": "x.Pooling" }]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("modules.json"), module.to_string()).expect("written");
        let error = Bert::open(folder.path(), &Options::default()).map(drop).expect_err("it is refused");
        assert!(error.to_string().contains("the path of the pooling module is no plain name"), "{error}");
    }
    assert!(matches!(
        Bert::open(std::path::Path::new("nowhere"), &Options::default()),
        Err(Error::File { .. })
    ));
}

#[test]
fn a_cut_file_is_refused_wherever_it_is_cut() {
    let parts = parts();
    let header = 8 + u64::from_le_bytes(parts.weights[..8].try_into().expect("8 bytes")) as usize;
    for length in (0..header + 64).chain((header..parts.weights.len()).step_by(997)) {
        let weights = parts.weights.slice(0..length).expect("inside");
        assert!(
            matches!(load(&Parts { weights, ..parts.clone() }), Err(Error::Malformed { .. })),
            "{length} bytes"
        );
    }
    let mut huge = parts.weights.to_vec();
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(load(&Parts { weights: huge.into(), ..parts.clone() }), Err(Error::Malformed { .. })));
    for json in ["", "{", "[]", "null", "{\"version\":\"1.0\"}"] {
        let bad: Bytes = json.as_bytes().to_vec().into();
        assert!(load(&Parts { tokenizer: bad.clone(), ..parts.clone() }).is_err());
        assert!(load(&Parts { config: bad, ..parts.clone() }).is_err());
    }
}

#[test]
fn the_approximations_are_close_everywhere() {
    for step in -6_000..=6_000 {
        let x = step as f32 / 1000.0;
        assert!((f64::from(error_function(x)) - erf(f64::from(x))).abs() < 4e-7, "erf({x})");
    }
    for step in 0..=87_000 {
        let x = -(step as f32) / 1000.0;
        let truth = f64::from(x).exp();
        assert!((f64::from(exponential(x)) / truth - 1.0).abs() < 4e-7, "exp({x})");
    }
    assert!(exponential(f32::NEG_INFINITY) < 1e-37);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), which in 0..3_usize) {
        let mut parts = parts();
        let file = [&mut parts.config, &mut parts.tokenizer, &mut parts.weights].into_iter().nth(which).expect("one of three");
        let mut changed = file.to_vec();
        // The header of the weights is the part that can lie.
        let reach = changed.len().min(if which == 2 { 4096 } else { usize::MAX });
        flips.iter().for_each(|(at, byte)| changed[at.index(reach)] = *byte);
        *file = changed.into();
        if let Ok(bert) = load(&parts) {
            let _ = bert.embed(&["rain hail", "a b c"]);
        }
    }
}
