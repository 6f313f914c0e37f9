//! Laws that hold for all code, not only for examples.

use heptad_core::code::Language;
use heptad_review::{
    model::Finding,
    rules::{RuleSet, read},
    scan::{FileOutcome, Options, Outcome, scan, scan_source},
};
use proptest::prelude::*;

/// Statements that rules find something in, and statements that they do not.
const PYTHON: [&str; 12] = [
    "eval(x)",
    "os.system('ls ' + name)",
    "cursor.execute(f\"SELECT a FROM b WHERE c = {d}\")",
    "token = random.choice(letters)",
    "from hashlib import md5",
    "md5(data)",
    "value = 'äöü 😀'",
    "print(1, *rest, key=2)",
    "assert (a, 'b')",
    "if mode is 'fast':\n    eval(mode)",
    "yaml.load(text)",
    "with tarfile.open(p) as t:\n    t.extractall()",
];

fn python() -> impl Strategy<Value = String> {
    let line = prop_oneof![4 => prop::sample::select(&PYTHON[..]).prop_map(str::to_owned), 1 => "\\PC{0,30}"];
    let end = prop::sample::select(vec!["\n", "\r\n", "\n\n"]);
    prop::collection::vec((line, end), 0..20)
        .prop_map(|lines| lines.into_iter().map(|(a, b)| a + b).collect())
}

fn rules() -> std::sync::Arc<RuleSet> {
    RuleSet::built_in().unwrap()
}

fn all_findings(outcome: &FileOutcome) -> impl Iterator<Item = &Finding> {
    outcome.findings.iter().chain(outcome.suppressed.iter().map(|s| &s.finding))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_finding_says_stands_in_the_source_where_it_says(code in python()) {
        let outcome = scan_source(&rules(), Options::default(), "f.py", Language::Python, code.as_str());
        for finding in all_findings(&outcome) {
            let span = finding.location.span;
            prop_assert!(span.start.byte < span.end.byte);
            prop_assert!(code.get(span.start.byte as usize..span.end.byte as usize).is_some());
            for variable in finding.metavariables.values() {
                let text = &code[variable.span.start.byte as usize..variable.span.end.byte as usize];
                prop_assert!(text == variable.text || variable.text.ends_with('…'), "{text:?} {variable:?}");
            }
            let line = code.split_inclusive(['\n', '\r']).count() as u32 + 1;
            prop_assert!(span.end.line <= line);
            let first = &finding.snippet.lines[0];
            prop_assert!(first.number == span.start.line && first.from <= first.to);
        }
    }

    #[test]
    fn the_prefilter_changes_nothing(code in python()) {
        let with = scan_source(&rules(), Options::default(), "f.py", Language::Python, code.as_str());
        let options = Options { prefilter: false, ..Options::default() };
        let without = scan_source(&rules(), options, "f.py", Language::Python, code.as_str());
        prop_assert_eq!(with.findings, without.findings);
        prop_assert_eq!(with.suppressed, without.suppressed);
    }

    #[test]
    fn a_fingerprint_survives_lines_above_and_another_indentation(code in python(), above in 0usize..5) {
        let plain = scan_source(&rules(), Options::default(), "f.py", Language::Python, code.as_str());
        prop_assume!(plain.problems.is_empty());
        let moved = format!("{}{code}", "# a comment\n\n".repeat(above));
        let moved = scan_source(&rules(), Options::default(), "f.py", Language::Python, moved);
        let prints = |outcome: &FileOutcome| all_findings(outcome).map(|f| f.fingerprint.clone()).collect::<Vec<_>>();
        prop_assert_eq!(prints(&plain), prints(&moved));
        let mut distinct = prints(&plain);
        distinct.sort();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), prints(&plain).len());
    }

    #[test]
    fn any_text_is_scanned_or_refused_without_a_panic(code in "\\PC{0,300}", language in prop::sample::select(vec![
        Language::Python, Language::JavaScript, Language::TypeScript, Language::Tsx,
    ])) {
        scan_source(&rules(), Options { prefilter: false, ..Options::default() }, "f", language, code);
    }

    #[test]
    fn any_pattern_is_compiled_or_refused_without_a_panic(pattern in "[$.A-Za-z(){}\\[\\]\"'`=,:; \n]{0,40}") {
        let rule = format!("[[rule]]\nid = \"x\"\nlanguages = [\"python\", \"javascript\", \"typescript\"]\nseverity = \"error\"\n\
            confidence = \"low\"\nmessage = \"m\"\npattern = '''{pattern}'''\n");
        if let Ok(rules) = read("r", &rule) {
            let rules = RuleSet::new(rules).unwrap();
            scan_source(&rules, Options::default(), "f", Language::Python, PYTHON.join("\n"));
        }
    }

    #[test]
    fn any_rule_file_is_read_or_refused_without_a_panic(text in "\\PC{0,200}") {
        let _ = read("r", &text);
        let _ = read("r", &format!("[[rule]]\n{text}"));
    }
}

#[test]
fn one_thread_finds_what_many_find_byte_for_byte() {
    let files: Vec<String> = (0..200).map(|n| format!("f{n}.py")).collect();
    let code = |name: &str| {
        let n: usize = name.trim_start_matches('f').trim_end_matches(".py").parse().unwrap();
        let lines: Vec<&str> = (0..n % 30).map(|i| PYTHON[(n * 7 + i * 5) % PYTHON.len()]).collect();
        Ok(Some(lines.join("\n").into_bytes()))
    };
    let run = |threads: usize, files: &[String]| -> Outcome {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| scan(&rules(), Options::default(), files, code, |_| {}))
    };
    let one = run(1, &files);
    assert!(one.findings.len() > 100);
    let reversed: Vec<String> = files.iter().rev().cloned().collect();
    for other in [run(8, &files), run(3, &reversed)] {
        let json =
            |outcome: &Outcome| serde_json::to_string(&(&outcome.findings, &outcome.problems)).unwrap();
        assert_eq!(json(&one), json(&other));
        assert_eq!(one, other);
    }
}
