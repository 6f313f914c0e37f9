//! What is wrong is refused with key, value, source and what would be right.

use heptad_core::{
    ErrorKind,
    config::{Config, LoadOptions},
};

use super::{KEYS, variables};

fn refusal(options: LoadOptions) -> String {
    let error = Config::load(options.keys(KEYS)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.message().to_owned()
}

#[test]
fn a_wrong_file_is_refused_by_line() {
    for (text, want) in [
        (
            "[store]\ndurability = 'ful'",
            "`store.durability` in h.toml:2 is `ful`; it is one of `full`, `normal`; did you mean `full`?",
        ),
        (
            "[store]\ndurability = 3",
            "`store.durability` in h.toml:2 is `3`; it is one of `full`, `normal`, in quotes",
        ),
        ("\n\n[store]\npth = 'x'", "`store.pth` in h.toml:4 is not a key; did you mean `store.path`?"),
        ("[stor]\npath = 'x'", "`stor.path` in h.toml:2 is not a key; did you mean `store.path`?"),
        ("[colour]", "`colour` in h.toml:1 is not a key"),
        ("store = 'x'", "`store` in h.toml:1 is a section: write `[store]` and its keys below"),
        ("store.path.name = 'x'", "`store.path` in h.toml:1 is `{…}`; it is a path, in quotes"),
        ("[[store]]\npath = 'x'", "`store` in h.toml:1 is a section: write `[store]` and its keys below"),
        ("[store]\npath = ''", "`store.path` in h.toml:2 is ``; it is a path"),
        ("[demo]\nloud = 'yes'", "`demo.loud` in h.toml:2 is `yes`; it is `true` or `false`"),
        ("[demo]\nmax_bytes = 0", "`demo.max_bytes` in h.toml:2 is `0`; it is a whole number from 1 to 4096"),
        ("[demo]\nmax_bytes = -0x10", "h.toml:2 is not TOML"),
        (
            "[demo]\nmax_bytes = 5.5",
            "`demo.max_bytes` in h.toml:2 is `5.5`; it is a whole number from 1 to 4096",
        ),
        (
            "[demo]\nwait = 'soon'",
            "`demo.wait` in h.toml:2 is `soon`; it is a length of time, such as `250ms`, `30s` or `1h30m`",
        ),
        ("[demo]\nwait = '-3s'", "`demo.wait` in h.toml:2 is `-3s`; it is a length of time"),
        (
            "[demo]\ntoken = 123456",
            "`demo.token` in h.toml:2 is `***`; it is text that is not empty, in quotes",
        ),
        ("[store]\npath = 'a'\npath = 'b'", "h.toml:3 is not TOML: duplicate key"),
        ("[store\n", "h.toml:1 is not TOML: unclosed table, expected `]`"),
    ] {
        let found = refusal(LoadOptions::new().text("h.toml", text));
        assert!(found.starts_with(want), "{text}\nwant:  {want}\nfound: {found}");
        assert!(!found.contains('\n'), "one problem, one line: {found}");
    }
}

#[test]
fn a_wrong_variable_is_refused_by_name() {
    for (name, value, want) in [
        (
            "HEPTAD_STORE_DURABILITY",
            "Full",
            "`store.durability` in HEPTAD_STORE_DURABILITY is `Full`; it is one of `full`, `normal`; did you mean `full`?",
        ),
        (
            "HEPTAD_STORE_DURABILTY",
            "full",
            "the environment variable `HEPTAD_STORE_DURABILTY` sets no key; did you mean `HEPTAD_STORE_DURABILITY`?",
        ),
        ("HEPTAD_DEMO_PIN", "12x4", "`demo.pin` in HEPTAD_DEMO_PIN is `***`; it is a whole number"),
        ("HEPTAD_DEMO_LOUD", "1", "`demo.loud` in HEPTAD_DEMO_LOUD is `1`; it is `true` or `false`"),
    ] {
        assert_eq!(refusal(LoadOptions::new().environment(variables(&[(name, value)]))), want);
    }
}

#[test]
fn a_wrong_override_is_refused_by_key() {
    for (key, value, want) in [
        (
            "store.durability",
            "off",
            "`store.durability` in the builder is `off`; it is one of `full`, `normal`",
        ),
        (
            "store.duration",
            "full",
            "`store.duration` in the builder is not a key; did you mean `store.durability`?",
        ),
        ("demo.token", "", "`demo.token` in the builder is `***`; it is text that is not empty"),
        ("store.path", "a\0b", "`store.path` in the builder is `a\\0b`; a value has no NUL"),
    ] {
        assert_eq!(refusal(LoadOptions::new().set(key, value)), want);
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_even_where_it_is_overridden() {
    let options = LoadOptions::new()
        .text("h.toml", "[store]\ndurability = 'x'\n[log]\nlevl = 'info'")
        .environment(variables(&[("HEPTAD_DEMO_LOUD", "y")]))
        .set("store.durability", "full");
    let want = "`store.durability` in h.toml:2 is `x`; it is one of `full`, `normal`\n\
        `log.levl` in h.toml:4 is not a key; did you mean `log.level`?\n\
        `demo.loud` in HEPTAD_DEMO_LOUD is `y`; it is `true` or `false`";
    assert_eq!(refusal(options), want);

    let many = (0..100).map(|i| format!("k{i} = 1\n")).collect::<String>();
    let found = refusal(LoadOptions::new().text("h.toml", many));
    assert_eq!(found.lines().count(), 21);
    assert!(found.ends_with("and 80 more"));
}
