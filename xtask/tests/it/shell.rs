//! Children.

use std::{path::Path, time::Duration};

use xtask::{
    shell::{Run, plain},
    test::Tool,
};

fn shell(script: &str) -> Run {
    Run::new("sh", ["-c", script], Path::new(".")).quiet()
}

#[test]
fn both_streams_are_kept_and_the_exit_code_told() {
    let ended = shell("echo out; echo err >&2; exit 3").wait().unwrap();
    assert_eq!((ended.code, ended.late, ended.output.as_str()), (Some(3), false, "out\n"));
    assert!(ended.text.contains("out") && ended.text.contains("err"));
    assert_eq!(ended.how(), "exit code 3");
}

#[test]
fn a_child_that_does_not_end_is_ended_with_its_children() {
    let ended = shell("sleep 600 & sleep 600").limit(Duration::from_millis(100)).wait().unwrap();
    assert!(ended.late && !ended.ok());
    assert_eq!(ended.how(), "ended at its time limit");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    assert!(
        Run::new("no-such-program", [""], Path::new(".")).wait().unwrap_err().contains("no-such-program")
    );
}

#[test]
fn colours_are_taken_off() {
    assert_eq!(plain("\u{1b}[1m\u{1b}[32mok\u{1b}[0m done"), "ok done");
    assert_eq!(plain("cut \u{1b}[3"), "cut ");
}

#[test]
fn a_tool_is_installed_only_when_that_is_allowed() {
    let missing = Tool { name: "frobnicator", proof: &["no-such-program"], install: &[&["true"]] };
    assert_eq!(missing.ensure(false).unwrap_err(), "frobnicator is not on this machine");
    assert_eq!(missing.ensure(true).unwrap_err(), "frobnicator was installed but does not run");
    let broken = Tool { name: "frobnicator", proof: &["no-such-program"], install: &[&["false"]] };
    assert!(broken.ensure(true).unwrap_err().contains("`false`: exit code 1"));
    assert!(Tool { name: "sh", proof: &["true"], install: &[] }.ensure(false).is_ok());
}
