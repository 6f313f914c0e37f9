//! Which files of a folder are read, in which order, and what becomes of the others.

use std::{fs, path::Path, sync::Mutex};

use heptad_core::{
    ErrorKind,
    code::{
        Language,
        walk::{Cancel, ContentHash, SourceFile, WalkOptions, Walked, walk},
    },
    progress::{Progress, Silent},
};

fn write(root: &Path, files: &[(&str, &[u8])]) {
    for (path, content) in files {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
}

fn read(root: &Path, options: &WalkOptions) -> Walked<SourceFile> {
    walk(root, options, &Silent, &Cancel::default(), |file| file).expect("the folder is there")
}

fn paths(walked: &Walked<SourceFile>) -> Vec<&str> {
    walked.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn what_ignore_files_exclude_and_what_is_hidden_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        &[
            (".gitignore", b"*.gen.py\n/build/\n"),
            (".heptadignore", b"vendor/\n"),
            ("sub/.ignore", b"b.py\n"),
            (".git/hook.py", b""),
            (".hidden/a.py", b""),
            ("a.py", b"x = 1\n"),
            ("a.gen.py", b""),
            ("build/a.py", b""),
            ("vendor/a.py", b""),
            ("sub/a.py", b""),
            ("sub/b.py", b""),
            ("sub/build/a.py", b""),
            ("notes.txt", b"no language"),
            ("z.md", b"# Z\n"),
        ],
    );
    let all = WalkOptions::default();
    assert_eq!(paths(&read(root, &all)), ["a.py", "sub/a.py", "sub/build/a.py", "z.md"]);
    let hidden = WalkOptions { hidden: true, ..all.clone() };
    assert_eq!(paths(&read(root, &hidden)), [".hidden/a.py", "a.py", "sub/a.py", "sub/build/a.py", "z.md"]);
    let python = WalkOptions { languages: vec![Language::Markdown], ..all.clone() };
    assert_eq!(paths(&read(root, &python)), ["z.md"]);
    let ignored = WalkOptions { ignored: true, ..all };
    let walked = read(root, &ignored);
    assert!(paths(&walked).contains(&"vendor/a.py") && paths(&walked).contains(&"a.gen.py"));
    assert!(!paths(&walked).contains(&".git/hook.py"));
}

#[test]
fn files_that_cannot_be_read_are_told_of_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        &[
            ("binary.py", b"\0\x01\x02"),
            ("good.py", b"x = 1\n"),
            ("large.py", &[b'#'; 200]),
            ("latin.py", b"# caf\xe9\n"),
            ("wide.py", b"\xff\xfex\0"),
        ],
    );
    let walked = read(root, &WalkOptions { max_bytes: 100, ..WalkOptions::default() });
    assert_eq!(paths(&walked), ["good.py"]);
    assert_eq!(walked.files[0].hash, ContentHash::of(b"x = 1\n"));
    let skipped: Vec<_> =
        walked.skipped.iter().map(|file| (file.path.as_str(), file.reason.as_str())).collect();
    assert_eq!(
        skipped,
        [
            ("large.py", "the file has more than 100 bytes"),
            ("latin.py", "line 1 is not UTF-8 (byte offset 5)"),
        ]
    );
}

#[test]
fn the_order_is_that_of_the_paths_and_progress_reaches_the_end() {
    #[derive(Default)]
    struct Seen(Mutex<(u64, u64, bool)>);
    impl Progress for Seen {
        fn report(&self, done: u64, total: u64, _label: &str) {
            let mut seen = self.0.lock().unwrap();
            (seen.0, seen.1) = (seen.0.max(done), total);
        }
        fn finish(&self) {
            self.0.lock().unwrap().2 = true;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..300).map(|n| format!("d{}/f{n}.py", n % 7)).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x\n".as_slice())).collect();
    write(folder.path(), &files);
    let seen = Seen::default();
    let walked =
        walk(folder.path(), &WalkOptions::default(), &seen, &Cancel::default(), |file| file.path).unwrap();
    let mut sorted = names;
    sorted.sort();
    assert_eq!(walked.files, sorted);
    assert_eq!(*seen.0.lock().unwrap(), (300, 300, true));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_so_that_no_loop_is_walked() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a/x.py", b"")]);
    std::os::unix::fs::symlink("..", folder.path().join("a/loop")).unwrap();
    std::os::unix::fs::symlink("x.py", folder.path().join("a/y.py")).unwrap();
    assert_eq!(paths(&read(folder.path(), &WalkOptions::default())), ["a/x.py"]);
}

#[test]
fn a_file_is_a_root_too_and_what_is_not_there_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.py", b"")]);
    assert_eq!(paths(&read(&folder.path().join("a.py"), &WalkOptions::default())), ["a.py"]);
    let missing = folder.path().join("missing");
    let error = walk(&missing, &WalkOptions::default(), &Silent, &Cancel::default(), |file| file)
        .expect_err("missing");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn a_walk_that_was_stopped_says_so() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.py", b""), ("b.py", b""), ("c.py", b"")]);
    let cancel = Cancel::default();
    let stop = cancel.clone();
    let error = walk(folder.path(), &WalkOptions::default(), &Silent, &cancel, move |_| stop.cancel());
    // The files may all have been under way when the first one stopped the walk.
    assert!(error.is_ok() || error.is_err_and(|error| error.kind() == ErrorKind::Cancelled));
    let error =
        walk(folder.path(), &WalkOptions::default(), &Silent, &cancel, |_| ()).expect_err("stopped before");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[test]
fn globs_choose_files_and_exclude_folders() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.py", b""), ("b.js", b""), ("tests/c.py", b""), ("tests/deep/d.js", b"")]);
    let chosen = |include: &[&str], exclude: &[&str]| {
        let list = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        let options =
            WalkOptions { include: list(include), exclude: list(exclude), ..WalkOptions::default() };
        let files = read(folder.path(), &options).files;
        files.into_iter().map(|file| file.path).collect::<Vec<_>>()
    };
    assert_eq!(chosen(&["*.py"], &[]), ["a.py", "tests/c.py"]);
    assert_eq!(chosen(&[], &["tests/"]), ["a.py", "b.js"]);
    assert_eq!(chosen(&["*.js", "tests/**"], &["deep"]), ["b.js", "tests/c.py"]);
    assert_eq!(chosen(&["/a.py"], &[]), ["a.py"]);
    let options = WalkOptions { exclude: vec!["{a".into()], ..WalkOptions::default() };
    let error = walk(folder.path(), &options, &Silent, &Cancel::default(), |_| ()).expect_err("no glob");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("`{a` is not a glob"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_unicode_is_told_of() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("a.py", b"")]);
    fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"b\xE9.py")), b"").unwrap();
    let walked = read(folder.path(), &WalkOptions::default());
    assert_eq!(paths(&walked), ["a.py"]);
    assert_eq!(walked.skipped[0].reason, "its name is not Unicode");
}
