//! Key rings: what they read, what they refuse, and which fault is which.

use heptad_core::{
    ErrorKind,
    crypto::{Fault, FileKeyRing, KeyRing, SecretKey, TextKeyRing, WrappedKey},
};
use proptest::{collection::vec, prelude::*};

use super::{fault, key, ring};

#[tokio::test]
async fn a_wrapped_key_is_opened_by_its_key_in_its_context_only() {
    let secret = SecretKey::generate().expect("random numbers");
    let wrapped = ring(1).wrap(&secret, "here").await.expect("wrapped");
    let opened = ring(2).unwrap(&wrapped, "here").await.expect("a later ring opens it");
    assert_eq!(opened.as_bytes(), secret.as_bytes());
    assert_eq!(fault(ring(1).unwrap(&wrapped, "there").await), Fault::Tampered);
    let other = TextKeyRing::parse(&key("2026-01", 77)).expect("a ring");
    assert_eq!(fault(other.unwrap(&wrapped, "here").await), Fault::WrongKey);
    let later = ring(2).wrap(&secret, "here").await.expect("wrapped");
    assert_eq!(
        (later.by.as_str(), fault(ring(1).unwrap(&later, "here").await)),
        ("2026-02", Fault::MissingKey)
    );
    for length in 0..wrapped.bytes.len() {
        let cut = WrappedKey { bytes: wrapped.bytes[..length].to_vec(), ..wrapped.clone() };
        assert_eq!(fault(ring(1).unwrap(&cut, "here").await), Fault::Truncated);
    }
    let again = ring(1).wrap(&secret, "here").await.expect("wrapped");
    assert_ne!(again.bytes, wrapped.bytes, "wrapping twice does not show that it is the same key");
}

#[test]
fn a_text_that_is_no_ring_is_refused_without_showing_keys() {
    let good = key("a", 7);
    let secret = good.split(' ').nth(1).expect("a key").to_owned();
    for (text, says) in [
        (String::new(), "no key"),
        ("# only a comment\n\n".into(), "no key"),
        ("a".into(), "a name and a key"),
        (format!("{good} extra"), "a name and a key"),
        (format!("{good}\n{good}"), "twice"),
        (format!("a!b {secret}"), "the name of a key"),
        (format!("{} {secret}", "n".repeat(65)), "the name of a key"),
        (format!("a {}", &secret[..40]), "32 bytes"),
        (format!("a {secret}{secret}"), "32 bytes"),
        (format!("a {}", "A".repeat(43) + "="), "all the same"),
        ("a !!!!".into(), "base64"),
        ("x".repeat(70_000), "at most"),
    ] {
        let error = TextKeyRing::parse(&text).map(drop).expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(says), "{says}: {error}");
        assert!(!format!("{error:?}").contains(&secret[..20]), "a key is shown");
    }
    let secret = SecretKey::generate().expect("random numbers");
    assert_eq!(format!("{secret:?}"), "SecretKey(***)");
}

#[tokio::test]
async fn a_key_file_is_read_anew_whenever_it_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys");
    let write = |text: String| {
        std::fs::write(&path, text).expect("written");
        restrict(&path, 0o600);
    };
    assert_eq!(FileKeyRing::open(&path).await.expect_err("it is missing").kind(), ErrorKind::NotFound);
    write(format!("# the ring\n\n{}\n", key("one", 1)));
    let file = FileKeyRing::open(&path).await.expect("a ring");
    assert_eq!(file.current().await.expect("a name"), "one");
    let wrapped = file.wrap(&SecretKey::generate().expect("random"), "x").await.expect("wrapped");
    write(format!("{}\r\n{}\r\n", key("one", 1), key("two", 2)));
    assert_eq!(file.current().await.expect("a name"), "two");
    file.unwrap(&wrapped, "x").await.expect("the old key is still there");
    write(key("two", 2));
    assert_eq!(fault(file.unwrap(&wrapped, "x").await), Fault::MissingKey);
    std::fs::write(&path, [0xFF, 0xFE]).expect("written");
    assert_eq!(file.current().await.expect_err("no text").kind(), ErrorKind::InvalidInput);
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_file_that_others_may_use_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys");
    std::fs::write(&path, key("one", 1)).expect("written");
    for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o660, 0o610, 0o777] {
        restrict(&path, mode);
        let error = FileKeyRing::open(&path).await.expect_err("others may use it");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{mode:o}");
        assert!(error.message().contains("chmod 600"), "{error}");
    }
    for mode in [0o600, 0o400] {
        restrict(&path, mode);
        FileKeyRing::open(&path).await.expect("only its owner may use it");
    }
}

fn restrict(path: &std::path::Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_wraps_and_texts_are_refused(bytes in vec(any::<u8>(), 0..200), text in "[a-zA-Z0-9+/=# \n,]{0,200}") {
        let _ = TextKeyRing::parse(&text);
        let wrapped = WrappedKey { by: "2026-01".into(), bytes };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        prop_assert!(runtime.block_on(ring(1).unwrap(&wrapped, "x")).is_err());
    }
}
