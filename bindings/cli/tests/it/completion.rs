//! The scripts of `heptad completion` are scripts.

use std::process::Command;

use crate::harness::{Place, heptad};

#[test]
fn every_shell_has_a_script_with_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = heptad(&["completion", shell]).ok();
        for word in ["heptad", "operations", "completion", "no-progress"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        assert!(!script.contains('\u{1b}'), "{shell} gets a script without styles");
    }
}

#[test]
fn bash_takes_the_script_and_completes_with_it() {
    let place = Place::new();
    let script = heptad(&["completion", "bash"]).ok();
    std::fs::write(place.path().join("heptad.bash"), script).unwrap();
    let bash = |line: &str| Command::new("bash").args(["-c", line]).current_dir(place.path()).output();
    let Ok(parsed) = bash("bash -n heptad.bash") else {
        eprintln!("not run: there is no bash here");
        return;
    };
    assert!(parsed.status.success(), "{parsed:?}");
    let line = "source ./heptad.bash; COMP_WORDS=(heptad oper); COMP_CWORD=1; _heptad heptad oper heptad; echo ${COMPREPLY[*]}";
    let completed = bash(line).unwrap();
    assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), "operations", "{completed:?}");
}
