//! From transactions in the write-ahead log to an object.

use super::{Chain, OBJECT_BYTES, Pending, Seen, Shipper, State};
use crate::{
    backup::{
        header::{LogHeader, Point, What},
        object::encode,
        wal::{Look, Position, Tail, Transaction, commit_of},
    },
    error::{Error, ErrorKind, Result},
};

impl Shipper {
    /// See [`LogFile::look`](crate::backup::wal::LogFile::look).
    pub(super) fn look(&self, position: &Position, ended: Option<u32>, limit: usize) -> Result<Look> {
        let visible = self.frames()?;
        self.log.look(position, visible, ended, limit).map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the write-ahead log cannot be read").because(error)
        })
    }

    /// Makes the next object of what the write-ahead log has; `false` where it has nothing new.
    pub(super) fn read_log(&mut self) -> Result<bool> {
        let chain = self.chain_mut()?;
        if chain.pending.is_some() {
            return Ok(true);
        }
        let (position, ended) = (chain.position, chain.ended);
        let (now, began) = (self.clock.now(), self.clock.monotonic());
        match self.look(&position, ended, OBJECT_BYTES)? {
            Look::Lost(why) => {
                self.give_up(why);
                Ok(true)
            }
            Look::Tail(Tail { transactions, end, visible, .. }) if transactions.is_empty() => {
                let chain = self.chain_mut()?;
                if visible.is_some() {
                    chain.complete = Some(now);
                }
                if end.salts != chain.position.salts {
                    // Begun anew, with nothing in it yet.
                    chain.log_start = (chain.next, chain.link);
                    (chain.position, chain.ended) = (end, None);
                    return self.read_log();
                }
                Ok(false)
            }
            Look::Tail(Tail { transactions, end, visible, whole }) => {
                // What was committed during the look is in it.
                let time = self.clock.now().as_millisecond();
                let State::Chain(chain) = &self.state else { return Ok(true) };
                let (points, body) = pack(chain, &transactions, self.label_page, time);
                let Some(last) = points.last().copied() else { return Ok(false) };
                let header = LogHeader {
                    level: 0,
                    first: chain.next,
                    last: chain.next,
                    log_start: chain.log_start.0,
                    previous: chain.link,
                    link: None,
                    points,
                    end,
                };
                let place = Self::log_place(chain, 0, chain.next);
                let (bytes, link) = encode(&self.header(place.clone(), What::Log(header)), &body)?;
                let pending = Pending {
                    place,
                    bytes: bytes.into(),
                    link,
                    end,
                    commit: last.commit,
                    time: last.time,
                    raw: body.len() as u64,
                    began,
                    whole,
                };
                let chain = self.chain_mut()?;
                chain.pending = Some(pending);
                if let Some(frames) = visible {
                    chain.seen.push_back(Seen { salts: end.salts, frames, time: now });
                }
                Ok(true)
            }
        }
    }
}

fn pack(chain: &Chain, transactions: &[Transaction], label_page: u32, time: i64) -> (Vec<Point>, Vec<u8>) {
    let (mut points, mut body) = (Vec::with_capacity(transactions.len()), Vec::new());
    let mut commit = chain.commit;
    // The clock may be set back; the times of a chain are not.
    let time = time.max(chain.time);
    for transaction in transactions {
        let label = transaction.pages.get(&label_page).and_then(|page| commit_of(page));
        commit = label.unwrap_or(commit);
        for (number, page) in &transaction.pages {
            body.extend_from_slice(&number.to_le_bytes());
            body.extend_from_slice(page);
        }
        let pages = transaction.pages.len() as u32;
        points.push(Point { commit, time, pages, size: transaction.size });
    }
    (points, body)
}
