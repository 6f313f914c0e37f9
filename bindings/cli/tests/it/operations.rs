//! `heptad operations`.

use serde_json::Value;

use crate::harness::heptad;

#[test]
fn every_operation_is_listed_in_every_form() {
    let list = heptad(&["operations", "--format", "json"]).json();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    let lines = heptad(&["operations", "--format", "jsonl"]).ok();
    let again: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(list, Value::from(again));
    let text = heptad(&["operations"]).ok();
    for name in names {
        assert!(text.contains(name), "{name}");
        let (system, operation) = name.split_once('.').unwrap();
        let help = heptad(&[system, &operation.replace('_', "-"), "--help"]).ok();
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("Permission: {system}.")), "{help}");
        let one = heptad(&["operations", name, "--format", "json"]).json();
        assert_eq!(one[0]["name"], name);
        assert!(one[0]["request"].is_object() && one[0]["response"].is_object());
    }
}

#[test]
fn what_does_not_exist_is_not_found() {
    assert!(heptad(&["operations", "nowhere"]).failed(3).contains("`nowhere`"));
}
