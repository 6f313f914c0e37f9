//! `heptad completion`: the script with which a shell completes commands and flags.

use std::process::ExitCode;

use clap::{Arg, Command, value_parser};
use clap_complete::Shell;
use heptad::core::Result;

use super::Call;
use crate::app;

pub(super) fn command() -> Command {
    Command::new("completion")
        .about("Print a script that completes commands and flags")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .help("The shell")
                .required(true)
                .value_parser(value_parser!(Shell)),
        )
        .after_help(
            "bash:  heptad completion bash > ~/.local/share/bash-completion/completions/heptad\n\
             zsh:   heptad completion zsh > ~/.zfunc/_heptad   (a folder in $fpath)\n\
             fish:  heptad completion fish > ~/.config/fish/completions/heptad.fish",
        )
}

pub(super) fn run(call: &Call<'_>) -> Result<ExitCode> {
    if let Some(shell) = call.matches.get_one::<Shell>("shell") {
        let mut script = Vec::new();
        clap_complete::generate(
            *shell,
            &mut app::command(call.registry, app::Detail::Everything),
            "heptad",
            &mut script,
        );
        call.console.print_rendered(&String::from_utf8_lossy(&script))?;
    }
    Ok(ExitCode::SUCCESS)
}
