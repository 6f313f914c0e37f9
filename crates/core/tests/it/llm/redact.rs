//! What is taken out of what is sent.

use std::sync::Arc;

use heptad_core::{
    ErrorKind,
    llm::{
        ChatModel, ChatModelExt as _, Delta, FinishReason, Message, Part, Role, ToolCall, layers::Redacted,
        layers::Redaction,
    },
};
use heptad_testkit::{
    VirtualClock,
    llm::{Scripted, Step},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::question;

async fn sent(text: &str, redaction: Redaction) -> String {
    let model = Scripted::new([Step::answer("ok")], &VirtualClock::new());
    let redacted = Redacted::<dyn ChatModel>::new(Arc::new(model.clone()), Arc::new(redaction));
    redacted.chat(question(text)).await.unwrap();
    model.asked()[0].messages[0].text()
}

#[tokio::test]
async fn secrets_and_addresses_are_not_sent() {
    let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----";
    let cases = [
        (
            "mail ada@example.org or bob@example.org, not ada@example.org",
            "mail [EMAIL_1] or [EMAIL_2], not [EMAIL_1]",
        ),
        ("key sk-proj-abcdefghijklmnop_123!", "key [API_KEY_1]!"),
        ("AKIAIOSFODNN7EXAMPLE", "[AWS_KEY_1]"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[GITHUB_TOKEN_1]"),
        ("xoxb-123456789012-abc", "[SLACK_TOKEN_1]"),
        ("Authorization: Bearer abcdefghijklmnopqrst.uvw", "Authorization: [BEARER_TOKEN_1]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "[JWT_1]"),
        ("pay with 4111 1111 1111 1111.", "pay with [CARD_NUMBER_1]."),
        (
            "order 4111 1111 1111 1112 is no card, 2026-01-01 is a date",
            "order 4111 1111 1111 1112 is no card, 2026-01-01 is a date",
        ),
        ("nothing to see: user@host, sk-short, a@b", "nothing to see: user@host, sk-short, a@b"),
    ];
    for (text, want) in cases {
        assert_eq!(sent(text, Redaction::built_in()).await, want);
    }
    assert_eq!(sent(&format!("x {pem} y"), Redaction::built_in()).await, "x [PRIVATE_KEY_1] y");
    let own = Redaction::none().rule("CUSTOMER", r"\bC-[0-9]{4}\b").unwrap();
    assert_eq!(sent("for C-1234 and ada@example.org", own).await, "for [CUSTOMER_1] and ada@example.org");
}

/// What is sent of a conversation that ends with a call of a tool with these arguments and its result.
async fn sent_arguments(arguments: Value) -> Value {
    let model = Scripted::new([Step::answer("ok")], &VirtualClock::new());
    let redacted = Redacted::<dyn ChatModel>::new(Arc::new(model.clone()), Arc::new(Redaction::built_in()));
    let call = ToolCall { id: "1".into(), name: "pay".into(), arguments };
    let parts = vec![Part::ToolCall(call)];
    let mut request = question("pay");
    request.messages.push(Message { role: Role::Assistant, parts });
    request.messages.push(Message::tool_result("1", "paid"));
    redacted.chat(request).await.unwrap();
    match &model.asked()[0].messages[1].parts[0] {
        Part::ToolCall(call) => call.arguments.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn arguments_are_looked_at_in_every_place() {
    for (arguments, want) in [
        (json!({"to": ["ada@example.org"]}), json!({"to": ["[EMAIL_1]"]})),
        (json!({"card": 4111111111111111_u64}), json!({"card": "[CARD_NUMBER_1]"})),
        (json!({"ada@example.org": 1}), json!({"[EMAIL_1]": 1})),
        (
            json!({"a": {"ada@example.org": "bob@example.org"}, "b": "ada@example.org"}),
            json!({"a": {"[EMAIL_1]": "[EMAIL_2]"}, "b": "[EMAIL_1]"}),
        ),
        (
            json!({"n": 41, "f": -1.5, "t": true, "z": null}),
            json!({"n": 41, "f": -1.5, "t": true, "z": null}),
        ),
    ] {
        assert_eq!(sent_arguments(arguments.clone()).await, want, "{arguments}");
    }
}

#[tokio::test]
async fn a_secret_across_parts_of_a_message_is_found() {
    let cases: [(&[&str], &[&str]); 4] = [
        (&["my key: sk-abcdefgh", "ijklmnopqrst", " is it"], &["my key: [API_KEY_1]", " is it"]),
        (&["ada@exam", "ple.org", ", bob", "@example.org"], &["[EMAIL_1]", ", [EMAIL_2]"]),
        (&["ada@example.org", " and ", "bob@example.org"], &["[EMAIL_1]", " and ", "[EMAIL_2]"]),
        (&["x", "AKIAIOSFODNN7EXAMPLE"], &["x", "[AWS_KEY_1]"]),
    ];
    for (texts, want) in cases {
        let model = Scripted::new([Step::answer("ok")], &VirtualClock::new());
        let redacted =
            Redacted::<dyn ChatModel>::new(Arc::new(model.clone()), Arc::new(Redaction::built_in()));
        let mut request = question("?");
        request.messages[0].parts = texts.iter().map(|text| Part::Text { text: (*text).into() }).collect();
        redacted.chat(request).await.unwrap();
        let want: Vec<_> = want.iter().map(|text| Part::Text { text: (*text).into() }).collect();
        assert_eq!(model.asked()[0].messages[0].parts, want);
    }
}

#[test]
fn a_rule_that_cannot_be_is_refused() {
    for (name, pattern) in [("lower", "x"), ("", "x"), ("A", "("), ("A", "x*"), ("A", "(x{1000}){1000}")] {
        assert_eq!(
            Redaction::none().rule(name, pattern).unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{name} {pattern}"
        );
    }
}

async fn answered(pieces: Vec<Delta>) -> heptad_core::llm::ChatResponse {
    let finish = Delta::Finish { reason: FinishReason::Stop };
    let script = pieces.into_iter().chain([finish]).map(Step::Say).collect::<Vec<_>>();
    let model = Scripted::new([script], &VirtualClock::new());
    let redaction = Redaction::built_in().rule("QUOTE", "say \".*\"").unwrap().restoring();
    let redacted = Redacted::<dyn ChatModel>::new(Arc::new(model), Arc::new(redaction));
    let mut request = question("ada@example.org and bob@example.org");
    request.messages.push(Message::user("say \"hi\""));
    redacted.chat(request).await.unwrap()
}

#[tokio::test]
async fn what_was_taken_out_comes_back_in_text_and_arguments() {
    let call = Delta::ToolCall { index: 0, id: "1".into(), name: "mail".into() };
    let arguments = ["{\"to\": \"[EMA", "IL_2]\", \"text\": \"[QUOTE_1]\"}"];
    let arguments = arguments.map(|json| Delta::Arguments { index: 0, json: json.into() });
    let pieces = [Delta::text("To [EMAIL"), Delta::text("_1] and [EMAIL_3] [x"), call]
        .into_iter()
        .chain(arguments)
        .collect();
    let answer = answered(pieces).await;
    assert_eq!(answer.text, "To ada@example.org and [EMAIL_3] [x");
    assert_eq!(answer.tool_calls[0].arguments["to"], "bob@example.org");
    assert_eq!(answer.tool_calls[0].arguments["text"], "say \"hi\"");
}

proptest! {
    /// However an answer is cut into pieces, the same comes back.
    #[test]
    fn pieces_do_not_matter(parts in proptest::collection::vec(prop_oneof![Just("[EMAIL_1]"), Just("[EMAIL_2]"), Just("["), Just("[EMAIL_"), Just("ä]"), Just(" x ")], 0..8), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let text: String = parts.concat();
        let chars: Vec<char> = text.chars().collect();
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(chars.len() + 1)).collect();
        places.extend([0, chars.len()]);
        places.sort_unstable();
        let pieces = places.windows(2).map(|pair| chars[pair[0]..pair[1]].iter().collect::<String>()).filter(|piece| !piece.is_empty());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(answered(pieces.map(Delta::text).collect()));
        let want = text.replace("[EMAIL_1]", "ada@example.org").replace("[EMAIL_2]", "bob@example.org");
        prop_assert_eq!(answer.text, want);
    }
}
