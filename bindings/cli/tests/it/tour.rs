//! `heptad tour`, `review` and `search` on a small repository.

use crate::harness::Place;

const RISKY: &str = "import subprocess\n\n\ndef pack(path):\n    \"\"\"Packs a folder, and handles errors.\"\"\"\n    subprocess.run(\"tar cf out \" + path, shell=True)\n";

fn repository() -> Place {
    Place::new()
        .with("shop/pack.py", RISKY)
        .with("shop/README.md", "# Shop\n\n## Errors\n\nThey are handled.\n")
}

#[test]
fn tour_shows_every_stop() {
    let run = repository().run(&["tour", "shop", "--at", "here"]);
    assert_eq!(run.code, 0, "{run:?}");
    for stop in [
        "open    a platform with",
        "review  1 files against",
        "shop/pack.py".trim_start_matches("shop/"),
        "index   2 files",
        "“how are errors handled”: 2 places",
        "model   none is configured",
        "vectors none is configured",
        "heptad.review.scanned",
        "heptad.code.indexed",
        "here/heptad.db",
        "What to try next",
    ] {
        assert!(run.stdout.contains(stop), "{stop:?} is not in\n{}", run.stdout);
    }
    assert!(!run.stdout.contains('\u{1b}'), "no colours in a pipe");
}

#[cfg(feature = "candle")]
#[test]
fn tour_asks_the_models_whose_files_are_configured() {
    use heptad_testkit::models;

    let (Some(chat), Some(embedder)) = (models::gemma(), models::minilm()) else { return };
    let run = repository().run_with(&["tour", "shop", "--at", "here", "--format", "json"], |command| {
        command.env("HEPTAD_LLM_PROVIDER", "local").env("HEPTAD_LLM_MODEL", &chat);
        // It is a base model: it continues texts.
        command.env("HEPTAD_LLM_TEMPLATE", "plain");
        command.env("HEPTAD_LLM_EMBEDDING_PROVIDER", "local").env("HEPTAD_LLM_EMBEDDING_MODEL", &embedder);
    });
    let tour = run.json();
    let said = |which: &str| tour["models"][which]["used"]["what"].as_str().unwrap_or_default().to_owned();
    assert!(said("chat").ends_with(" tokens)"), "{}", tour["models"]);
    let likeness: Vec<f32> = said("embedder")
        .split_whitespace()
        .filter(|word| word.contains("0."))
        .filter_map(|word| word.parse().ok())
        .collect();
    assert!(matches!(likeness[..], [near, far] if near > far + 0.1), "{}", tour["models"]);
}

#[test]
fn a_tour_goes_on_where_another_ended_and_speaks_json() {
    let place = repository();
    place.run(&["tour", "shop", "--at", "here"]).ok();
    let tour = place.run(&["tour", "shop", "--at", "here", "--format", "json", "--ask", "packs"]).json();
    assert_eq!(tour["indexed"]["unchanged"], 2);
    assert_eq!(tour["found"]["hits"][0]["name"], "pack");
    assert_eq!(tour["reviewed"]["worst"][0]["rule"], "python-subprocess-shell");
    assert_eq!(tour["events"].as_array().unwrap().len(), 4);
}

#[test]
fn a_tour_of_nothing_says_what_is_missing() {
    let run = Place::new().run(&["tour", "nowhere"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("nowhere"), "{}", run.stderr);
}

#[test]
fn review_prints_the_form_asked_for_and_fails_the_gate_when_told_to() {
    let place = repository();
    let sarif = place.run(&["review", "scan", "shop", "--format", "sarif"]).json();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "python-subprocess-shell");
    let text = place.run(&["review", "scan", "shop"]);
    assert!(text.code == 0 && text.stdout.contains("pack.py:6"), "{text:?}");
    assert_eq!(text.stderr, "", "a report needs no database");
    assert_eq!(place.run(&["review", "scan", "shop", "--fail-on", "error"]).code, 1);
}

#[test]
fn search_finds_what_was_indexed_in_another_run() {
    let place = repository();
    place.run(&["--db", "shop.db", "code", "index", "shop"]).ok();
    let page = place.run(&["--db", "shop.db", "search", "query", "code", "packs", "--format", "json"]).json();
    assert_eq!(page["total"], 1);
    assert_eq!(page["hits"][0]["fields"]["name"], "pack");
    let short =
        ["--db", "shop.db", "search", "query", "code", "packs", "--fields", "line", "--format", "json"];
    assert_eq!(place.run(&short).json()["hits"][0]["fields"], serde_json::json!({ "line": 4 }));
    let unknown = place.run(&["--db", "shop.db", "search", "query", "code", "packs", "--fields", "lines"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("lines"), "{unknown:?}");
    let wrong = place.run(&["--db", "shop.db", "search", "query", "code", "(packs"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
}
