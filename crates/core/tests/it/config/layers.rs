//! What is set where, and what wins.

use std::{fs, path::Path, time::Duration};

use heptad_core::{
    ErrorKind,
    config::{self, Config, LOG_LEVEL, LoadOptions, STORE_DURABILITY, STORE_PATH, Source},
};

use super::{KEYS, LOUD, MAX_BYTES, TOKEN, WAIT, variables};

const FILE: &str = "\
[store]
path = 'acme.db'
durability = 'normal'

[demo]
wait = '1h30m'
token = 'hunter2'
";

#[test]
fn the_builder_is_above_the_environment_above_the_file_above_the_default() {
    let options = LoadOptions::new().keys(KEYS).text("etc/heptad.toml", FILE);
    let config = Config::load(options.clone()).unwrap();
    assert_eq!(config.get(&STORE_DURABILITY), "normal");
    assert_eq!(config.get(&STORE_PATH).as_deref(), Some(Path::new("etc/acme.db")), "from the file's folder");
    assert_eq!(config.get(&WAIT), Duration::from_secs(5400));
    assert_eq!((config.get(&LOUD), config.get(&MAX_BYTES)), (false, 1024));

    let environment = [
        ("HEPTAD_STORE_DURABILITY", "full"),
        ("HEPTAD_DEMO_LOUD", "true"),
        ("PATH", "/bin"),
        ("HEPTAD_LOG_LEVEL", ""),
    ];
    let options = options.environment(variables(&environment));
    let config = Config::load(options.clone()).unwrap();
    assert_eq!((config.get(&STORE_DURABILITY), config.get(&LOUD)), ("full", true));
    assert_eq!(config.get(&LOG_LEVEL), "warn", "an empty variable is not set");

    let config = Config::load(options.with(&LOUD, false).set("store.path", "/srv/a.db")).unwrap();
    assert!(!config.get(&LOUD));
    assert_eq!(config.get(&STORE_PATH).as_deref(), Some(Path::new("/srv/a.db")));

    let file = Source::File { path: "etc/heptad.toml".into(), line: 6 };
    let variable = Source::Environment { variable: "HEPTAD_STORE_DURABILITY".into() };
    let sources = [
        config.source(&WAIT),
        config.source(&STORE_DURABILITY),
        config.source(&LOUD),
        config.source(&LOG_LEVEL),
    ];
    assert_eq!(sources, [&file, &variable, &Source::Builder, &Source::Default]);
}

#[test]
fn the_explanation_shows_every_key_with_its_source_and_no_secret() {
    let environment = variables(&[("HEPTAD_STORE_DURABILITY", "full"), ("HEPTAD_DEMO_PIN", "4711")]);
    let options =
        LoadOptions::new().keys(KEYS).text("heptad.toml", FILE).environment(environment).with(&LOUD, true);
    let config = Config::load(options).unwrap();
    let lines: Vec<String> = config
        .explain()
        .into_iter()
        .map(|line| format!("{} = {} ({})", line.key, line.value.unwrap_or_default(), line.source))
        .collect();
    let want = [
        "demo.loud = true (builder)",
        "demo.max_bytes = 1024 (default)",
        "demo.pin = *** (HEPTAD_DEMO_PIN)",
        "demo.token = *** (heptad.toml:7)",
        "demo.wait = 1h 30m (heptad.toml:6)",
        "encryption.existing = refuse (default)",
        "encryption.key_file =  (default)",
        "encryption.keys =  (default)",
        "encryption.search = memory (default)",
        "log.level = warn (default)",
        "search.path =  (default)",
        "store.durability = full (HEPTAD_STORE_DURABILITY)",
        "store.path = acme.db (heptad.toml:2)",
    ];
    assert_eq!(lines, want);
    assert_eq!(config.get(&TOKEN).as_deref(), Some("hunter2"));
    let shown = format!("{config:?} {:?}", config.explain());
    assert!(!shown.contains("hunter2") && !shown.contains("4711"), "{shown}");
}

#[test]
fn the_short_variable_is_below_the_long_one_and_above_the_file() {
    let file = LoadOptions::new().text("h.toml", "[store]\npath = 'file.db'");
    let get = |pairs: &[(&str, &str)]| {
        Config::load(file.clone().environment(variables(pairs))).unwrap().get(&STORE_PATH).unwrap()
    };
    assert_eq!(get(&[("HEPTAD_DB", "short.db")]), Path::new("short.db"));
    let (short, long) = (("HEPTAD_DB", "short.db"), ("HEPTAD_STORE_PATH", "long.db"));
    assert_eq!(get(&[short, long]), Path::new("long.db"));
    assert_eq!(get(&[long, short]), Path::new("long.db"));
}

#[cfg(unix)]
#[test]
fn a_path_need_not_be_text_and_everything_else_must() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _, path::PathBuf};
    let name = || OsString::from_vec(b"caf\xe9.db".to_vec());
    for options in [
        LoadOptions::new().environment([("HEPTAD_DB", name())]),
        LoadOptions::new().path(&STORE_PATH, name()),
    ] {
        assert_eq!(Config::load(options).unwrap().get(&STORE_PATH), Some(PathBuf::from(name())));
    }
    let error = Config::load(LoadOptions::new().environment([("HEPTAD_LOG", name())])).unwrap_err();
    let want = "`log.level` in HEPTAD_LOG is `caf\u{fffd}.db`; it is text that is not empty, in UTF-8";
    assert_eq!(error.message(), want);
}

#[test]
fn a_file_is_read_from_where_it_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heptad.toml");
    fs::write(
        &path,
        FILE.replace("[demo]", "").replace("wait = '1h30m'", "").replace("token = 'hunter2'", ""),
    )
    .unwrap();
    let named = variables(&[("HEPTAD_CONFIG", path.to_str().unwrap())]);
    for options in [LoadOptions::new().file(&path), LoadOptions::new().environment(named)] {
        let config = Config::load(options).unwrap();
        assert_eq!(config.get(&STORE_PATH), Some(folder.path().join("acme.db")));
    }
    let missing = Config::load(LoadOptions::new().file(folder.path().join("none.toml"))).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    fs::write(&path, [b'#', 0xff]).unwrap();
    assert_eq!(Config::load(LoadOptions::new().file(&path)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(
        Config::load(LoadOptions::new().file(folder.path())).unwrap_err().kind(),
        ErrorKind::Unavailable
    );
}

#[test]
fn every_declared_key_is_well_formed() {
    let all: Vec<_> = config::KEYS.iter().chain(KEYS).collect();
    for key in &all {
        let (section, rest) = key.name.split_once('.').expect("a section and a key");
        let word = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
        assert!(word(section) && word(rest), "{}", key.name);
        assert!(!key.doc.trim().is_empty(), "{}", key.name);
        if let Some(default) = key.default {
            let set = Config::load(LoadOptions::new().keys(KEYS).set(key.name, default));
            assert!(set.is_ok(), "the default of {} is one of its values", key.name);
        }
    }
    let short = all.iter().filter_map(|key| key.short_variable).map(str::to_owned);
    let names: Vec<String> = all.iter().map(|key| key.variable()).chain(short).collect();
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(names.len(), distinct.len(), "no two keys share an environment variable: {names:?}");
    assert!(names.iter().all(|name| name.starts_with("HEPTAD_") && name != "HEPTAD_CONFIG"), "{names:?}");
}

#[test]
fn variables_that_steer_tests_are_passed_over_and_others_are_not() {
    let steering = variables(&[
        ("HEPTAD_DATA", "../shared/data"),
        ("HEPTAD_NOT_RUN", "not-run.txt"),
        ("HEPTAD_CRASH_ROUNDS", "300"),
    ]);
    assert!(Config::load(LoadOptions::new().environment(steering)).is_ok());
    let unknown = variables(&[("HEPTAD_DATUM", "1")]);
    assert_eq!(
        Config::load(LoadOptions::new().environment(unknown)).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
}
