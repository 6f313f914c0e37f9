//! Puts back what was taken out, in a stream whose pieces may end in the middle of a placeholder.

use std::collections::{BTreeMap, VecDeque};

use futures_core::Stream;
use futures_util::{StreamExt as _, stream};

use crate::{
    error::Result,
    llm::{Delta, DeltaStream},
};

/// The longest text that may be the beginning of a placeholder: longer ones are handed out.
const LONGEST: usize = 64;

/// The deltas with every placeholder of `originals` replaced. Text that could be the beginning of a placeholder is held back until it is
/// known.
pub(super) fn restored(
    deltas: DeltaStream,
    originals: BTreeMap<String, String>,
) -> impl Stream<Item = Result<Delta>> + Send {
    let state = Restoring { originals, held: None, ready: VecDeque::new() };
    stream::unfold(Some((deltas, state)), |state| async {
        let (mut deltas, mut state) = state?;
        loop {
            if let Some(ready) = state.ready.pop_front() {
                return Some((ready, Some((deltas, state))));
            }
            match deltas.next().await {
                Some(item) => state.take(item),
                None => {
                    state.release();
                    return state.ready.pop_front().map(|item| (item, None));
                }
            }
        }
    })
}

/// What text belongs to: the answer, or the arguments of a call.
type Place = Option<u32>;

struct Restoring {
    originals: BTreeMap<String, String>,
    held: Option<(Place, String)>,
    ready: VecDeque<Result<Delta>>,
}

impl Restoring {
    fn take(&mut self, item: Result<Delta>) {
        match item {
            Ok(Delta::Text { text }) => self.text(None, &text),
            Ok(Delta::Arguments { index, json }) => self.text(Some(index), &json),
            other => {
                self.release();
                self.ready.push_back(other);
            }
        }
    }

    fn text(&mut self, place: Place, more: &str) {
        if self.held.as_ref().is_some_and(|(held, _)| *held != place) {
            self.release();
        }
        let mut text = self.held.take().map(|(_, text)| text).unwrap_or_default();
        text.push_str(more);
        let tail = text.rfind('[').filter(|start| self.could_begin(&text[*start..]));
        let held = tail.map(|start| text.split_off(start));
        self.hand_out(place, &text);
        self.held = held.map(|held| (place, held));
    }

    fn could_begin(&self, tail: &str) -> bool {
        tail.len() < LONGEST
            && self
                .originals
                .keys()
                .any(|placeholder| placeholder.len() > tail.len() && placeholder.starts_with(tail))
    }

    fn release(&mut self) {
        if let Some((place, text)) = self.held.take() {
            self.hand_out(place, &text);
        }
    }

    fn hand_out(&mut self, place: Place, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = self.replaced(text, place.is_some());
        self.ready.push_back(Ok(match place {
            None => Delta::Text { text },
            Some(index) => Delta::Arguments { index, json: text },
        }));
    }

    /// From left to right, so that what is put in is not looked at again. Arguments are the text of a JSON document, so what goes into them is
    /// escaped.
    fn replaced(&self, text: &str, in_json: bool) -> String {
        let (mut result, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(start) = rest.find('[') {
            result.push_str(&rest[..start]);
            rest = &rest[start..];
            let known = self.originals.iter().find(|(placeholder, _)| rest.starts_with(placeholder.as_str()));
            let taken = match known {
                Some((placeholder, original)) => {
                    if in_json {
                        escape(original, &mut result)
                    } else {
                        result.push_str(original)
                    }
                    placeholder.len()
                }
                None => {
                    result.push('[');
                    1
                }
            };
            rest = &rest[taken..];
        }
        result.push_str(rest);
        result
    }
}

fn escape(text: &str, into: &mut String) {
    let quoted = serde_json::Value::from(text).to_string();
    into.push_str(&quoted[1..quoted.len() - 1]);
}
