//! Reading what test runners say at their end.

use xtask::test::Outcome;

fn counts(text: &str, ok: bool) -> (u64, u64, u64) {
    let outcome = Outcome::of_tests(text, ok, "exit code 101");
    (outcome.passed, outcome.failed, outcome.skipped)
}

#[test]
fn closing_lines_are_summed() {
    let cases = [
        (
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s",
            true,
            (5, 0, 1),
        ),
        (
            "test result: ok. 5 passed; 0 failed; 0 ignored\ntest result: ok. 2 passed; 0 failed; 0 ignored",
            true,
            (7, 0, 0),
        ),
        (
            "test a::b ... FAILED\ntest result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured",
            false,
            (1, 1, 0),
        ),
        ("     Summary [   0.015s] 5 tests run: 5 passed, 0 skipped", true, (5, 0, 0)),
        ("     Summary [   0.015s] 1 test run: 1 passed (1 slow), 2 skipped", true, (1, 0, 2)),
        (
            "     Summary [   9.0s] 12/20 tests run: 9 passed, 1 failed, 2 timed out, 3 skipped",
            false,
            (9, 3, 3),
        ),
        (
            "test result: FAILED. 0 passed; 1 failed; 0 ignored\n     Summary [   1.0s] 2 tests run: 1 passed, 1 failed, 0 skipped",
            false,
            (1, 1, 0),
        ),
        ("     Summary [   9.0s] 2 tests run: 0 passed, 2 exec failed, 0 skipped", false, (0, 2, 0)),
    ];
    for (text, ok, expected) in cases {
        assert_eq!(counts(text, ok), expected, "{text}");
    }
}

#[test]
fn a_run_that_did_not_compile_is_a_failure_and_not_zero_tests() {
    let outcome = Outcome::of_tests(
        "error[E0308]: mismatched types\nerror: could not compile `x`",
        false,
        "exit code 101",
    );
    assert_eq!((outcome.passed, outcome.failed), (0, 1));
    assert!(outcome.failures[0].contains("exit code 101"));
}

#[test]
fn a_run_that_breaks_off_after_some_tests_is_a_failure() {
    assert_eq!(
        counts("test result: ok. 5 passed; 0 failed; 0 ignored\nerror: could not compile", false),
        (5, 1, 0)
    );
}

#[test]
fn failed_tests_are_named_once() {
    let cargo =
        "test a::b ... FAILED\nfailures:\n    a::b\ntest result: FAILED. 0 passed; 1 failed; 0 ignored";
    assert_eq!(Outcome::of_tests(cargo, false, "").failures, ["a::b"]);
    let line = "        FAIL [   0.004s] (1/2) heptad-core::it store::b\n";
    let nextest = format!("{line}{line}     Summary [ 0.1s] 2 tests run: 1 passed, 1 failed, 0 skipped");
    assert_eq!(Outcome::of_tests(&nextest, false, "").failures, ["heptad-core::it store::b"]);
}

#[test]
fn ignored_tests_are_reported_with_a_reason() {
    let outcome = Outcome::of_tests("test result: ok. 5 passed; 0 failed; 1 ignored", true, "");
    assert_eq!(outcome.reasons.len(), 1);
}

#[test]
fn a_part_that_did_not_run_counts_as_skipped_under_its_name() {
    let mut sum = Outcome::passed();
    sum.add("tour", Outcome::not_run("offline"));
    sum.add("fmt", Outcome::failed("one file"));
    assert_eq!((sum.passed, sum.failed, sum.skipped), (1, 1, 1));
    assert_eq!(
        (sum.reasons, sum.failures),
        (vec!["tour: offline".to_owned()], vec!["fmt: one file".to_owned()])
    );
}

#[test]
fn what_was_not_run_is_no_pass() {
    let outcome = Outcome::of_tests("test result: ok. 5 passed; 0 failed; 1 ignored", true, "");
    let told = "llm::a\tno npm\nllm::b\tno npm\nllm::a\tno model\nauth::c\tno data\nnot a line of it\n";
    let outcome = outcome.without_not_run(told);
    assert_eq!((outcome.passed, outcome.failed, outcome.skipped), (2, 0, 4));
    assert_eq!(
        outcome.reasons,
        ["1 tests are marked as ignored", "auth::c: no data", "llm::a, llm::b: no npm"]
    );
    assert_eq!(Outcome::default().without_not_run("a\tb\n").passed, 0, "never less than none");
}

#[test]
fn the_closing_line_of_pytest_is_read() {
    let text = "....s.F\nSKIPPED [4] tests/test_a.py:1: this build has no `x.y`\nFAILED tests/test_a.py::test_b - assert 1 == 2\n\
                1 failed, 54 passed, 4 skipped, 1 warning in 12.44s\n";
    let outcome = Outcome::of_pytest(text, false, "exit code 1");
    assert_eq!((outcome.passed, outcome.failed, outcome.skipped), (54, 1, 4));
    assert_eq!(outcome.reasons, ["[4] tests/test_a.py:1: this build has no `x.y`"]);
    assert_eq!(outcome.failures, ["tests/test_a.py::test_b - assert 1 == 2"]);

    let broken = Outcome::of_pytest("ERROR tests/test_a.py\n1 error in 0.20s\n", false, "exit code 2");
    assert_eq!((broken.passed, broken.failed), (0, 1));
    for (text, ok) in [("", true), ("no tests ran in 0.01s", true), ("3 passed in 1.0s", false)] {
        assert_eq!(Outcome::of_pytest(text, ok, "a signal").failed, 1, "{text}");
    }
}

#[test]
fn the_closing_lines_of_node_are_read() {
    let text = "TAP version 13\n# Subtest: a call\nok 1 - a call\nnot ok 2 - a stream\nok 3 - encryption # SKIP the build lacks it\n1..3\n\
                # tests 3\n# suites 0\n# pass 1\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n# duration_ms 5.1\n";
    let outcome = Outcome::of_tap(text, false, "exit code 1");
    assert_eq!((outcome.passed, outcome.failed, outcome.skipped), (1, 1, 1));
    assert_eq!(outcome.failures, ["a stream"]);
    assert_eq!(outcome.reasons, ["encryption: the build lacks it"]);
    for (text, ok) in [("", true), ("# pass 0\n# fail 0\n", true), ("# pass 3\n# fail 0\n", false)] {
        assert_eq!(Outcome::of_tap(text, ok, "a signal").failed, 1, "{text}");
    }
}
