//! What comes out of replies, and with which exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::{Arc, Mutex},
};

use futures_util::{FutureExt as _, StreamExt as _, stream};
use heptad::core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::{rows, stream as print_stream, whole};
use crate::{
    commands::operation::Form,
    output::{Console, Format, is_closed},
    sample,
};

/// What was written, readable from outside.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no writer panicked").clone()).expect("text")
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reader that has left.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn streamed(console: &Console, items: Vec<Result<Value>>) -> Result<ExitCode> {
    crate::runtime::block_on(print_stream(console, stream::iter(items).boxed()))
}

fn items() -> Vec<Result<Value>> {
    vec![Ok(json!({ "n": 1, "s": "a" })), Ok(json!({ "n": 20, "s": null }))]
}

#[test]
fn items_are_printed_in_the_form_asked_for() {
    for (format, expected) in [
        (Format::Text, "n=1 s=a\nn=20\n"),
        (Format::Json, "{\"n\":1,\"s\":\"a\"}\n{\"n\":20,\"s\":null}\n"),
        (Format::Jsonl, "{\"n\":1,\"s\":\"a\"}\n{\"n\":20,\"s\":null}\n"),
        (Format::Table, "n\ts\n1\ta\n20\t\n"),
    ] {
        let paper = Paper::default();
        let code = streamed(&Console::to(paper.clone(), format), items()).expect("a good end");
        assert_eq!((code, paper.text().as_str()), (ExitCode::SUCCESS, expected), "{format:?}");
    }
}

#[test]
fn what_came_before_an_error_is_printed_and_what_comes_after_is_not() {
    let paper = Paper::default();
    let mut list = items();
    list.insert(1, Err(Error::not_found("gone")));
    let error = streamed(&Console::to(paper.clone(), Format::Jsonl), list).expect_err("an error in between");
    assert_eq!((error.kind(), paper.text().as_str()), (ErrorKind::NotFound, "{\"n\":1,\"s\":\"a\"}\n"));
}

#[test]
fn items_come_out_as_they_come_in() {
    let paper = Paper::default();
    let console = Console::to(paper.clone(), Format::Jsonl);
    let (send, receive) = tokio::sync::mpsc::unbounded_channel::<Result<Value>>();
    let items =
        stream::unfold(receive, |mut receive| async { receive.recv().await.map(|item| (item, receive)) });
    let ended = crate::runtime::block_on(async {
        let mut printing = Box::pin(print_stream(&console, items.boxed()));
        send.send(Ok(json!(1))).expect("open");
        assert!((&mut printing).now_or_never().is_none(), "the stream goes on");
        assert_eq!(paper.text(), "1\n");
        send.send(Ok(json!(2))).expect("open");
        drop(send);
        printing.await
    });
    assert!(ended.is_ok());
    assert_eq!(paper.text(), "1\n2\n");
}

#[test]
fn a_reader_that_left_ends_the_stream() {
    let endless = stream::repeat_with(|| Ok(json!(1))).boxed();
    let ended = crate::runtime::block_on(print_stream(&Console::to(Closed, Format::Jsonl), endless));
    assert!(is_closed(&ended.expect_err("nobody reads")));
}

#[test]
fn a_failed_gate_is_an_exit_code_and_rendered_text_is_printed_as_it_is() {
    let spec = sample::registry().get("sample.scan").expect("an operation of the sample").spec;
    for (response, form, text, code) in [
        (json!({ "failed": false }), Form::Ours, "failed  false\n", 0),
        (json!({ "failed": true }), Form::Ours, "failed  true\n", 1),
        (json!({ "failed": "true" }), Form::Ours, "failed  true\n", 0),
        (json!({ "failed": true, "rendered": "\tas it is" }), Form::Theirs("sarif"), "\tas it is", 1),
        (json!({ "rendered": "text\n" }), Form::Unsaid { text: true }, "text\n", 0),
        (json!(null), Form::Ours, "", 0),
    ] {
        let paper = Paper::default();
        let ended = whole(&Console::to(paper.clone(), Format::Text), spec, form, response.clone());
        assert_eq!((ended.ok(), paper.text().as_str()), (Some(ExitCode::from(code)), text), "{response}");
    }
}

#[test]
fn columns_become_rows() {
    let table = json!({ "rows": 2, "columns": [
        { "name": "day", "type": "text", "values": ["Mon", "Tue"] },
        { "name": "n", "type": "integer", "values": [1, null] },
    ]});
    assert_eq!(rows(table), json!([{ "day": "Mon", "n": 1 }, { "day": "Tue", "n": null }]));
    assert_eq!(rows(json!({ "rows": 0, "columns": [] })), json!([]));
    assert_eq!(rows(json!([1])), json!([1]));
}
