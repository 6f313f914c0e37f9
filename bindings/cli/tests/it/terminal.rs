//! What only happens on a terminal, on a real one: the bar, Ctrl-C, colours, the width.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    process::Child,
};

use pty_process::{
    Size,
    blocking::{Command, Pty, open},
};

use crate::harness::{Place, telling};

const CTRL_C: &[u8] = b"\x03";

/// `heptad` on a terminal of 24 lines.
struct Terminal {
    pty: Pty,
    child: Child,
    bytes: Vec<u8>,
}

impl Terminal {
    fn new(place: &Place, args: &[&str]) -> Self {
        Self::with(place, 100, args, |command| command)
    }

    fn with(place: &Place, columns: u16, args: &[&str], change: impl FnOnce(Command) -> Command) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(24, columns)).unwrap();
        let command = Command::new(env!("CARGO_BIN_EXE_heptad")).args(args).current_dir(place.path());
        let command = telling().into_iter().fold(command, Command::env_remove).env("TERM", "xterm-256color");
        let child = change(command).spawn(pts).unwrap();
        Self { pty, child, bytes: Vec::new() }
    }

    /// Reads once; false where everything was read.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // The end of a terminal is an error (EIO) on Linux and the end of a file elsewhere.
        let count = self.pty.read(&mut bytes).unwrap_or(0);
        self.bytes.extend_from_slice(&bytes[..count]);
        count > 0
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Waits until `part` is shown.
    fn until(&mut self, part: &str) -> &mut Self {
        while !self.shown().contains(part) {
            let end: Vec<char> = self.shown().chars().rev().take(500).collect();
            assert!(
                self.read(),
                "it ended without showing {part:?}: {:?}",
                end.iter().rev().collect::<String>()
            );
        }
        self
    }

    fn press(&mut self, keys: &[u8]) -> &mut Self {
        self.pty.write_all(keys).unwrap();
        self
    }

    /// The exit code (none: killed by a signal) and everything that was shown.
    fn end(mut self) -> (Option<i32>, String) {
        while self.read() {}
        (self.child.wait().unwrap().code(), self.shown())
    }
}

/// A folder with so much code that reading it takes longer than the patience of the bar.
fn busy() -> Place {
    shop(60, 300)
}

/// A folder with so many files of so many functions.
fn shop(files: usize, functions: usize) -> Place {
    let function =
        |n| format!("def f{n}(a, b):\n    c = [a + b * {n}, call(a, b), (a, b, {n})]\n    return c\n\n");
    let code: String = (0..functions).map(function).collect();
    (0..files).fold(Place::new(), |place, n| place.with(&format!("shop/m{n}.py"), &code))
}

#[test]
fn the_bar_is_shown_on_a_terminal_only_and_leaves_nothing_behind() {
    let place = busy();
    let scan = ["review", "scan", "shop"];
    let (code, shown) = Terminal::new(&place, &scan).end();
    assert_eq!(code, Some(0), "{shown}");
    let bar = shown.find("/60 files").unwrap_or_else(|| panic!("no bar in {shown:?}"));
    let report = shown.rfind("60 files").unwrap();
    assert!(shown[bar..report].contains("\x1b[2K"), "the bar is wiped before the report: {shown:?}");

    let quiet = [&scan[..], &["--quiet"]].concat();
    let without = [&scan[..], &["--no-progress"]].concat();
    let dumb = |command: Command| command.env("TERM", "dumb");
    for (args, change) in [
        (&quiet[..], (|command| command) as fn(Command) -> Command),
        (&without, |command| command),
        (&scan, dumb),
        (&scan, |command| command.stderr(std::process::Stdio::null())),
    ] {
        let (code, shown) = Terminal::with(&place, 100, args, change).end();
        assert!(code == Some(0) && !shown.contains("/60 files"), "{args:?}: {shown:?}");
    }
    let piped = place.run(&scan);
    assert_eq!((piped.code, piped.stderr.as_str()), (0, ""));
}

#[test]
fn ctrl_c_ends_work_with_130_and_nothing_is_half_written() {
    let place = shop(20, 40);
    let index = ["--db", "shop.db", "code", "index", "shop"];
    // The log tells when it is amid its work: it has begun to write.
    let mut terminal = Terminal::new(&place, &[&index[..], &["-vv"]].concat());
    terminal.until("\"commit\"").press(CTRL_C);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130), "{shown:?}");
    assert!(shown.contains("interrupted") && !shown.contains("panicked"), "{shown:?}");

    let health = place.run(&["--db", "shop.db", "platform", "health", "--format", "json"]).json();
    assert_eq!(health["failed"], false, "{health}");
    let again = place.run(&[&index[..], &["--format", "json"]].concat()).json();
    assert_eq!(again["files"], 20, "{again}");
    let query = ["--db", "shop.db", "search", "query", "code", "name:f7", "--limit", "0", "--format", "json"];
    assert_eq!(place.run(&query).json()["total"], 20);
}

#[test]
fn ctrl_c_leaves_no_half_of_a_report_and_is_told_in_json() {
    let place = busy();
    let path = place.path().join("report.json");
    let report = File::create(&path).unwrap();
    let scan = ["review", "scan", "shop", "--format", "json"];
    let mut terminal = Terminal::with(&place, 100, &scan, |command| command.stdout(report));
    terminal.until("/60 files").press(CTRL_C);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130), "{shown:?}");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "");
    let error = shown.lines().find_map(|line| line.find("{\"error\"").map(|at| &line[at..])).unwrap();
    let error: serde_json::Value = serde_json::from_str(error).unwrap();
    assert_eq!((&error["error"]["kind"], &error["error"]["exit_code"]), (&"cancelled".into(), &130.into()));
}

#[test]
fn ctrl_c_ends_a_stream_without_a_complaint() {
    const EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"/shop","type":"order.placed"}"#;
    let place = Place::new();
    place.run(&["--db", "shop.db", "events", "publish", "orders", "--events", EVENT]).ok();
    let mut terminal =
        Terminal::new(&place, &["--db", "shop.db", "events", "tail", "orders", "--after", "0"]);
    terminal.until("order.placed").press(CTRL_C);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(130), "{shown:?}");
    assert!(!shown.contains("error") && !shown.contains("interrupted"), "{shown:?}");
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let place = Place::new();
    let coloured = |text: &str| text.contains("\x1b[1m") || text.contains("\x1b[31m");
    type Change = fn(Command) -> Command;
    let cases: [(&[&str], Change, bool); 8] = [
        (&["--help"], |command| command, true),
        (&["operations", "nowhere"], |command| command, true),
        (&["--help"], |command| command.env("NO_COLOR", "1"), false),
        (&["operations", "nowhere"], |command| command.env("NO_COLOR", "1"), false),
        (&["--help"], |command| command.env("CLICOLOR", "0"), false),
        (&["--help"], |command| command.env("TERM", "dumb"), false),
        (&["--help", "--color", "never"], |command| command, false),
        (&["--help", "--color", "always"], |command| command.env("NO_COLOR", "1"), true),
    ];
    for (args, change, expected) in cases {
        let (_, shown) = Terminal::with(&place, 100, args, change).end();
        assert_eq!(coloured(&shown), expected, "{args:?}: {shown:?}");
    }
    let forced = |name: &'static str| {
        move |command: &mut std::process::Command| {
            command.env(name, "1");
        }
    };
    assert!(coloured(&place.run_with(&["--help"], forced("CLICOLOR_FORCE")).ok()));
    assert!(!coloured(&place.run_with(&["--help"], forced("CLICOLOR")).ok()));
}

#[test]
fn a_table_fits_the_terminal_and_is_whole_in_a_pipe() {
    let place = Place::new();
    for columns in [60, 90] {
        let (_, shown) =
            Terminal::with(&place, columns, &["review", "rules", "--color", "never"], |c| c).end();
        let widest = shown.lines().map(|line| line.trim_end().chars().count()).max();
        assert!(widest.is_some_and(|widest| widest <= columns.into()), "{columns}: {widest:?}\n{shown}");
    }
    let rules = place.run(&["review", "rules", "--format", "json"]).json()["rules"].as_array().unwrap().len();
    let table = place.run(&["review", "rules", "--format", "table"]).ok();
    assert_eq!(table.lines().count(), rules + 1);
    let cells: Vec<_> = table.lines().map(|line| line.split('\t').count()).collect();
    assert!(cells.iter().all(|count| *count == cells[0]), "{cells:?}");
}
