//! What is typed wrong, and what goes where.

use std::{io::Read as _, process::Stdio};

use crate::harness::{Place, command, heptad};

#[test]
fn what_is_not_understood_is_explained_with_exit_code_2() {
    for (line, part) in [
        (&["opreations"][..], "'operations'"),
        (&["--fromat", "json"][..], "'--format'"),
        (&["operations", "--format", "yaml"][..], "`--format` takes text, table, json, jsonl"),
        (&["completion", "csh"][..], "possible values"),
        (&["completion"][..], "<shell>"),
        (&["--color", "sometimes", "operations"][..], "possible values: auto, always, never"),
    ] {
        let said = heptad(line).failed(2);
        assert!(said.starts_with("error: ") && said.contains(part), "{line:?}: {said}");
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
    let mut command = command();
    command.args(["completion", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}
