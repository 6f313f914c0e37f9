//! Tables: equal lengths, distinct names, and a JSON form that loses nothing.

use std::borrow::Cow;

use heptad_core::{
    clock::Timestamp,
    operation::{Table, Values},
};
use proptest::prelude::*;
use serde_json::json;

#[test]
fn a_table_is_columns_of_equal_length_with_distinct_names() {
    let table = Table::new().with("a", [1_i64, 2]).unwrap();
    assert_eq!(
        table.clone().with("a", [1_i64, 2]).unwrap_err().message(),
        "the table has a column `a` already"
    );
    assert_eq!(
        table.with("b", [true]).unwrap_err().message(),
        "column `b` has 1 values where the table has 2 rows"
    );
    for wrong in [
        json!({"rows": 2, "columns": [{"name": "a", "type": "integer", "values": [1]}]}),
        json!({"rows": 0, "columns": [{"name": "a", "type": "text", "values": []}, {"name": "a", "type": "float", "values": []}]}),
        json!({"rows": 1, "columns": [{"name": "a", "type": "integer", "values": ["x"]}]}),
        json!({"rows": 1, "columns": [{"name": "a", "type": "decimal", "values": [1]}]}),
    ] {
        assert!(serde_json::from_value::<Table>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn the_json_form_is_columns_with_their_types() {
    let time: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let table = Table::new()
        .with("service", ["web", "db"])
        .and_then(|table| table.with("cost", vec![f64::NAN, f64::NEG_INFINITY]))
        .and_then(|table| table.with("since", vec![Some(time), None]))
        .unwrap();
    let want = json!({"rows": 2, "columns": [
        {"name": "service", "type": "text", "values": ["web", "db"]},
        {"name": "cost", "type": "float", "values": ["NaN", "-Infinity"]},
        {"name": "since", "type": "timestamp", "values": ["2026-01-02T03:04:05Z", null]},
    ]});
    assert_eq!(serde_json::to_value(table).unwrap(), want);
}

fn values(rows: usize) -> impl Strategy<Value = Values> {
    let time =
        (-1_000_000_000_000_i64..1_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap());
    prop_oneof![
        prop::collection::vec(any::<Option<i64>>(), rows).prop_map(Values::Integer),
        prop::collection::vec(
            prop::option::of(prop::num::f64::ANY.prop_filter("equal to itself", |f| !f.is_nan())),
            rows
        )
        .prop_map(Values::Float),
        prop::collection::vec(any::<Option<bool>>(), rows).prop_map(Values::Boolean),
        prop::collection::vec(prop::option::of(".*".prop_map(Cow::Owned)), rows).prop_map(Values::Text),
        prop::collection::vec(prop::option::of(time), rows).prop_map(Values::Timestamp),
    ]
}

proptest! {
    #[test]
    fn a_table_survives_its_json_form(columns in (0_usize..8).prop_flat_map(|rows| prop::collection::vec(values(rows), 0..5))) {
        let table = columns.into_iter().enumerate().try_fold(Table::new(), |table, (index, values)| table.with(format!("c{index}"), values));
        let table = table.unwrap();
        let text = serde_json::to_string(&table).unwrap();
        prop_assert_eq!(serde_json::from_str::<Table>(&text).unwrap(), table);
    }
}
