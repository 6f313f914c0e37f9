//! `review.scan` and its sisters through the handle.

use heptad_core::{
    ErrorKind,
    events::Topic,
    operation::{Context, Handle, Permission, Principal},
    store::Offset,
};
use heptad_review::{
    Review, ScanRequest,
    model::{Confidence, Format, LatestRequest, ProblemKind, RulesRequest, Severity},
    store::{SCANNED, Scanned, TOPIC},
};

use crate::platform::{folder, kernel, request, review};

#[tokio::test]
async fn a_folder_is_scanned_file_by_file() {
    let folder = folder(&[
        ("src/b.py", b"import os\nos.system(cmd)\n"),
        ("src/a.ts", b"const x: string = eval(y as string)\n"),
        ("web/c.tsx", b"export const v = <p dangerouslySetInnerHTML={{ __html: x }} />\n"),
        ("tool", b"#!/usr/bin/env python3\neval(x)\n"),
        ("broken.py", b"def f(:\n    pass\n\nos.system(cmd)\n"),
        ("binary.py", b"\0\x01\x02"),
        ("latin.py", b"# caf\xE9\n"),
        ("picture.png", b"\x89PNG\0"),
        ("README.md", b"eval(x)\n"),
        ("vendor/d.py", b"eval(x)\n"),
        (".gitignore", b"vendor/\n"),
    ]);
    let report = review().scan(request(&folder)).await.unwrap();
    let found: Vec<_> = report.findings.iter().map(|f| (f.location.file.as_str(), f.rule.as_str())).collect();
    assert_eq!(
        found,
        [
            ("broken.py", "python-os-system"),
            ("src/a.ts", "javascript-eval"),
            ("src/b.py", "python-os-system"),
            ("tool", "python-eval"),
            ("web/c.tsx", "javascript-dangerously-set-html"),
        ]
    );
    assert_eq!(report.files_scanned, 5);
    let skipped: Vec<_> = report.files_skipped.iter().map(|s| s.file.as_str()).collect();
    assert_eq!(skipped, ["binary.py", "latin.py"]);
    assert_eq!(report.problems.len(), 1);
    assert_eq!(
        (report.problems[0].file.as_str(), report.problems[0].kind),
        ("broken.py", ProblemKind::Syntax)
    );
    assert!(!report.failed && report.rendered.is_none());
    assert!(report.rule("python-eval").is_some());
}

#[tokio::test]
async fn a_request_narrows_what_is_scanned_and_reported() {
    let folder = folder(&[
        ("a.py", b"eval(x)\nhashlib.md5(y)\n"),
        ("b.js", b"eval(x)\n"),
        ("tests/c.py", b"eval(x)\n"),
    ]);
    let count = async |change: &dyn Fn(&mut ScanRequest)| {
        let mut request = request(&folder);
        change(&mut request);
        review().scan(request).await.unwrap().findings.len()
    };
    assert_eq!(count(&|_| {}).await, 4);
    assert_eq!(count(&|r| r.languages = vec!["python".into()]).await, 3);
    assert_eq!(count(&|r| r.rules = vec!["javascript".into()]).await, 1);
    assert_eq!(count(&|r| r.rules = vec!["python-weak-hash".into(), "javascript-*".into()]).await, 2);
    assert_eq!(count(&|r| r.min_severity = Severity::Error).await, 3);
    assert_eq!(count(&|r| r.min_confidence = Confidence::Medium).await, 3);
    assert_eq!(count(&|r| r.exclude = vec!["tests/".into()]).await, 3);
    assert_eq!(count(&|r| r.include = vec!["*.js".into(), "tests/**".into()]).await, 2);
    assert_eq!(count(&|r| r.path = format!("{}/a.py", r.path)).await, 2);
    let failed = review().scan(request(&folder).fail_on(Severity::Error)).await.unwrap();
    assert!(failed.failed);
    let only_hash = request(&folder).rules(["python-weak-hash"]).fail_on(Severity::Error);
    assert!(!review().scan(only_hash).await.unwrap().failed);
}

#[tokio::test]
async fn rules_of_a_file_are_added_and_their_errors_name_the_place() {
    let rules = "[[rule]]\nid = \"no-print\"\nlanguages = [\"python\"]\nseverity = \"note\"\nconfidence = \"high\"\n\
                 message = \"prints $X\"\npattern = \"print($X, ...)\"\n";
    let folder = folder(&[
        ("a.py", b"print( a +  b )\n"),
        ("r.toml", rules.as_bytes()),
        ("bad.toml", b"[[rule]]\nid = 3\n"),
    ]);
    let file = |name: &str| folder.path().join(name).display().to_string();
    let report = review().scan(request(&folder).rules(["no-print"]).rule_file(file("r.toml"))).await.unwrap();
    assert_eq!(report.findings[0].message, "prints a + b");
    assert_eq!(report.findings[0].metavariables["X"].text, "a +  b");
    let error = review().scan(request(&folder).rule_file(file("bad.toml"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(
        error.message().contains("bad.toml, line 2") && error.operation() == Some("review.scan"),
        "{error}"
    );
}

#[tokio::test]
async fn what_does_not_exist_is_refused() {
    let folder = folder(&[("a.py", b"")]);
    for (request, kind) in [
        (ScanRequest::new("/nowhere/at/all"), ErrorKind::NotFound),
        (request(&folder).rules(["python-evil"]), ErrorKind::NotFound),
        (request(&folder).rule_file("/nowhere.toml"), ErrorKind::NotFound),
        (ScanRequest { languages: vec!["klingon".into()], ..request(&folder) }, ErrorKind::InvalidInput),
        (ScanRequest { include: vec!["a[".into()], ..request(&folder) }, ErrorKind::InvalidInput),
    ] {
        assert_eq!(review().scan(request.clone()).await.unwrap_err().kind(), kind, "{request:?}");
    }
    let nobody =
        Context::owner(kernel()).as_principal(Principal::new("x", [Permission::named("review.rules")]));
    let review = Review::new(nobody);
    assert_eq!(review.scan(request(&folder)).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert!(!review.rules(RulesRequest::default()).await.unwrap().rules.is_empty());
}

#[tokio::test]
async fn the_latest_report_is_kept_and_told_of() {
    let kernel = kernel();
    let review = Review::new(Context::owner(kernel.clone()));
    let folder = folder(&[("a.py", b"eval(x)\n")]);
    let path = folder.path().display().to_string();
    let latest = LatestRequest { path: path.clone(), format: Format::Json };
    assert_eq!(review.latest(latest.clone()).await.unwrap_err().kind(), ErrorKind::NotFound);
    review.scan(ScanRequest::new(&path)).await.unwrap();
    std::fs::write(folder.path().join("b.py"), "eval(y)\n").unwrap();
    let second = review.scan(ScanRequest::new(&path).format(Format::Sarif)).await.unwrap();
    assert_eq!(second.findings.len(), 2);
    let kept = review.latest(latest).await.unwrap();
    assert_eq!(kept.rendered, None);
    assert_eq!(kept.findings, second.findings);
    let rendered =
        review.latest(LatestRequest { path: path.clone(), format: Format::Sarif }).await.unwrap().rendered;
    assert_eq!(rendered, second.rendered);

    let events = kernel.bus.read(&Topic::new(TOPIC).unwrap(), Offset::START, 10).await.unwrap();
    let told: Vec<Scanned> = events.iter().map(|message| message.event.decode().unwrap()).collect();
    assert_eq!(told.iter().map(|scanned| scanned.errors).collect::<Vec<_>>(), [1, 2]);
    assert!(
        events
            .iter()
            .all(|m| m.event.event_type == SCANNED && m.event.subject.as_deref() == Some(&*kept.path))
    );
}

#[tokio::test]
async fn operations_are_declared_with_their_effects() {
    let declared: Vec<_> = Review::OPERATIONS.iter().map(|operation| operation.spec.full_name).collect();
    assert_eq!(declared, ["review.scan", "review.rules", "review.latest"]);
}
