//! `cargo xtask <chore>`: reads the command line and hands over.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to the person at the terminal")]

use std::process::ExitCode;

use xtask::{Result, bench, check, codegen, cost, test};

const USAGE: &str = "\
cargo xtask <chore>

  test [--filter PART]… [--skip-install TOOL|all]… [--list]
                            installs what it needs, runs every part, ends with `N passed, N failed, N skipped`
  check [RULE]…             proves the invariants of the architecture; --list names the rules
  codegen [--check]         writes what is made from the operation registry (bindings/); --check fails when it is stale
  bench [NAME]…             runs the benches and the side-by-side peers
  cost [FEATURE]…           measures packages and CPU-seconds of a cold debug build of each feature, prints the table";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one chore; `false` when it found something wrong.
fn run(arguments: &[String]) -> Result<bool> {
    let Some((chore, rest)) = arguments.split_first() else {
        return Err(format!("which chore?\n\n{USAGE}"));
    };
    match chore.as_str() {
        "test" => test::main(rest),
        "check" => check::main(rest),
        "codegen" => codegen::main(rest),
        "bench" => bench::main(rest),
        "cost" => cost::main(rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(true)
        }
        other => Err(format!("`{other}` is not a chore\n\n{USAGE}")),
    }
}
