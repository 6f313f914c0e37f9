//! What a part of the suite gave, and how the closing lines of test runners are read.

use std::collections::{BTreeMap, BTreeSet};

/// Counts, and the sentences that go with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Checks that ran and held.
    pub passed: u64,
    /// Checks that ran and did not hold, or did not end.
    pub failed: u64,
    /// Checks that did not run.
    pub skipped: u64,
    /// Why something did not run.
    pub reasons: Vec<String>,
    /// What failed.
    pub failures: Vec<String>,
}

impl Outcome {
    /// One check that held.
    pub fn passed() -> Outcome {
        Outcome { passed: 1, ..Outcome::default() }
    }

    /// One check that did not hold.
    pub fn failed(what: impl Into<String>) -> Outcome {
        Outcome { failed: 1, failures: vec![what.into()], ..Outcome::default() }
    }

    /// One check that could not run.
    pub fn not_run(reason: impl Into<String>) -> Outcome {
        Outcome { skipped: 1, reasons: vec![reason.into()], ..Outcome::default() }
    }

    /// Takes in what a part gave; its sentences get the part's name in front.
    pub fn add(&mut self, part: &str, other: Outcome) {
        let named = |line: String| if part.is_empty() { line } else { format!("{part}: {line}") };
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.reasons.extend(other.reasons.into_iter().map(named));
        self.failures.extend(other.failures.into_iter().map(named));
    }

    /// Takes in one more check of the same part.
    pub fn and(&mut self, other: Outcome) {
        self.add("", other);
    }

    /// What a run of `cargo test` or `cargo nextest` said, given that it exited well or not.
    ///
    /// A run that failed without naming a failed test (it did not compile, it was ended) counts as one failure; one that exited well
    /// without running any test is no pass.
    pub fn of_tests(text: &str, ok: bool, how: &str) -> Outcome {
        let mut outcome = Outcome::default();
        // nextest repeats the output of a failed test, which has a closing line of its own: where there is a summary, only it counts.
        match text.lines().map(str::trim).rfind(|line| line.starts_with("Summary [")) {
            Some(summary) => outcome.count(summary.split_once(" run: ").map_or("", |(_, counts)| counts)),
            None => text
                .lines()
                .filter_map(|line| line.trim().strip_prefix("test result: ")?.split_once(". "))
                .for_each(|(_, counts)| outcome.count(counts)),
        }
        if outcome.failed > 0 {
            outcome.failures = failed_tests(text);
        } else if !ok {
            outcome.and(Outcome::failed(format!("ended without a result ({how})")));
        }
        if outcome.skipped > 0 {
            outcome.reasons.push(format!("{} tests are marked as ignored", outcome.skipped));
        }
        outcome
    }

    /// What a run of `pytest -q -rs` said, given that it exited well or not. Every skipped test gives its reason.
    pub fn of_pytest(text: &str, ok: bool, how: &str) -> Outcome {
        let mut outcome = Outcome::default();
        let lines = || text.lines().map(str::trim);
        if let Some(counts) = lines()
            .rfind(|line| line.contains(" in ") && (line.contains("passed") || line.contains("failed")))
        {
            outcome.count(counts.split(" in ").next().unwrap_or_default());
        }
        // `SKIPPED [4] tests/test_conformance.py:1: this build has no …`
        let named = |line: &'_ str, begin: &str| line.strip_prefix(begin).map(str::to_owned);
        outcome.reasons.extend(lines().filter_map(|line| named(line, "SKIPPED ")));
        outcome
            .failures
            .extend(lines().filter_map(|line| named(line, "FAILED ").or_else(|| named(line, "ERROR "))));
        if !ok && outcome.failed == 0 || outcome.passed + outcome.failed == 0 {
            outcome.and(Outcome::failed(format!("ended without a result ({how})")));
        }
        outcome
    }

    /// What a run of `node --test --test-reporter=tap` said, given that it exited well or not.
    pub fn of_tap(text: &str, ok: bool, how: &str) -> Outcome {
        let mut outcome = Outcome::default();
        let number = |line: &str, name: &str| {
            line.strip_prefix("# ")?.strip_prefix(name)?.strip_prefix(' ')?.parse::<u64>().ok()
        };
        for line in text.lines().map(str::trim) {
            outcome.passed += number(line, "pass").unwrap_or(0);
            outcome.failed += number(line, "fail").or_else(|| number(line, "cancelled")).unwrap_or(0);
            outcome.skipped += number(line, "skipped").or_else(|| number(line, "todo")).unwrap_or(0);
            if let Some((_, name)) = line.strip_prefix("not ok ").and_then(|line| line.split_once(" - ")) {
                outcome.failures.push(name.to_owned());
            } else if let Some((name, reason)) = line.split_once(" # SKIP") {
                let name = name.split_once(" - ").map_or(name, |(_, name)| name);
                outcome.reasons.push(format!("{name}:{reason}"));
            }
        }
        if !ok && outcome.failed == 0 || outcome.passed + outcome.failed == 0 {
            outcome.and(Outcome::failed(format!("ended without a result ({how})")));
        }
        outcome
    }

    /// Moves what said that it was not run from the passed to the skipped. A runner calls a test that returned a pass; such a test wrote a line
    /// `name<TAB>reason` (`heptad_testkit::not_run`). A test counts once, whatever it left out.
    pub fn without_not_run(mut self, told: &str) -> Outcome {
        let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut tests = BTreeSet::new();
        for (test, reason) in told.lines().filter_map(|line| line.split_once('\t')) {
            if tests.insert(test) {
                reasons.entry(reason).or_default().insert(test);
            }
        }
        let count = (tests.len() as u64).min(self.passed);
        self.passed -= count;
        self.skipped += count;
        self.reasons.extend(reasons.into_iter().map(|(reason, tests)| {
            let tests: Vec<&str> = tests.into_iter().collect();
            format!("{}: {reason}", tests.join(", "))
        }));
        self
    }

    /// Reads the counts of a closing line: `5 passed; 1 failed; …` or `5 passed (1 slow), 1 failed, …`.
    fn count(&mut self, counts: &str) {
        for count in counts.split([',', ';']) {
            // `11 passed (1 slow)`: the number and the first word after it.
            let mut words = count.split_whitespace();
            let (Some(Ok(number)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" | "timed" | "exec" | "error" | "errors" => self.failed += number,
                "skipped" | "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

/// The names of the tests that failed, each once.
fn failed_tests(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim) {
        let name = match line.strip_suffix(" ... FAILED").and_then(|line| line.strip_prefix("test ")) {
            Some(name) => Some(name),
            // nextest: `FAIL [   0.004s] (3/7) crate::binary name`.
            None if ["FAIL [", "TIMEOUT [", "SIGABRT [", "SIGSEGV ["]
                .iter()
                .any(|start| line.starts_with(start)) =>
            {
                line.split_once(") ").or_else(|| line.split_once("] ")).map(|(_, name)| name.trim())
            }
            None => None,
        };
        names.extend(name.map(str::to_owned).filter(|name| !names.contains(name)));
    }
    names
}
