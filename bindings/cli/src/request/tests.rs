//! Command lines → requests, as a table.

use serde_json::{Value, json};

use crate::{app, request, sample, signature::Signature};

/// The request that a command line of the sample asks for, or what clap says about it.
fn request(line: &[&str]) -> Result<Value, String> {
    let registry = sample::registry();
    let line: Vec<std::ffi::OsString> = ["heptad", "sample"].iter().chain(line).map(Into::into).collect();
    let matches = app::command(&registry, app::Detail::Named(&line))
        .try_get_matches_from(&line)
        .map_err(|error| error.to_string())?;
    let (name, leaf) =
        matches.subcommand().and_then(|(_, system)| system.subcommand()).expect("an operation");
    let name = format!("sample.{}", name.replace('-', "_"));
    let signature = Signature::of(registry.get(&name).expect("registered").spec);
    request::build(&signature.flags, leaf).map_err(|error| error.to_string())
}

#[test]
fn what_is_typed_becomes_the_request() {
    let cases: &[(&[&str], Value)] = &[
        (&["ping"], json!({})),
        (&["scan", "src"], json!({ "path": "src" })),
        (&["scan", "--path", "src"], json!({ "path": "src" })),
        (&["scan", "src", "--rules", "a", "--rules", "b"], json!({ "path": "src", "rules": ["a", "b"] })),
        (
            &["scan", "src", "--only", "note,error", "--only", "warning"],
            json!({ "path": "src", "only": ["note", "error", "warning"] }),
        ),
        (&["scan", "src", "--fail-on", "warning"], json!({ "path": "src", "fail_on": "warning" })),
        (
            &["scan", "src", "--threads=8", "--follow-links"],
            json!({ "path": "src", "threads": 8, "follow_links": true }),
        ),
        (&["scan", "src", "--no-ignore-files"], json!({ "path": "src", "ignore_files": false })),
        (
            &["scan", "src", "--no-ignore-files", "--ignore-files"],
            json!({ "path": "src", "ignore_files": true }),
        ),
        (&["scan", "src", "--archives"], json!({ "path": "src", "archives": true })),
        (&["scan", "src", "--archives=false"], json!({ "path": "src", "archives": false })),
        (
            &["scan", "src", "--labels", "a=1", "--labels", "b=2"],
            json!({ "path": "src", "labels": { "a": 1, "b": 2 } }),
        ),
        (
            &["scan", "src", "--limits.max-bytes", "10"],
            json!({ "path": "src", "limits": { "max_bytes": 10 } }),
        ),
        (
            &[
                "scan",
                "src",
                "--limits.binary-share",
                "0.5",
                "--limits",
                r#"{"max_bytes": 1, "binary_share": 0.1}"#,
            ],
            json!({ "path": "src", "limits": { "max_bytes": 1, "binary_share": 0.5 } }),
        ),
        (&["scan", "src", "--request.db", "x"], json!({ "path": "src", "db": "x" })),
        (&["scan", "src", "--extra", "[1]"], json!({ "path": "src", "extra": [1] })),
        (&["scan", "src", "--format", "sarif"], json!({ "path": "src" })),
        (&["scan", "src", "--format", "table"], json!({ "path": "src" })),
        (&["scan", "--json", r#"{"path": "a", "threads": 2}"#], json!({ "path": "a", "threads": 2 })),
        (
            &[
                "scan",
                "--json",
                r#"{"path": "a", "threads": 2, "follow_links": true}"#,
                "b",
                "--no-follow-links",
            ],
            json!({ "path": "b", "threads": 2, "follow_links": false }),
        ),
        (
            &["scan", "--json", r#"{"limits": {"max_bytes": 2}}"#, "--limits.binary-share", "1"],
            json!({ "limits": { "max_bytes": 2, "binary_share": 1.0 } }),
        ),
        (&["check-rules", "a", "b", "--author", "x"], json!({ "files": ["a", "b"], "author": "x" })),
        (&["check-rules", "--author", "x"], json!({ "author": "x" })),
        (&["scan", "src", "--extra", "-"], json!({ "path": "src", "extra": "-" })),
    ];
    for (line, expected) in cases {
        assert_eq!(request(line).as_ref(), Ok(expected), "{line:?}");
    }
}

#[test]
fn what_is_typed_wrong_is_explained() {
    let cases: &[(&[&str], &str)] = &[
        (&["scan"], "<PATH>"),
        (&["check-rules", "a"], "--author <AUTHOR>"),
        (&["scan", "src", "--rulse", "a"], "'--rules'"),
        (&["scna", "src"], "'scan'"),
        (&["scan", "src", "--fail-on", "warnin"], "'warning'"),
        (&["scan", "src", "--threads", "999"], "expected an integer from 0 to 255"),
        (&["scan", "src", "--threads", "-1"], "expected an integer from 0 to 255"),
        (&["scan", "src", "--limits.binary-share", "2"], "expected a number from 0 to 1"),
        (&["scan", "src", "--labels", "a"], "expected KEY=VALUE"),
        (&["scan", "src", "--limits", "{"], "expected JSON"),
        (&["scan", "src", "--format", "sraif"], "'sarif'"),
        (&["scan", "src", "--path", "other"], "cannot be used with"),
        (&["scan", "--json", "{"], "`--json` is not JSON"),
        (&["scan", "--json", "@/no/such/file"], "`/no/such/file` cannot be read"),
        (&["scan", "--json", "[]", "--threads", "1"], "`--threads` has no place"),
    ];
    for (line, part) in cases {
        let message = request(line).expect_err(part);
        assert!(message.contains(part), "{line:?}: {message}");
    }
}
