//! The cases of `bindings/conformance`, as every binding replays them, here by way of [`Heptad::call`](heptad::Heptad::call).
//!
//! `case` is the format of the files, `text` what stands in braces, `difference` how values are compared, `replay` runs a case. The format is
//! explained in `bindings/conformance/README.md`.

mod case;
mod difference;
mod replay;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use heptad::ErrorKind;
use heptad_testkit::not_run;
use serde_json::Value;

use self::case::{Case, Cases};

macro_rules! replayed {
    ($($file:ident),+) => {
        /// The files of cases, without `.json`.
        const FILES: &[&str] = &[$(stringify!($file)),+];

        mod every_case_has_its_outcome_in {
            $(#[tokio::test]
            async fn $file() {
                super::replay(stringify!($file)).await;
            })+
        }
    };
}

replayed!(auth, backup, code, encryption, events, llm, platform, review, search, values);

/// Runs every case of a file, and fails with all that is wrong in it.
async fn replay(file: &str) {
    let operations = heptad::registry();
    let (mut failures, mut lacking) = (Vec::new(), BTreeMap::<String, usize>::new());
    let cases = cases(file);
    let count = cases.len();
    for case in cases {
        let lacks = case.calls().find(|name| operations.get(name).is_none()).map(str::to_owned);
        if let Some(lacks) = lacks {
            *lacking.entry(lacks).or_default() += 1;
        } else if let Err(why) = replay::case(&case).await {
            failures.push((case.name, why));
        }
    }
    for (operation, cases) in lacking {
        not_run(format_args!("{cases} of {count} cases of {file}.json: this build lacks `{operation}`"));
    }
    let told = failures.iter().map(|(case, why)| format!("\n\n“{case}”, {why}"));
    assert!(
        failures.is_empty(),
        "{file}.json: {} of {count} cases fail{}",
        failures.len(),
        told.collect::<String>()
    );
}

#[test]
fn every_operation_occurs_and_none_that_does_not_exist() {
    let listed = fs::read_to_string(folder().with_file_name("operations.json")).unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let listed: BTreeSet<&str> =
        listed.as_array().unwrap().iter().map(|operation| operation["name"].as_str().unwrap()).collect();
    let cases: Vec<Case> = FILES.iter().flat_map(|file| cases(file)).collect();
    let called: BTreeSet<&str> = cases.iter().flat_map(Case::calls).collect();
    assert_eq!(called, listed, "what the cases call, and what there is");
    let registry = heptad::registry();
    let built: BTreeSet<&str> = registry.iter().map(|operation| operation.spec.full_name).collect();
    assert!(built.is_subset(&called), "no case calls {:?}", built.difference(&called));
}

#[test]
fn every_kind_of_error_occurs_that_calls_in_memory_can_end_with() {
    let out_of_reach = [ErrorKind::Timeout, ErrorKind::Cancelled, ErrorKind::Internal];
    let within_reach = ErrorKind::ALL.iter().filter(|kind| !out_of_reach.contains(kind));
    let cases: Vec<Case> = FILES.iter().flat_map(|file| cases(file)).collect();
    let steps = cases.iter().flat_map(|case| &case.steps);
    let found: BTreeSet<&str> =
        steps.filter_map(|step| step.error.as_ref()).map(|error| error.kind.as_str()).collect();
    assert_eq!(found, within_reach.map(|kind| kind.as_str()).collect());
}

#[test]
fn every_file_is_replayed_and_its_cases_have_names_of_their_own() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let found: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, FILES.iter().map(|&file| file.to_owned()).collect());
    for file in FILES {
        let mut names = BTreeSet::new();
        for case in cases(file) {
            assert!(names.insert(case.name.clone()), "{file}.json has two cases called “{}”", case.name);
        }
    }
}

fn cases(file: &str) -> Vec<Case> {
    let path = folder().join(file).with_extension("json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Cases =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    cases.cases
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/conformance")
}
