//! From the body of an answer to deltas.

use std::collections::VecDeque;

use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use reqwest::Response;

use super::{HttpClient, failure};
use crate::{
    error::{Error, Result},
    llm::{
        Delta, DeltaStream, broken, cut,
        sse::{Decoder, Event},
    },
};

/// The most bytes of the stream of an answer: the longest answers there are have a fraction of it.
const MAX_ANSWER_BYTES: usize = 128 << 20;

/// What an adapter makes of the events of its protocol.
pub(in crate::llm) trait Assembly: Send + 'static {
    /// Takes one event. Returns the deltas that follow from it; the last of all is [`Delta::Finish`].
    fn event(&mut self, event: &Event) -> Result<Vec<Delta>>;
}

/// The deltas of an answer, in which the connection lives: dropped with them, it is closed.
pub(in crate::llm) fn deltas(client: HttpClient, response: Response, assembly: impl Assembly) -> DeltaStream {
    let reading = Reading {
        client,
        body: response.bytes_stream().boxed(),
        bytes: 0,
        decoder: Decoder::new(),
        assembly,
        ready: VecDeque::new(),
        events: Vec::new(),
        failure: None,
    };
    stream::unfold(Some(reading), |reading| async {
        let mut reading = reading?;
        match reading.next().await {
            Ok(delta @ Delta::Finish { .. }) => Some((Ok(delta), None)),
            Ok(delta) => Some((Ok(delta), Some(reading))),
            Err(error) => Some((Err(reading.client.hide(error)), None)),
        }
    })
    .boxed()
}

struct Reading<B, A> {
    client: HttpClient,
    body: B,
    /// How many have come.
    bytes: usize,
    decoder: Decoder,
    assembly: A,
    ready: VecDeque<Delta>,
    events: Vec<Event>,
    /// Why the stream broke, for when what was complete before has been handed out.
    failure: Option<Error>,
}

impl<B, T, A> Reading<B, A>
where
    B: Stream<Item = reqwest::Result<T>> + Unpin,
    T: AsRef<[u8]>,
    A: Assembly,
{
    async fn next(&mut self) -> Result<Delta> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Ok(delta);
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            let piece = self.body.next().await.ok_or_else(cut)?.map_err(failure::interrupted)?;
            self.bytes = self.bytes.saturating_add(piece.as_ref().len());
            if self.bytes > MAX_ANSWER_BYTES {
                return Err(broken(format!("its stream has more than {MAX_ANSWER_BYTES} bytes")));
            }
            let decoded = self.decoder.push(piece.as_ref(), &mut self.events);
            let assembled = self.events.drain(..).try_for_each(|event| {
                self.ready.extend(self.assembly.event(&event)?);
                Ok(())
            });
            let decoded = decoded.map_err(|malformed| broken(malformed.to_string()));
            self.failure = assembled.and(decoded).err();
        }
    }
}
