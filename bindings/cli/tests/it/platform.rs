//! A real operation, end to end: requests, results, where things are kept.

use serde_json::json;

use crate::harness::{Place, heptad};

#[test]
fn a_request_can_be_flags_json_a_file_or_the_standard_input() {
    let expected = heptad(&["platform", "operations", "--system", "platform", "--format", "json"]).json();
    assert!(expected["operations"].as_array().unwrap().len() >= 4);
    let request = r#"{"system": "platform"}"#;
    let place = Place::new().with("request.json", request);
    for source in [request, "@request.json"] {
        let run = place.run(&["platform", "operations", "--json", source, "--format", "json"]);
        assert_eq!(run.json(), expected, "{source}");
    }
    assert_eq!(
        place.feed(&["platform", "operations", "--json", "-", "--format", "json"], request).json(),
        expected
    );
    let overridden = place.run(&["platform", "operations", "--json", request, "--system", "nowhere"]);
    assert!(overridden.failed(3).contains("nowhere"));
}

#[test]
fn a_wrong_request_is_explained() {
    let place = Place::new();
    for (json, part) in [
        (r#"{"sytem": "x"}"#, "did you mean `system`"),
        (r#"{"schemas": "yes"}"#, "schemas"),
        ("{", "`--json` is not JSON"),
        ("@missing.json", "`missing.json` cannot be read"),
    ] {
        let said = place.run(&["platform", "operations", "--json", json]).failed(2);
        assert!(said.contains(part) && said.contains("platform.operations"), "{json}: {said}");
        let error = place.run(&["platform", "operations", "--json", json, "--format", "json"]).failed_json(2);
        assert_eq!(
            (&error["kind"], &error["operation"]),
            (&json!("invalid_input"), &json!("platform.operations"))
        );
    }
    assert!(place.feed(&["platform", "operations", "--json", "-"], "{").failed(2).contains("standard input"));
}

#[test]
fn a_result_has_every_form() {
    let text = heptad(&["platform", "health"]).ok();
    assert!(text.starts_with("state    ok\nfailed   false\n") && text.contains("  store   memory"), "{text}");
    let table = heptad(&["platform", "health", "--format", "table"]).ok();
    assert!(table.starts_with("port\tadapter\t") && table.lines().count() == 4, "{table}");
    let whole = heptad(&["--format", "json", "platform", "health"]).json();
    assert_eq!(whole["failed"], false);
    assert_eq!(heptad(&["platform", "health", "--format", "jsonl"]).ok().lines().count(), 1);
    assert!(heptad(&["platform", "health", "--format", "sarif"]).failed(2).contains("jsonl"));
    assert!(heptad(&["--format", "sarif", "platform", "health"]).failed(2).contains("`--format` takes"));
}

#[test]
fn without_a_database_nothing_is_left_behind() {
    let place = Place::new();
    place.run(&["platform", "health"]).ok();
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn the_flag_wins_over_the_environment_and_that_over_the_file() {
    let place = Place::new().with("heptad.toml", "[store]\npath = \"file.db\"\n");
    let adapter = |run: crate::harness::Run| run.json()["parts"][0]["adapter"].as_str().unwrap().to_owned();
    let health = &["platform", "health", "--format", "json"][..];
    let with_file = &[health, &["--config", "heptad.toml"]].concat()[..];
    assert_eq!(adapter(place.run(with_file)), "sqlite");
    assert_eq!(place.names(), ["file.db", "heptad.toml"]);
    let environment = |command: &mut std::process::Command| {
        command.env("HEPTAD_STORE_PATH", "environment.db");
    };
    assert_eq!(adapter(place.run_with(with_file, environment)), "sqlite");
    assert_eq!(place.names(), ["environment.db", "file.db", "heptad.toml"]);
    place.run_with(&[with_file, &["--db", "flag.db"]].concat(), environment).ok();
    assert_eq!(place.names(), ["environment.db", "file.db", "flag.db", "heptad.toml"]);
}

#[test]
fn what_cannot_be_opened_is_told_with_its_kind() {
    let place = Place::new()
        .with("notes.txt", "not a database, but long enough to be taken for one".repeat(50).as_str());
    assert!(
        place
            .run(&["--db", "no/such/folder/x.db", "platform", "health"])
            .failed(3)
            .contains("no/such/folder")
    );
    assert!(
        place.run(&["--config", "missing.toml", "platform", "health"]).failed(3).contains("missing.toml")
    );
    let run = place.run(&["--db", "notes.txt", "platform", "health"]);
    assert!(run.code > 1 && run.stderr.contains("notes.txt"), "{run:?}");
    let variable = place.run_with(&["platform", "health"], |command| {
        command.env("HEPTAD_STORE_PTH", "x");
    });
    assert!(variable.failed(2).contains("did you mean `HEPTAD_STORE_PATH`"));
}

#[test]
fn the_log_goes_to_the_standard_error() {
    let run = heptad(&["-v", "platform", "health", "--format", "json"]);
    assert_eq!(run.code, 0);
    assert!(run.stderr.contains("platform.health"), "{run:?}");
    assert!(serde_json::from_str::<serde_json::Value>(&run.stdout).is_ok());

    let place = Place::new()
        .with("heptad.toml", "[log]\nlevel = \"info\"\n")
        .with("wrong.toml", "[log]\nlevel = \"a=b=c\"\n");
    let line = ["platform", "health", "--config", "heptad.toml"];
    assert!(place.run(&line).stderr.contains("platform.health"));
    assert_eq!(place.run(&[&line[..], &["--quiet"]].concat()).stderr, "");
    let wrong = place.run(&["platform", "health", "--config", "wrong.toml"]).failed(2);
    assert!(wrong.contains("`log.level`") && wrong.contains("wrong.toml:2"), "{wrong}");
}
