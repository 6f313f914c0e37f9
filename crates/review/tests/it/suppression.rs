//! Comments that ask not to report.

use heptad_core::code::Language;
use heptad_review::{
    model::ProblemKind,
    rules::RuleSet,
    scan::{FileOutcome, Options, scan_source},
};

fn scan(language: Language, code: &str) -> FileOutcome {
    scan_source(&RuleSet::built_in().unwrap(), Options::default(), "f", language, code)
}

#[test]
fn a_comment_with_rule_and_reason_suppresses() {
    let cases = [
        (Language::Python, "eval(x)  # heptad: ignore[python-eval] checked above\n"),
        (Language::Python, "# heptad: ignore[python-eval] checked above\neval(x)\n"),
        (
            Language::Python,
            "# heptad: ignore[python-eval, python-pickle]: checked\n# heptad: ignore[python-os-system] x\neval(x)\n",
        ),
        (Language::Python, "eval(  # heptad: ignore[python-eval] – begins here\n    x,\n)\n"),
        (Language::JavaScript, "eval(x) // heptad: ignore[javascript-eval] checked\n"),
        (Language::JavaScript, "/* heptad: ignore[javascript-eval] checked */ eval(x)\n"),
        (Language::Tsx, "const a = <p>\n{/* heptad: ignore[javascript-eval] checked */}\n{eval(x)}</p>\n"),
    ];
    for (language, code) in cases {
        let outcome = scan(language, code);
        assert_eq!((outcome.findings.len(), outcome.suppressed.len()), (0, 1), "{code}: {outcome:?}");
        assert!(outcome.problems.is_empty(), "{code}: {:?}", outcome.problems);
        assert!(!outcome.suppressed[0].reason.is_empty());
    }
}

#[test]
fn what_is_not_meant_for_the_finding_does_not_suppress_it() {
    let cases = [
        "# heptad: ignore[python-pickle] another rule\neval(x)\n",
        "# heptad: ignore[python-eval] too far away\n\neval(x)\n",
        "y = 1  # heptad: ignore[python-eval] behind other code\neval(x)\n",
        "s = '# heptad: ignore[python-eval] in a string'; eval(x)\n",
        "eval(x)\n# heptad: ignore[python-eval] below\n",
    ];
    for code in cases {
        let outcome = scan(Language::Python, code);
        assert_eq!((outcome.findings.len(), outcome.suppressed.len()), (1, 0), "{code}");
        assert!(outcome.problems.is_empty(), "{code}");
    }
}

#[test]
fn a_suppression_that_is_not_understood_is_a_problem_and_suppresses_nothing() {
    let cases = [
        ("eval(x)  # heptad: ignore[python-eval]\n", "gives no reason"),
        ("eval(x)  # heptad: ignore[python-eval]  --  \n", "gives no reason"),
        ("eval(x)  # heptad: ignore checked\n", "does not say which rule"),
        ("eval(x)  # heptad: ignore[] checked\n", "does not say which rule"),
        ("eval(x)  # heptad: allow[python-eval] checked\n", "not understood"),
        ("eval(x)  # heptad: ignore[python-evil] checked\n", "there is no rule `python-evil`"),
    ];
    for (code, wanted) in cases {
        let outcome = scan(Language::Python, code);
        assert_eq!((outcome.findings.len(), outcome.suppressed.len()), (1, 0), "{code}");
        let [problem] = &outcome.problems[..] else { panic!("{code}: {:?}", outcome.problems) };
        assert_eq!((problem.kind, problem.line), (ProblemKind::Suppression, Some(1)));
        assert!(problem.message.contains(wanted), "{}", problem.message);
    }
}
