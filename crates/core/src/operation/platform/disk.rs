//! The room that is left where the store is.

use super::health::Probe;
use crate::Kernel;

/// A question about the disk of the store, where there is a store on a disk.
#[cfg(feature = "sqlite")]
pub(super) fn probe(kernel: &Kernel) -> Option<Probe<'_>> {
    use super::health::Answer;
    use crate::{
        config::STORE_PATH,
        error::{Error, ErrorKind},
    };

    /// With less room than this an operator should know: a merge of the index or a growing log can take as much.
    const ROOM: u64 = 1 << 30;

    let path = kernel.config.get(&STORE_PATH).filter(|_| kernel.store.capabilities().persistent)?;
    let question = async move {
        let free = tokio::task::spawn_blocking(move || fs4::available_space(&path)).await;
        let free = free.map_err(std::io::Error::other).flatten().map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the disk does not tell its room").because(error)
        })?;
        Ok(Answer { degraded: free < ROOM, detail: Some(format!("{} MiB free", free >> 20)) })
    };
    Some(Probe { port: "disk", adapter: "file system", durable: true, question: Box::pin(question) })
}

/// Without a store on files there is none.
#[cfg(not(feature = "sqlite"))]
pub(super) fn probe(_kernel: &Kernel) -> Option<Probe<'_>> {
    None
}
