//! The scripts of `heptad completion` are scripts, and complete.

use std::process::Command;

use crate::harness::{Place, heptad};

/// The script for `shell` in a folder of its own.
fn script(shell: &str) -> Place {
    Place::new().with("script", &heptad(&["completion", shell]).ok())
}

/// What `shell` says to `arguments`; nothing where it is not on this machine.
fn run(place: &Place, shell: &str, arguments: &[&str]) -> Option<(bool, String)> {
    let output = Command::new(shell).args(arguments).current_dir(place.path()).output();
    let Ok(output) = output else {
        eprintln!("not run: there is no {shell} here");
        return None;
    };
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).trim().to_owned()))
}

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
fn every_shell_that_is_here_can_read_its_script() {
    for (shell, only_read) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        if let Some(said) = run(&script(shell), shell, &[only_read, "script"]) {
            assert_eq!(said, (true, String::new()), "{shell}");
        }
    }
}

#[test]
fn bash_completes_systems_operations_flags_and_values() {
    let place = script("bash");
    for (line, completed) in [
        (&["heptad", "rev"][..], "review"),
        (&["heptad", "oper"], "operations"),
        (&["heptad", "review", "sc"], "scan"),
        (&["heptad", "review", "scan", "--fail"], "--fail-on"),
        (&["heptad", "review", "scan", "--fail-on", ""], "note warning error"),
        (&["heptad", "review", "scan", "--format", "sa"], "sarif"),
        (&["heptad", "code", "index", "--languages", "ru"], "ruby rust"),
        (&["heptad", "completion", "z"], "zsh"),
    ] {
        let (last, before) = (line[line.len() - 1], line[line.len() - 2]);
        let words: Vec<_> = line.iter().map(|word| format!("'{word}'")).collect();
        let program = format!(
            "source ./script; COMP_WORDS=({}); COMP_CWORD={}; _heptad heptad '{last}' '{before}'; echo ${{COMPREPLY[*]}}",
            words.join(" "),
            line.len() - 1
        );
        let Some(said) = run(&place, "bash", &["-c", &program]) else { return };
        assert_eq!(said, (true, completed.to_owned()), "{line:?}");
    }
}
