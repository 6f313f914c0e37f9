//! Whatever a file says, it is read or refused.

use heptad_core::{
    ErrorKind,
    config::{Config, LoadOptions, STORE_PATH},
};
use proptest::prelude::*;

use super::KEYS;

#[test]
fn a_file_that_is_too_much_is_refused() {
    let nested = |open: &str, close: &str| format!("a = {}{}", open.repeat(100_000), close.repeat(100_000));
    for text in [
        nested("[", "]"),
        nested("{b=", "}"),
        format!("{}x = 1", "a.".repeat(50_000)),
        format!("[{}x]", "a.".repeat(50_000)),
        "x".repeat(2 << 20),
        format!("[store]\npath = '{}\0'", "x".repeat(1000)),
    ] {
        let error = Config::parse(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().len() < 1000, "{}", error.message().len());
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_no_matter() {
    let config = Config::parse("\u{feff}[store]\r\npath = 'a b.db'\r\n").unwrap();
    assert_eq!(config.get(&STORE_PATH), Some("a b.db".into()));
}

/// Lines as they are written, and nearly so.
fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("store"),
        Just("path"),
        Just("durability"),
        Just("demo"),
        Just("wait"),
        Just("token"),
        Just("max_bytes"),
        Just("é\u{1F600}"),
        Just("\"\"")
    ];
    let value = prop_oneof![
        Just("'full'".to_owned()),
        Just("true".into()),
        Just("7".into()),
        Just("1e9".into()),
        Just("[1, {a=2}]".into()),
        Just("2026-01-01".into()),
        Just("'''x".into()),
        any::<i64>().prop_map(|i| i.to_string()),
        "\\PC*".prop_map(|text| format!("'{text}'")),
    ];
    prop_oneof![
        (word.clone(), value.clone()).prop_map(|(key, value)| format!("{key} = {value}")),
        (word.clone(), word.clone(), value)
            .prop_map(|(section, key, value)| format!("{section}.{key} = {value}")),
        word.clone().prop_map(|section| format!("[{section}]")),
        word.prop_map(|section| format!("[[{section}]]")),
        ".*",
    ]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_no_secret_leaks(lines in prop::collection::vec(line(), 0..12), secret in "[a-z]{12}") {
        let text = format!("demo.token = {{ {secret} = '{secret}' }}\n{}", lines.join("\n"));
        let error = Config::load(LoadOptions::new().keys(KEYS).text("h.toml", &text)).unwrap_err();
        prop_assert_eq!(error.kind(), ErrorKind::InvalidInput);
        prop_assert!(!error.message().contains(&secret), "{}", error.message());
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in any::<String>(), name in any::<String>(), value in any::<String>()) {
        let _ = Config::parse(&text);
        let options = LoadOptions::new().environment([(format!("HEPTAD_{name}"), value.clone())]).set(name, value);
        let _ = Config::load(options);
    }
}
