//! The moment from which an answer can no longer be asked for again.

use futures_util::{StreamExt as _, stream};

use crate::{
    error::Result,
    llm::{Delta, DeltaStream, cut},
};

/// Whether the caller sees something of the answer itself in this delta.
pub(super) fn is_content(delta: &Delta) -> bool {
    !matches!(delta, Delta::Start { .. } | Delta::Usage(_))
}

/// Reads up to the first content, so that what fails before it fails here, where it may be tried again. Returns the whole stream.
pub(super) async fn begun(mut deltas: DeltaStream) -> Result<DeltaStream> {
    let mut seen = Vec::new();
    loop {
        let delta = deltas.next().await.ok_or_else(cut)??;
        let content = is_content(&delta);
        seen.push(Ok(delta));
        if content {
            return Ok(stream::iter(seen).chain(deltas).boxed());
        }
    }
}
