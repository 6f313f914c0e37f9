//! Operations that write and that stream.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use crate::harness::{Place, command};

const PLACED: &str =
    r#"{"specversion":"1.0","id":"1","source":"/shop","type":"shop.order.placed","data":{"n":1}}"#;

#[test]
fn what_is_written_is_kept_where_a_database_was_named_and_else_said_not_to_be() {
    let place = Place::new();
    place.run(&["--db", "shop.db", "events", "publish", "orders", "--events", PLACED]).ok();
    let read = place.run(&["--db", "shop.db", "events", "read", "orders", "--format", "json"]).json();
    assert_eq!(read["events"][0]["event"]["type"], "shop.order.placed");

    let line = ["events", "publish", "orders", "--events", PLACED];
    let forgotten = place.run(&line);
    assert!(
        forgotten.code == 0 && forgotten.stderr.starts_with("note: nothing of this is kept"),
        "{forgotten:?}"
    );
    assert_eq!(place.run(&[&line[..], &["--quiet"]].concat()).stderr, "");
}

#[test]
fn a_stream_is_printed_as_it_comes() {
    let place = Place::new();
    place.run(&["--db", "shop.db", "events", "publish", "orders", "--events", PLACED]).ok();
    let mut tail = command();
    tail.args(["--db", "shop.db", "events", "tail", "orders", "--after", "0", "--format", "jsonl"]);
    let mut child = tail.current_dir(place.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let item: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(item["event"]["id"], "1");
}
