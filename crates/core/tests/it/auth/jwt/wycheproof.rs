//! The test vectors of Project Wycheproof for JSON Web Signatures and Keys.
//!
//! They are not part of the repository. `HEPTAD_DATA` names the folder they are in (default: `../shared/data` beside the repository); where they
//! are missing, the test says that it was not run.
//!
//! Eight vectors are judged otherwise here, and each is named in [`OTHERWISE`] with the reason.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use heptad_core::auth::jwt::{Jws, KeySet};
use heptad_testkit::not_run;
use serde_json::{Value, json};

/// Vectors that call valid what is refused here, or invalid what is accepted, and why.
const OTHERWISE: &[(&str, u64, &str)] = &[
    (
        "json_web_signature_test.json",
        346,
        "the key is for PS256, the token says PS384: RFC 7517, section 4.4",
    ),
    (
        "json_web_signature_test.json",
        350,
        "the key is for PS256, the token says PS384: RFC 7517, section 4.4",
    ),
    ("json_web_signature_test.json", 347, "P-521: `ring` does not have it; and `ES521` is no algorithm"),
    ("json_web_signature_test.json", 351, "P-521: `ring` does not have it; and `ES521` is no algorithm"),
    ("json_web_signature_test.json", 372, "a `?` within base64url: RFC 7515, section 2 knows no such letter"),
    ("json_web_signature_test.json", 373, "a `?` within base64url: RFC 7515, section 2 knows no such letter"),
    (
        "json_web_signature_test.json",
        367,
        "the same bytes as vector 357, which is valid: the padding was lost",
    ),
    (
        "json_web_signature_test.json",
        370,
        "the same bytes as vector 357, which is valid: the padding was lost",
    ),
];

/// Written past the test harness, which hides what a passing test prints.
fn report(line: &str) {
    writeln!(io::stderr(), "wycheproof jwt: {line}").expect("the terminal takes a line");
}

fn vectors(file: &str) -> Option<Value> {
    let data = env::var_os("HEPTAD_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let path = data.join("core/wycheproof").join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        not_run(format_args!("{} is missing", path.display()));
        return None;
    };
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn accepted(key: &Value, token: &str) -> bool {
    KeySet::parse(key.to_string().as_bytes())
        .is_ok_and(|set| Jws::parse(token).is_ok_and(|jws| jws.verify_with(&set).is_ok()))
}

/// Judges a file; returns how many were valid and invalid, and how many were no signatures.
fn judge(file: &str, least: (usize, usize)) {
    let Some(vectors) = vectors(file) else { return };
    let (mut valid, mut invalid, mut otherwise, mut encrypted) = (0, 0, 0, 0);
    for group in vectors["testGroups"].as_array().expect("groups") {
        let key = if group["public"].is_null() { &group["private"] } else { &group["public"] };
        for test in group["tests"].as_array().expect("tests") {
            if test["jwe"] != Value::Null {
                // Encrypted tokens are not read here at all; as signed ones they are refused.
                assert!(!accepted(key, test["jwe"].as_str().unwrap_or_default()));
                encrypted += 1;
                continue;
            }
            let (id, good) = (test["tcId"].as_u64().expect("a number"), test["result"] == "valid");
            // A few are JSON objects, which no token is.
            let token = test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned);
            let exception = OTHERWISE.iter().find(|(name, number, _)| *name == file && *number == id);
            let expected = good != exception.is_some();
            assert_eq!(accepted(key, &token), expected, "{file} {id}: {} {exception:?}", test["comment"]);
            match (exception, good) {
                (Some(_), _) => otherwise += 1,
                (None, true) => valid += 1,
                (None, false) => invalid += 1,
            }
        }
    }
    assert!(valid >= least.0 && invalid >= least.1, "{valid} valid and {invalid} invalid are too few");
    report(&format!(
        "{file}: {valid} valid accepted, {invalid} invalid refused, {otherwise} judged otherwise (with reasons), {encrypted} encrypted"
    ));
}

#[test]
fn every_signature_vector_is_accepted_or_refused() {
    judge("json_web_signature_test.json", (30, 300));
}

#[test]
fn every_key_vector_is_accepted_or_refused() {
    judge("json_web_key_test.json", (4, 20));
}

#[test]
fn every_crypto_vector_is_accepted_or_refused() {
    judge("json_web_crypto_test.json", (4, 40));
}

/// What makes vectors 346 and 350 refused is the key's own `alg` and nothing else.
#[test]
fn a_key_is_used_for_what_it_says() {
    let Some(vectors) = vectors("json_web_signature_test.json") else { return };
    let mut seen = 0;
    for group in vectors["testGroups"].as_array().expect("groups") {
        for test in group["tests"].as_array().expect("tests") {
            if ![346, 350].contains(&test["tcId"].as_u64().expect("a number")) {
                continue;
            }
            let (token, mut key) = (test["jws"].as_str().expect("a token"), group["public"].clone());
            assert!(!accepted(&key, token));
            key["alg"] = json!("PS384");
            assert!(accepted(&key, token), "the signature itself is good");
            key.as_object_mut().expect("a key").remove("alg");
            assert!(accepted(&key, token), "a key that does not say fits every algorithm of its type");
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}

/// A test without its vectors is no failure, but it is counted.
#[test]
fn vectors_that_are_missing_are_told_as_not_run() {
    let name = "auth::jwt::wycheproof::every_key_vector_is_accepted_or_refused";
    let folder = tempfile::tempdir().expect("a folder");
    let told = folder.path().join("not-run");
    let mut tests = Command::new(env::current_exe().expect("this program has a path"));
    tests.args(["--exact", name]).env("HEPTAD_DATA", folder.path()).env("HEPTAD_NOT_RUN", &told);
    let output = tests.output().expect("this program runs");
    assert!(output.status.success(), "{output:?}");
    let missing = folder.path().join("core/wycheproof/json_web_key_test.json");
    let why = format!("{} is missing", missing.display());
    assert_eq!(fs::read_to_string(&told).expect("a file"), format!("{name}\t{why}\n"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("not run: {why}\n")), "{said}");
}
