//! Several processes at once.

use std::future::Future;

use super::{Life, Remains, heard_from, runtime, start};

/// Starts `processes` children in one new folder at once, lets all of them come to their end, and has `check` look at what they left.
/// [`Life::life`] counts the children from 0; `name` is as for [`Crash::new`](super::Crash::new).
///
/// # Panics
/// Where a child fails or the check does.
pub fn together<C: Future<Output = ()>, K: Future<Output = ()>>(
    name: &str,
    processes: u64,
    child: impl FnOnce(Life) -> C,
    check: impl FnOnce(Remains) -> K,
) {
    let runtime = runtime();
    if let Some(life) = Life::of_this_process(name) {
        runtime.block_on(child(life));
        return;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut children: Vec<_> = (0..processes).map(|life| start(name, folder.path(), life)).collect();
    let listeners: Vec<_> = children
        .iter_mut()
        .map(|child| {
            let pipe = child.stdout.take().expect("the child's output is a pipe");
            std::thread::spawn(move || heard_from(pipe).filter(|text| !text.is_empty()).collect::<Vec<_>>())
        })
        .collect();
    let acknowledged = listeners.into_iter().flat_map(|heard| heard.join().expect("a pipe can be read"));
    let remains =
        Remains { folder: folder.path().to_owned(), acknowledged: acknowledged.collect(), deaths: 0 };
    for mut child in children {
        let status = child.wait().expect("a child can be waited for");
        assert!(status.success(), "a child failed ({status}): see its output above");
    }
    runtime.block_on(check(remains));
}
