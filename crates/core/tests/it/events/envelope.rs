//! CloudEvents: what is written reads back, and what is wrong is named.

use std::collections::BTreeMap;

use heptad_core::{
    ErrorKind,
    clock::Timestamp,
    events::{Data, Event, Extension, batch_from_json, batch_to_json},
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn minimal() -> Value {
    json!({ "specversion": "1.0", "id": "1", "source": "/shop", "type": "shop.order.paid" })
}

fn with(attribute: &str, value: Value) -> Value {
    let mut event = minimal();
    event[attribute] = value;
    event
}

fn read(event: &Value) -> heptad_core::Result<Event> {
    Event::from_json(event.to_string().as_bytes())
}

#[test]
fn the_example_of_the_specification_is_read() {
    // CloudEvents 1.0.2, JSON event format, section 3.2.
    let text = br#"{
        "specversion" : "1.0",
        "type" : "com.example.someevent",
        "source" : "/mycontext",
        "subject": null,
        "id" : "C234-1234-1234",
        "time" : "2018-04-05T17:31:00Z",
        "comexampleextension1" : "value",
        "comexampleothervalue" : 5,
        "datacontenttype" : "application/vnd.apache.thrift.binary",
        "data_base64" : "AAEC"
    }"#;
    let event = Event::from_json(text).unwrap();
    assert_eq!(event.id, "C234-1234-1234");
    assert_eq!(event.subject, None);
    assert_eq!(event.time, Some("2018-04-05T17:31:00Z".parse().unwrap()));
    assert_eq!(event.extensions["comexampleothervalue"], Extension::Integer(5));
    assert_eq!(event.data, Some(Data::Binary(vec![0, 1, 2])));
}

#[test]
fn what_is_wrong_is_refused_and_named() {
    let long = "a".repeat(21);
    for (event, named) in [
        (with("specversion", json!("0.3")), "`specversion`: `0.3`"),
        (with("specversion", Value::Null), "`specversion` is missing"),
        (with("id", json!("")), "`id` is empty"),
        (with("id", json!(7)), "`id`: `7` is not a JSON string"),
        (with("id", Value::Null), "`id` is missing"),
        (with("id", json!("a\u{7}b")), "U+0007"),
        (with("id", json!("\u{FFFE}")), "U+FFFE"),
        (with("type", json!("")), "`type` is empty"),
        (with("source", json!("")), "`source` is empty"),
        (with("source", json!("a b")), "`source`: `a b`"),
        (with("source", json!("/ä")), "percent-encoded"),
        (with("source", json!("/100%")), "hexadecimal"),
        (with("source", json!("1a:b")), "scheme"),
        (with("source", json!("/a#b#c")), "one `#`"),
        (with("source", json!("/a[1]")), "brackets"),
        (with("subject", json!("")), "`subject` is empty"),
        (with("time", json!("yesterday")), "`time`: `yesterday`"),
        (with("time", json!("2026-01-01")), "`time`"),
        (with("time", json!("2026-01-01T00:00:00")), "`time`"),
        (with("time", json!("2026-01-01 00:00:00Z")), "`time`"),
        (with("time", json!("2026-02-30T00:00:00Z")), "`time`"),
        (with("time", json!("2026-01-01T00:00:00.Z")), "`time`"),
        (with("datacontenttype", json!("json")), "`datacontenttype`: `json`"),
        (with("datacontenttype", json!("a/b; c")), "`datacontenttype`"),
        (with("dataschema", json!("/relative")), "absolute URI"),
        (with("data_base64", json!("***")), "`data_base64`"),
        (with("big", json!(2_147_483_648_u64)), "`big`"),
        (with("half", json!(0.5)), "`half`"),
        (with("deep", json!({ "a": 1 })), "belongs into `data`"),
        (with("UPPER", json!("x")), "`UPPER`"),
        (with("with_underscore", json!("x")), "`with_underscore`"),
        (with(&long, json!("x")), "1 to 20"),
        (json!([]), "a CloudEvent"),
    ] {
        let refused = read(&event).expect_err(&event.to_string());
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert!(refused.message().contains(named), "{event}: {refused}");
    }
    let mut both = with("data", Value::Null);
    both["data_base64"] = json!("AA==");
    assert!(read(&both).unwrap_err().message().contains("both given"));
    let twice = br#"{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t"}"#;
    assert!(Event::from_json(twice).unwrap_err().message().contains("`id` is given twice"));
    let cut = br#"{"specversion":"1.0","#;
    assert!(Event::from_json(cut).unwrap_err().message().contains("line 1 column"));
}

#[test]
fn what_is_right_is_accepted() {
    let good = [
        "https://acme.example/a?b=c#d",
        "urn:uuid:6e8bc430",
        "mailto:a@b.example",
        "/",
        "../x",
        "//[::1]:80/x",
        "a%20b",
        "?q",
    ];
    for source in good {
        assert_eq!(read(&with("source", json!(source))).unwrap().source, source);
    }
    for time in [
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00.123456789z",
        "2026-01-01T01:00:00+01:00",
        "0000-01-01T00:00:00Z",
    ] {
        assert!(read(&with("time", json!(time))).unwrap().time.is_some(), "{time}");
    }
    for content_type in ["application/json", "text/plain; charset=utf-8", "a/b;c=\"d e\""] {
        assert!(read(&with("datacontenttype", json!(content_type))).is_ok(), "{content_type}");
    }
    assert_eq!(read(&with("data", Value::Null)).unwrap().data, Some(Data::Json(Value::Null)));
}

#[test]
fn hostile_input_is_refused_without_harm() {
    let deep = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/","type":"t","data":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(Event::from_json(deep.as_bytes()).is_err());
    let long = "x".repeat(1 << 20);
    let refused = read(&with("time", json!(long))).unwrap_err();
    assert!(refused.message().len() < 500, "a message does not repeat a megabyte");
    for bytes in [&b""[..], b"\xff\xfe", b"null", b"{}", b"{\"specversion\":\"1.0\"}x"] {
        assert!(Event::from_json(bytes).is_err());
    }
    // What could not be read back is not written either.
    let nested = (0..125).fold(json!(1), |inner, _| json!([inner]));
    assert!(Event::new("/", "t").data(&nested).unwrap().to_json().unwrap_err().message().contains("deeper"));
}

#[test]
fn a_batch_is_all_or_nothing() {
    assert_eq!(batch_from_json(b"[]").unwrap(), []);
    let good = batch_to_json(&[Event::new("/", "t").id("1"), Event::new("/", "t").id("2")]).unwrap();
    assert_eq!(batch_from_json(good.as_bytes()).unwrap().len(), 2);
    assert!(batch_from_json(json!([minimal(), with("id", json!(""))]).to_string().as_bytes()).is_err());
    let wrong = batch_to_json(&[Event::new("/", "t"), Event::new("", "t")]).unwrap_err();
    assert!(wrong.to_string().contains("event: 1"), "{wrong}");
}

#[test]
fn extensions_keep_what_json_can_tell_apart() {
    let noon: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
    let event = Event::new("/", "t")
        .extension("flag", true)
        .extension("number", -5)
        .extension("text", "x")
        .extension("at", noon)
        .extension("bytes", Extension::binary(&[1, 2, 3]));
    let back = Event::from_json(event.to_json().unwrap().as_bytes()).unwrap();
    assert_eq!(back, event);
    assert_eq!(back.extensions["flag"].as_bool(), Some(true));
    assert_eq!(back.extensions["number"].as_i32(), Some(-5));
    assert_eq!(back.extensions["at"].as_timestamp(), Some(noon));
    assert_eq!(back.extensions["bytes"].as_binary(), Some(vec![1, 2, 3]));
    assert_eq!(back.extensions["text"].as_timestamp(), None);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1_000_000i32..1_000_000).prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    "[^\\p{C}]{1,12}"
}

prop_compose! {
    fn events()(
        (id, event_type, subject) in (text(), text(), prop::option::of(text())),
        source in "(/|https://acme\\.example/|urn:x:)[a-z0-9._~-]{1,12}(%2[0-9A-F])?",
        time in prop::option::of((-62_167_219_200i64..253_402_207_200, 0i32..1_000_000_000)),
        content_type in prop::option::of("[a-z]{1,8}/[a-z0-9.+-]{1,8}"),
        schema in prop::option::of("https://[a-z]{1,8}\\.example/[a-z]{0,8}"),
        extensions in prop::collection::btree_map(
            "x[a-z0-9]{0,19}",
            prop_oneof![
                any::<bool>().prop_map(Extension::from),
                any::<i32>().prop_map(Extension::from),
                text().prop_map(Extension::from),
            ],
            0..4,
        ),
        data in prop::option::of(prop_oneof![
            value().prop_map(Data::Json),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(Data::Binary),
        ]),
    ) -> Event {
        let mut event = Event::new(source, event_type).id(id);
        event.subject = subject;
        event.time = time.map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap());
        event.content_type = content_type;
        event.schema = schema;
        event.extensions = extensions as BTreeMap<_, _>;
        event.data = data;
        event
    }
}

proptest! {
    #[test]
    fn an_event_reads_back_as_it_was_written(event in events()) {
        let text = event.to_json().unwrap();
        prop_assert_eq!(&Event::from_json(text.as_bytes()).unwrap(), &event);
        // And through serde, as a part of something else.
        prop_assert_eq!(serde_json::from_value::<Event>(serde_json::to_value(&event).unwrap()).unwrap(), event);
    }

    #[test]
    fn a_batch_reads_back_as_it_was_written(events in prop::collection::vec(events(), 0..4)) {
        let text = batch_to_json(&events).unwrap();
        prop_assert_eq!(batch_from_json(text.as_bytes()).unwrap(), events);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Event::from_json(&bytes);
        let _ = batch_from_json(&bytes);
    }

    #[test]
    fn no_json_makes_the_reader_panic_and_what_it_accepts_it_can_write(
        members in prop::collection::vec(("(specversion|id|source|type|subject|time|datacontenttype|dataschema|data|data_base64|[a-z]{1,5})", prop_oneof![Just(json!("1.0")), Just(json!("AA==")), value()]), 0..10),
    ) {
        let mut event = minimal();
        for (name, value) in members {
            event[name] = value;
        }
        if let Ok(event) = read(&event) {
            prop_assert_eq!(read(&serde_json::from_str(&event.to_json().unwrap()).unwrap()).unwrap(), event);
        }
    }
}
