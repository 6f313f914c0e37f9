//! What is typed wrong, and what goes where.

use std::{io::Read as _, process::Stdio};

use crate::harness::{Place, command, heptad};

#[test]
fn what_is_not_understood_is_explained_with_exit_code_2() {
    for (line, part) in [
        (&["opreations"][..], "'operations'"),
        (&["review", "scn"][..], "unknown command 'scn'"),
        (&["review.scan", "src"][..], "`heptad review scan`"),
        (&["review", "scan"][..], "<PATH>"),
        (&["review", "scan", "src", "--lang", "x"][..], "'--languages'"),
        (&["review", "scan", "src", "--languages"][..], "a value is required"),
        (&["review", "scan", "src", "--languages", "pyton"][..], "`pyton` is not a language"),
        (&["review", "scan", "src", "--threads", "many"][..], "expected an integer"),
        (&["review", "scan", "--json", "{\"path\""][..], "is not JSON"),
        (&["review", "scan", "--json", "@nowhere.json"][..], "`nowhere.json` cannot be read"),
        (&["events", "publish", "orders", "--events", "{"][..], "expected JSON"),
        (&["--fromat", "json"][..], "'--format'"),
        (&["operations", "--format", "yaml"][..], "`--format` takes text, table, json, jsonl"),
        (&["completion", "csh"][..], "possible values"),
        (&["completion"][..], "<SHELL>"),
        (&["--color", "sometimes", "operations"][..], "possible values: auto, always, never"),
    ] {
        let said = heptad(line).failed(2);
        assert!(said.starts_with("error: ") && said.contains(part), "{line:?}: {said}");
    }
}

#[test]
fn what_does_not_exist_is_told_with_what_does() {
    assert!(heptad(&["operations", "review.scn"]).failed(3).contains("did you mean `review.scan`?"));
    assert!(heptad(&["review", "scan", "nowhere"]).failed(3).contains("`nowhere` cannot be read"));
    let missing = heptad(&["cost", "forecast"]).failed(6);
    assert!(missing.contains("the system `cost` is not in this build"), "{missing}");
    assert_eq!(heptad(&["cost", "--format", "json"]).failed_json(6)["kind"], "unsupported");
}

#[test]
fn a_system_alone_says_what_it_has() {
    assert_eq!(heptad(&["review"]).ok(), heptad(&["review", "--help"]).ok());
}

#[test]
fn the_shape_of_an_error_in_json_is_stable() {
    for line in [&["review", "scan", "nowhere"][..], &["rview"], &["cost"], &["review", "scan", "--nope"]] {
        let run = heptad(&[line, &["--format", "json"]].concat());
        assert_eq!((run.stdout.as_str(), run.stderr.lines().count()), ("", 1), "{run:?}");
        let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
        let keys: Vec<_> = error["error"].as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["kind", "message", "operation", "context", "retry_after_ms", "causes", "exit_code"];
        assert_eq!((keys, &error["error"]["exit_code"]), (expected.into(), &run.code.into()), "{line:?}");
    }
}

#[test]
fn programs_are_told_in_json() {
    let error = heptad(&["opreations", "--format", "json"]).failed_json(2);
    assert_eq!((&error["kind"], &error["exit_code"]), (&"invalid_input".into(), &2.into()));
    assert!(error["context"]["tip"].as_str().unwrap().contains("operations"), "{error}");
    let error = heptad(&["--format=jsonl", "operations", "nowhere"]).failed_json(3);
    assert_eq!(error["kind"], "not_found");
}

#[test]
fn a_pipe_gets_no_colours_unless_asked() {
    let coloured = |text: &str| text.contains('\u{1b}');
    let place = Place::new();
    assert!(!coloured(&place.run(&["--help"]).ok()));
    assert!(!coloured(&place.run(&["operations", "nowhere"]).failed(3)));
    assert!(coloured(&place.run(&["--color", "always", "--help"]).ok()));
    assert!(coloured(&place.run(&["--color=always", "operations", "nowhere"]).failed(3)));
    assert!(coloured(
        &place
            .run_with(&["--help"], |command| {
                command.env("CLICOLOR_FORCE", "1");
            })
            .ok()
    ));
    let both = |command: &mut std::process::Command| {
        command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    };
    assert!(!coloured(&place.run_with(&["--color=never", "--help"], both).ok()));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    for line in [&["completion", "bash"][..], &["operations", "--format", "json"], &["--help"]] {
        let mut command = command();
        command.args(line).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{line:?}");
    }
}
