//! Masks beside the public benchmark of JSON Schemas: what no schema accepts, no mask lets pass.
//!
//! The benchmark is not part of the repository. `HEPTAD_DATA` names the folder it is in (default: `../shared/data` beside the repository).
//! `MASK_SCHEMAS=all` takes all its schemas instead of every twentieth.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use heptad_infer::{
    mask::{Masks, Next},
    sample::{Random, Sampler, Sampling},
    tokenizer::{Algorithm, TokenKind, Tokenizer, Vocabulary},
};
use serde_json::{Value, json};

use crate::tokenizer::gemma;

static GEMMA: LazyLock<Option<(Tokenizer, Masks)>> = LazyLock::new(|| {
    let tokenizer = gemma()?;
    let masks = Masks::new(&tokenizer).expect("a vocabulary for masks");
    Some((tokenizer, masks))
});

/// The benchmark's files, unpacked.
fn benchmark(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let data = env::var_os("HEPTAD_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let packed = data.join("core/jsonschemabench.tar.gz");
    let unpacked = Command::new("tar")
        .arg("-xzf")
        .arg(&packed)
        .arg("-C")
        .arg(folder)
        .output()
        .map_err(|error| error.to_string())?;
    if !unpacked.status.success() {
        return Err(format!("{} does not unpack", packed.display()));
    }
    let files = fs::read_dir(folder.join("jsonschemabench")).map_err(|error| error.to_string())?;
    let mut files: Vec<PathBuf> = files.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

#[test]
fn no_invalid_instance_of_the_benchmark_is_let_pass() {
    let Some((_, masks)) = &*GEMMA else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let files = match benchmark(folder.path()) {
        Ok(files) => files,
        Err(reason) => return heptad_testkit::not_run(reason),
    };
    let step = if env::var("MASK_SCHEMAS").is_ok_and(|value| value == "all") { 1 } else { 20 };
    let files: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    let [compiled, valid, valid_passed, invalid] = [const { AtomicUsize::new(0) }; 4];
    let wrong = Mutex::new(Vec::new());
    let one = |file: &PathBuf| {
        let case: Value = serde_json::from_slice(&fs::read(file).expect("read")).expect("JSON");
        let mut counted = false;
        for test in case["tests"].as_array().into_iter().flatten() {
            // A schema that cannot be held to is refused; that is counted, and no failure.
            let Ok(passed) = masks.accepts(&case["schema"], &test["data"].to_string()) else { break };
            if !std::mem::replace(&mut counted, true) {
                compiled.fetch_add(1, Ordering::Relaxed);
            }
            if test["valid"] == json!(true) {
                valid.fetch_add(1, Ordering::Relaxed);
                valid_passed.fetch_add(usize::from(passed), Ordering::Relaxed);
            } else {
                invalid.fetch_add(1, Ordering::Relaxed);
                if passed {
                    wrong.lock().expect("no panic").push(format!(
                        "{}: {}",
                        file.display(),
                        test["description"]
                    ));
                }
            }
        }
    };
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one(file)
                }
            });
        }
    });
    let [compiled, valid, valid_passed, invalid] =
        [compiled, valid, valid_passed, invalid].map(AtomicUsize::into_inner);
    eprintln!(
        "{compiled} of {} schemas compile; of their instances {valid_passed} of {valid} valid ones pass, and of {invalid} invalid ones:",
        files.len()
    );
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{} pass: {wrong:#?}", wrong.len());
    assert!(compiled * 10 > files.len() * 6 && valid_passed * 10 > valid * 8, "the masks refuse too much");
}

/// Schemas of many shapes, some of which have no end of their own.
pub(crate) fn schemas() -> Vec<Value> {
    vec![
        json!({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}}, "required": ["name", "age"], "additionalProperties": false}),
        json!({"type": "array", "items": {"enum": ["a", "b"]}}),
        json!({"type": "array", "items": {"type": "number"}, "minItems": 3}),
        json!({"type": "string"}),
        json!({"type": "string", "minLength": 5, "maxLength": 9}),
        json!({"type": "string", "pattern": "^[A-Z]{3}-[0-9]{2}$"}),
        json!({"type": "integer"}),
        json!({"type": "number", "minimum": 10, "maximum": 20}),
        json!({"type": "boolean"}),
        json!({"type": "null"}),
        json!({}),
        json!({"enum": ["red", "größer", 1, null, {"a": [1]}]}),
        json!({"anyOf": [{"type": "string"}, {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}]}),
        json!({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}}, "required": ["value", "next"], "additionalProperties": false}}}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}}),
        json!({"type": "object", "properties": {"items": {"type": "array", "minItems": 1, "items": {"type": "object", "properties": {"sku": {"type": "string", "pattern": "^[0-9]{4}$"}, "count": {"type": "integer", "minimum": 1, "maximum": 99}, "note": {"type": ["string", "null"]}}, "required": ["sku", "count"]}}}, "required": ["items"]}),
    ]
}

#[test]
fn a_model_that_says_anything_gives_valid_documents_in_time() {
    let Some((tokenizer, masks)) = &*GEMMA else { return };
    let mut random = Random::new(5);
    for schema in schemas() {
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for round in 0..4 {
            let mut mask = masks.json(&schema).unwrap_or_else(|error| panic!("{schema}: {error}"));
            let shortest = mask.shortest().unwrap_or_else(|error| panic!("{schema}: {error}"));
            let most = shortest + [0, 5, 40, 200][round];
            let mut sampler = Sampler::new(
                Sampling {
                    temperature: if round % 2 == 0 { 0.0 } else { 1.0 },
                    top_k: 64,
                    top_p: 1.0,
                    min_p: 0.0,
                },
                3,
            );
            // A model that loves to go on: it opens, never closes, and counts.
            let mut logits: Vec<f32> = (0..tokenizer.count()).map(|_| (random.unit() * 4.0) as f32).collect();
            for favourite in ["1", "[", "{", ",", "\"", "a", "0", "-", "9"] {
                logits[tokenizer.encode(favourite)[0] as usize] += (random.unit() * 8.0) as f32;
            }
            let mut tokens = Vec::new();
            while let Next::Token(token) = mask
                .next(&logits, &mut sampler, most - tokens.len())
                .unwrap_or_else(|error| panic!("{schema}: {error}"))
            {
                tokens.push(token);
                assert!(tokens.len() <= most, "{schema}: more than {most} tokens");
            }
            let text = tokenizer.decode(&tokens);
            let document: Value = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{schema}, {most}: {text}: {error}"));
            assert!(validator.is_valid(&document), "{schema}: {document}");
        }
    }
}

#[test]
fn a_way_that_cannot_be_walked_to_its_end_is_not_begun() {
    let Some((tokenizer, masks)) = &*GEMMA else { return };
    let long = "many words ".repeat(20);
    let list = json!({"type": "array", "minItems": 30, "items": {"const": long}});
    let cases = [
        (json!({"anyOf": [{"const": "a"}, list]}), "["),
        (
            json!({"anyOf": [{"const": 1}, {"type": "object", "properties": {"list": list}, "required": ["list"]}]}),
            "{",
        ),
        (json!({"type": "string", "pattern": "^(a|b[cd]{400})$"}), "b"),
    ];
    let plain = Sampling { temperature: 0.0, top_k: 0, top_p: 1.0, min_p: 0.0 };
    for (schema, way) in cases {
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        for (most, gone) in [(200, false), (4000, true)] {
            let mut mask = masks.json(&schema).expect("it compiles");
            assert!(mask.shortest().expect("there is an end") < 10, "{schema}");
            let mut logits = vec![0.0; tokenizer.count()];
            logits[tokenizer.encode(way)[0] as usize] = 100.0;
            let mut sampler = Sampler::new(plain.clone(), 1);
            let mut tokens = Vec::new();
            while let Next::Token(token) = mask
                .next(&logits, &mut sampler, most - tokens.len())
                .unwrap_or_else(|error| panic!("{schema}, {most}: {error}"))
            {
                tokens.push(token);
                assert!(tokens.len() <= most, "{schema}: more than {most} tokens");
            }
            let text = tokenizer.decode(&tokens);
            let document: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(validator.is_valid(&document), "{schema}: {document}");
            assert_eq!(text.len() > 300, gone, "{schema}, {most}: {text}");
        }
    }
}

/// A vocabulary of these texts: what ends an answer, the alphabet, and what stands for itself.
fn vocabulary(tokens: Vec<String>) -> Tokenizer {
    let mut kinds = vec![TokenKind::UserDefined; tokens.len()];
    kinds[1..257].fill(TokenKind::Normal);
    kinds[0] = TokenKind::Control;
    let split = "gpt-2".to_owned();
    let vocabulary = Vocabulary {
        algorithm: Algorithm::BytePairs { split, merges: Vec::new() },
        tokens,
        scores: Vec::new(),
        kinds,
        bos: None,
        eos: Some(0),
        unknown: None,
        ends: Vec::new(),
        add_bos: None,
        add_eos: false,
    };
    Tokenizer::new(&vocabulary).expect("a vocabulary")
}

#[test]
fn a_vocabulary_that_masks_cannot_hold_is_refused() {
    // The alphabet of byte pairs: what can be seen stands for itself, the other bytes for characters from 256 on.
    let seen = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..);
    let others = (0..=u8::MAX).filter(|byte| !seen(byte)).count() as u32;
    let alphabet = (0..=u8::MAX).filter(seen).map(char::from);
    let alphabet: Vec<String> =
        alphabet.chain((256..256 + others).filter_map(char::from_u32)).map(String::from).collect();
    let with = |more: Vec<String>| vocabulary([vec!["<end>".into()], alphabet.clone(), more].concat());
    assert!(Masks::new(&with(vec!["x".repeat(900)])).is_ok());
    for tokens in [
        vec!["x".repeat(1025)],
        // Every text begins with another number, so that nothing of it is shared.
        (0..4700).map(|number| format!("{number:04}{}", "y".repeat(900))).collect(),
    ] {
        let error = Masks::new(&with(tokens)).map(drop).expect_err("it is refused").to_string();
        assert!(
            error.contains("of the vocabulary is too long") || error.contains("vocabulary is too large"),
            "{error}"
        );
    }
}

#[test]
fn schemas_that_cannot_be_held_to_are_refused() {
    let Some((_, masks)) = &*GEMMA else { return };
    for schema in [
        json!({"not": {"type": "string"}}),
        json!({"type": "array", "uniqueItems": true}),
        json!({"type": "string", "pattern": "(?=a)b"}),
        json!({"$ref": "https://example.org/x.json"}),
        json!({"type": "integer", "minimum": 5, "maximum": 4}),
        json!({"type": "string", "pattern": "^(a{1000}){1000}$"}),
    ] {
        // Some show only when a document is looked for.
        let error = masks
            .json(&schema)
            .and_then(|mut mask| mask.shortest())
            .expect_err(&schema.to_string())
            .to_string();
        assert!(error.contains("cannot be held to the schema") && error.len() < 500, "{error}");
    }
}
