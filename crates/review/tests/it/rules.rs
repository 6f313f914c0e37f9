//! The built-in rules keep what they promise, and rule files that are wrong are refused with a place.

use heptad_core::code::Language;
use heptad_review::{
    model::Finding,
    rules::{Choice, RuleSet, read},
    scan::{Options, scan_source},
};

fn findings(rules: &RuleSet, language: Language, code: &str) -> Vec<Finding> {
    let outcome = scan_source(rules, Options::default(), "example", language, code);
    assert!(outcome.skipped.is_none(), "{code}: {:?}", outcome.skipped);
    outcome.findings
}

#[test]
fn every_bad_example_is_found_and_no_good_one_is() {
    let rules = RuleSet::built_in().unwrap();
    let mut wrong = Vec::new();
    for rule in rules.rules() {
        let info = &rule.info;
        let own = rules
            .choose(Vec::new(), &Choice { rules: std::slice::from_ref(&info.id), languages: &[] })
            .unwrap();
        for compiled in &rule.compiled {
            let language = compiled.language;
            // Code with angle brackets for tags is TSX or JavaScript, not TypeScript.
            let written_in = |code: &str| language != Language::TypeScript || !code.contains("= <");
            for bad in info.bad.iter().filter(|code| written_in(code)) {
                if findings(&own, language, bad).is_empty() {
                    wrong.push(format!("{} misses in {language}: {bad}", info.id));
                }
            }
            for good in info.good.iter().filter(|code| written_in(code)) {
                for finding in findings(&own, language, good) {
                    wrong.push(format!("{} reports in {language}: {good}: {}", info.id, finding.message));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_built_in_rule_is_documented_and_tested() {
    let rules = RuleSet::built_in().unwrap();
    let count = |pack: &str| rules.rules().iter().filter(|rule| rule.info.pack == pack).count();
    assert!(count("python") >= 8 && count("javascript") >= 8);
    for rule in rules.rules() {
        let info = &rule.info;
        assert!(!info.cwe.is_empty(), "{} has no weakness", info.id);
        assert!(!info.explanation.is_empty() && !info.remedy.is_empty(), "{} explains nothing", info.id);
        assert!(!info.bad.is_empty() && !info.good.is_empty(), "{} has no examples", info.id);
        assert!(info.id.starts_with(&info.pack), "{} belongs to another pack", info.id);
    }
}

#[test]
fn a_wrong_rule_is_refused_with_file_line_rule_and_key() {
    let rule = |lines: &str| {
        format!(
            "[[rule]]\nid = \"x\"\nlanguages = [\"python\"]\nseverity = \"error\"\nconfidence = \"low\"\nmessage = \"m\"\n{lines}\n"
        )
    };
    let cases = [
        ("not toml".to_owned(), "r.toml, line 1: this is not TOML"),
        ("[[rules]]\n".to_owned(), "line 1: `rules` is not a key here; did you mean `rule`?"),
        ("[[rule]]\nlanguages = []\n".to_owned(), "line 1: the key `id` is missing"),
        ("[[rule]]\nid = \"X y\"\n".to_owned(), "line 2, rule `X y`: `id`: `X y` is not an id"),
        (rule("patern = \"f()\""), "line 7, rule `x`: `patern` is not a key here; did you mean `pattern`?"),
        (rule(""), "line 1, rule `x`: a formula has exactly one of `pattern`, `any` and `all`"),
        (rule("pattern = \"f(\""), "line 7, rule `x`: `pattern`: the pattern is not python: line 1"),
        (rule("pattern = 3"), "line 7, rule `x`: `pattern`: this is a string, not a number"),
        (rule("pattern = \"...\""), "`pattern`: the pattern is only `...`"),
        (rule("any = []"), "`any`: the list is empty"),
        (rule("pattern = 'f(\"a...\")'"), "is a string with a hole in it"),
        (rule("any = [\"f()\",\n { patern = \"g()\" }]"), "line 8, rule `x`: `patern` is not a key here"),
        (
            rule("pattern = \"f($X)\"\nwhere = { Y = \"a\" }"),
            "line 8, rule `x`: `Y`: no pattern here has `$Y`; they have `$X`",
        ),
        (
            rule("pattern = \"f($X)\"\nwhere = { X = \"(\" }"),
            "line 8, rule `x`: `X`: this is not a regular expression",
        ),
        (rule("pattern = \"f()\"\ncwe = [\"78\"]"), "line 8, rule `x`: `cwe`: `78` is not a weakness"),
        (
            rule("pattern = \"f()\"").replace("\"error\"", "\"bad\""),
            "line 4, rule `x`: `severity`: `bad` is none of note, warning, error",
        ),
        (
            rule("pattern = \"f()\"").replace("python", "cobol"),
            "line 3, rule `x`: `languages`: `cobol` is not a language",
        ),
        (rule("pattern = \"f()\"").replace("python", "json"), "patterns cannot be written for json"),
        (rule("pattern = \"f()\"").repeat(2), "r.toml, line 9: `id`: the id `x` appears twice"),
    ];
    for (text, wanted) in cases {
        let error = read("r.toml", &text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}\nwanted: {wanted}");
    }
}

#[test]
fn rules_are_chosen_by_id_prefix_pack_and_language() {
    let rules = RuleSet::built_in().unwrap();
    let choose = |rules_named: &[&str], languages: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (rules_named, languages) = (owned(rules_named), owned(languages));
        rules.choose(Vec::new(), &Choice { rules: &rules_named, languages: &languages })
    };
    assert_eq!(choose(&["python-eval"], &[]).unwrap().rules().len(), 1);
    assert!(choose(&["python"], &[]).unwrap().rules().iter().all(|rule| rule.info.pack == "python"));
    assert_eq!(
        choose(&["python-*"], &[]).unwrap().rules().len(),
        choose(&[], &["py"]).unwrap().rules().len()
    );
    assert!(choose(&[], &["tsx"]).unwrap().reads(Language::Tsx));
    assert!(!choose(&[], &["tsx"]).unwrap().reads(Language::JavaScript));
    let error = choose(&["python-evl"], &[]).unwrap_err().to_string();
    assert_eq!(error, "there is no rule or pack `python-evl`; did you mean `python-eval`?");
    assert!(choose(&[], &["rust"]).unwrap_err().to_string().contains("there are no rules for rust"));
}
