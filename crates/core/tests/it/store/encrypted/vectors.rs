//! The test vectors of Project Wycheproof for AES-GCM.
//!
//! They are not part of the repository. `HEPTAD_DATA` names the folder they are in (default: `../shared/data` beside the repository); where they
//! are missing, the test says that it was not run.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use heptad_core::crypto::{Cipher, NONCE_BYTES, SecretKey, TAG_BYTES};
use heptad_testkit::not_run;
use serde_json::Value;

/// Written past the test harness, which hides what a passing test prints.
fn report(line: &str) {
    writeln!(io::stderr(), "wycheproof: {line}").expect("the terminal takes a line");
}

#[test]
fn every_vector_of_our_sizes_is_opened_and_sealed_or_refused() {
    let data = env::var_os("HEPTAD_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let path = data.join("core/wycheproof/aes_gcm_test.json");
    let Ok(text) = fs::read_to_string(&path) else {
        return not_run(format_args!("{} is missing", path.display()));
    };
    let vectors: Value = serde_json::from_str(&text).expect("JSON");
    let (mut valid, mut invalid, mut other) = (0, 0, 0);
    for group in vectors["testGroups"].as_array().expect("groups") {
        let ours = [("keySize", 256), ("ivSize", NONCE_BYTES * 8), ("tagSize", TAG_BYTES * 8)];
        let tests = group["tests"].as_array().expect("tests");
        if ours.iter().any(|(what, bits)| group[*what] != *bits) {
            // Keys and nonces of other sizes cannot be said: the types have no room for them.
            other += tests.len();
            continue;
        }
        for test in tests {
            let field = |name: &str| bytes(test[name].as_str().expect("hexadecimal"));
            let cipher = Cipher::new(&SecretKey::from_bytes(&field("key")).expect("a key"));
            let nonce: [u8; NONCE_BYTES] = field("iv").try_into().expect("a nonce");
            let (associated, plain) = (field("aad"), field("msg"));
            let sealed = [field("ct"), field("tag")].concat();
            let mut made = plain.clone();
            cipher.seal(nonce, &associated, &mut made, 0);
            let opened = cipher.open(nonce, &associated, &mut sealed.clone()).map(|opened| opened.to_vec());
            if test["result"] == "valid" {
                assert_eq!(opened.as_deref(), Ok(&*plain), "{test}");
                assert_eq!(made, sealed, "{test}");
                valid += 1;
            } else {
                assert!(opened.is_err(), "{test}");
                assert_ne!(made, sealed, "{test}");
                invalid += 1;
            }
        }
    }
    assert!(valid >= 39 && invalid >= 27, "{valid} valid, {invalid} invalid");
    report(&format!(
        "AES-256-GCM: {valid} valid, {invalid} invalid, all as they should be; {other} of other key or nonce sizes"
    ));
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let pairs = (0..hexadecimal.len()).step_by(2).map(|at| &hexadecimal[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}
