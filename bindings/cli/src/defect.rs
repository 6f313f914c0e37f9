//! A panic is a defect of ours, and told like every other error: in words or as JSON, never as Rust tells it.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    sync::{Mutex, PoisonError},
};

use heptad::core::{Error, ErrorKind, Result};

/// Where the last panic was, as `file:line`.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// From now on nobody but us tells of panics. The log has them (`-v`), also those on threads that nobody waits for.
pub(crate) fn silence() {
    panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
        tracing::error!(target: "heptad::panic", place, message = said(info.payload()), "panicked");
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
}

/// What `work` gives; a panic in it is an `Internal` error.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        Err(Error::internal(format!("a defect in the command line: it panicked with `{}`", said(&*payload))))
    })
}

/// `error`, with the place of the panic where that is what it tells of.
pub(crate) fn placed(error: Error) -> Error {
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
    match place {
        Some(place) if error.kind() == ErrorKind::Internal => error.with("place", place),
        _ => error,
    }
}

fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("something that is no text")
}

#[cfg(test)]
mod tests {
    use std::process::{Command, ExitCode};

    use heptad::core::Result;
    use serde_json::Value;

    use crate::{
        globals::Globals,
        output::{Console, Format},
    };

    /// The variable that makes the test below the program that panics.
    const CHILD: &str = "HEPTAD_CRASH_PANIC";

    fn panicking() -> Result<ExitCode> {
        let index = std::hint::black_box(7);
        let _ = [1, 2, 3][index];
        Ok(ExitCode::SUCCESS)
    }

    #[test]
    fn a_panic_is_told_once_and_in_the_form_asked_for() {
        if let Ok(format) = std::env::var(CHILD) {
            super::silence();
            let console = Console::new(&Globals::default(), Format::named(&format).unwrap_or_default());
            let code = crate::finish(super::caught(panicking), &console);
            std::process::exit(if code == ExitCode::from(70) { 70 } else { 0 });
        }
        let run = |format: &str| {
            let mut child = Command::new(std::env::current_exe().expect("this test is a program"));
            child.args([
                "--exact",
                "--nocapture",
                "defect::tests::a_panic_is_told_once_and_in_the_form_asked_for",
            ]);
            let output = child.env(CHILD, format).env("RUST_BACKTRACE", "1").output().expect("it runs");
            (output.status.code(), String::from_utf8(output.stderr).expect("text"))
        };
        let (code, said) = run("json");
        let error: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert_eq!((code, &error["error"]["kind"]), (Some(70), &"internal".into()));
        assert!(error["error"]["message"].as_str().is_some_and(|text| text.contains("index out of bounds")));
        assert!(error["error"]["context"]["place"].as_str().is_some_and(|at| at.contains("defect.rs:")));

        let (code, said) = run("text");
        assert_eq!(code, Some(70));
        assert!(said.starts_with("error: a defect in the command line"), "{said}");
        assert!(said.contains("/issues") && !said.contains("RUST_BACKTRACE"), "{said}");
    }
}
