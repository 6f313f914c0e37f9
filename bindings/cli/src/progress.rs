//! How far long work is, drawn on the terminal.

use std::{
    io::{self, IsTerminal as _},
    sync::{Arc, Mutex, OnceLock, TryLockError},
    time::{Duration, Instant},
};

use heptad::core::progress::{Progress, SharedProgress, Silent};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::globals::Globals;

/// What is done sooner than this needs no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar if a person is watching, else nothing.
pub(crate) fn watcher(globals: &Globals) -> SharedProgress {
    let dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
    let wanted = !globals.no_progress && !globals.quiet && globals.verbose == 0;
    if wanted && !dumb && io::stderr().is_terminal() { Arc::new(Bar::new()) } else { Arc::new(Silent) }
}

/// A bar on the standard error. It appears when the work takes a while, and leaves nothing behind.
struct Bar {
    since: Instant,
    drawn: OnceLock<ProgressBar>,
    label: Mutex<String>,
}

impl Bar {
    fn new() -> Self {
        Self { since: Instant::now(), drawn: OnceLock::new(), label: Mutex::new(String::new()) }
    }

    fn draw() -> ProgressBar {
        ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
            .with_style(style("{spinner} {pos} {wide_msg}"))
    }
}

impl Progress for Bar {
    fn report(&self, done: u64, total: u64, label: &str) {
        if self.drawn.get().is_none() && self.since.elapsed() < PATIENCE {
            return;
        }
        let bar = self.drawn.get_or_init(Self::draw);
        if total > 0 && bar.length() != Some(total) {
            bar.set_style(style("{bar:30} {pos}/{len} {wide_msg}"));
            bar.set_length(total);
        }
        // A caller never waits for another one's label: whoever comes second leaves it to the next report.
        match self.label.try_lock() {
            Ok(mut shown) if *shown != label => {
                label.clone_into(&mut shown);
                bar.set_message(label.to_owned());
            }
            Ok(_) | Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => {}
        }
        bar.set_position(done);
    }

    fn finish(&self) {
        if let Some(bar) = self.drawn.get() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
