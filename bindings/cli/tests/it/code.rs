//! Operations on source code: paths as arguments, tables of definitions, errors with their exit codes.

use crate::harness::Place;

const SHOP: &str = "import os\n\nclass Shop:\n    \"\"\"Sells.\"\"\"\n    def sell(self, item: str) -> int:\n        return 1\n";

#[test]
fn a_path_is_an_argument_and_places_are_short() {
    let place = Place::new().with("shop.py", SHOP);
    let text = place.run(&["code", "outline", "shop.py"]).ok();
    for part in ["path        shop.py", "definitions (2)", "Shop.sell", "5:5-6:17"] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let found = place.run(&["code", "symbols", ".", "--query", "sell", "--format", "json"]).json();
    assert_eq!((&found["total"], &found["symbols"][0]["name"]), (&1.into(), &"sell".into()));
    assert_eq!(place.names(), ["shop.py"]);
}

#[test]
fn mistakes_have_their_exit_codes() {
    let place = Place::new().with("shop.py", SHOP);
    assert!(place.run(&["code", "outline"]).failed(2).contains("<PATH>"));
    assert!(place.run(&["code", "outline", "nope"]).failed(3).contains("`nope`"));
    assert!(
        place.run(&["code", "outline", ".", "--languages", "python,pyton"]).failed(2).contains("'python'")
    );
    assert_eq!(
        place.run(&["code", "symbols", ".", "--limit", "0", "--format", "json"]).failed_json(2)["operation"],
        "code.symbols"
    );
    assert!(
        place.run(&["code", "symbols", ".", "--limit", "many"]).failed(2).contains("expected an integer")
    );
}
