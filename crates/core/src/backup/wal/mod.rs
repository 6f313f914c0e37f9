//! SQLite's write-ahead log as a file: what was committed since a position, and whether nothing between is lost.
//!
//! The format is SQLite's ("The Write-Ahead Log File Format", sqlite.org/fileformat2.html#walformat): frames of one page each, chained by a
//! running checksum, every frame with the salts of its log. When a log was copied into the database it is begun anew from the start of the
//! file: the first salt grows by one, the second is random, and frames of the old log stay behind the new ones until they are overwritten.
//! That is what the proof of having missed nothing stands on: see [`LogFile::look`].

mod frame;
mod label;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, ErrorKind, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use self::frame::{FRAME_HEADER, FrameHeader, LOG_HEADER, LogHeader};
pub(super) use self::label::commit_of;
use super::disk::beside;

/// SQLite's largest page.
pub(super) const MAX_PAGE: u32 = 65_536;

/// A place in a write-ahead log: behind a frame that ended a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Which log: changes whenever it is begun anew.
    pub(super) salts: [u32; 2],
    /// How many frames are before it.
    pub(super) frames: u32,
    /// The running checksum of all of them.
    pub(super) checksum: [u32; 2],
}

/// What one transaction of SQLite's wrote; of each page the last state.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) pages: BTreeMap<u32, Vec<u8>>,
    /// How many pages the database has after it.
    pub(super) size: u32,
}

/// What a look at the log shows.
#[derive(Debug)]
pub(super) enum Look {
    /// Nothing is missing.
    Tail(Tail),
    /// What was committed behind the position may be gone from the log.
    Lost(&'static str),
}

/// What is behind a position.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) transactions: Vec<Transaction>,
    /// The position behind them.
    pub(super) end: Position,
    /// How many frames the log of `end` had then; `None` where it was begun anew since.
    pub(super) visible: Option<u32>,
    /// That is all that the log had.
    pub(super) whole: bool,
}

/// The write-ahead log beside a database.
#[derive(Clone, Debug)]
pub(super) struct LogFile {
    path: PathBuf,
}

impl LogFile {
    pub(super) fn of(database: &Path) -> Self {
        Self { path: beside(database, "-wal") }
    }

    /// The position before the first frame, and the size of a page; `None` where there is no log.
    pub(super) fn begin(&self) -> io::Result<Option<(Position, u32)>> {
        let Some(mut file) = self.open()? else { return Ok(None) };
        Ok(header(&mut file)?.map(|header| (header.begin(), header.page_size)))
    }

    /// What was committed behind `position`, up to about `limit` bytes of pages and at least one transaction.
    ///
    /// Where the log is the one that `position` is in, the frame before it must be the one that was seen; then what follows is the tail.
    /// Where the log was begun anew *once* (the first salt tells), the old log's frames from `position` on are still there as long as the
    /// new log has not come that far and the file was not cut off in between: they are the tail, and when there are none, the tail is empty and ends where the new log begins.
    /// Everything else is `Lost`.
    ///
    /// `visible` is how many frames SQLite says the log has, asked before: frames behind it are being written, or were left by a transaction
    /// that failed; and where it is less than what was seen, the database was set back, whatever the frames still say.
    ///
    /// `ended` is how many frames the log of `position` had when it was begun anew, where that was seen. Whole transactions behind it either
    /// failed (what was not synced is written all the same) or came unseen: that is not told apart, so they are `Lost`.
    ///
    /// # Errors
    /// Where the log cannot be read, or a frame that SQLite says is committed does not fit its checksum.
    pub(super) fn look(
        &self,
        position: &Position,
        visible: u32,
        ended: Option<u32>,
        limit: usize,
    ) -> io::Result<Look> {
        let Some(mut file) = self.open()? else { return Ok(Look::Lost("the write-ahead log is gone")) };
        let Some(header) = header(&mut file)? else {
            return Ok(Look::Lost("another program emptied the write-ahead log"));
        };
        if header.salts == position.salts {
            let whole = match position.frames {
                0 => header.checksum == position.checksum,
                _ => is_last(&mut file, &header, position)?,
            };
            if !whole || visible < position.frames {
                return Ok(Look::Lost("the database was set back: it no longer holds what was shipped"));
            }
            let rest = tail(&mut file, &header, position, visible, limit)?;
            if !rest.enough && rest.read < visible {
                let what = "frames that are committed do not fit their checksums";
                return Err(io::Error::new(ErrorKind::InvalidData, what));
            }
            let Rest { transactions, end, enough, .. } = rest;
            return Ok(Look::Tail(Tail { transactions, end, visible: Some(visible), whole: !enough }));
        }
        if header.salts[0] != position.salts[0].wrapping_add(1) {
            return Ok(Look::Lost("the write-ahead log is another one"));
        }
        // Neither written over nor cut off: what is behind the new log is the old one, if it is there at all.
        let kept = |file: &mut BufReader<File>| -> io::Result<bool> {
            match frame_header(file, &header, position.frames)? {
                Some(next) => Ok(next.salts != header.salts),
                None => is_last(file, &header, position),
            }
        };
        const GONE: Look =
            Look::Lost("another program began the write-ahead log anew and wrote over what was not shipped");
        if !kept(&mut file)? {
            return Ok(GONE);
        }
        let rest = tail(&mut file, &header, position, u32::MAX, limit)?;
        if !kept(&mut file)? {
            return Ok(GONE);
        }
        if rest.transactions.is_empty() {
            let end = header.begin();
            return Ok(Look::Tail(Tail { transactions: Vec::new(), end, visible: None, whole: false }));
        }
        if ended.is_some_and(|ended| rest.end.frames > ended) {
            return Ok(Look::Lost(
                "behind the end of the write-ahead log are transactions that it did not have",
            ));
        }
        // What is in the new log is behind it.
        let Rest { transactions, end, .. } = rest;
        Ok(Look::Tail(Tail { transactions, end, visible: None, whole: false }))
    }

    fn open(&self) -> io::Result<Option<BufReader<File>>> {
        match File::open(&self.path) {
            Ok(file) => Ok(Some(BufReader::with_capacity(1 << 18, file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn header(file: &mut BufReader<File>) -> io::Result<Option<LogHeader>> {
    let mut bytes = [0; LOG_HEADER];
    Ok(filled(file, &mut bytes)?.then(|| LogHeader::read(&bytes)).flatten())
}

/// Whether the frame before `position` is the one that was seen.
fn is_last(file: &mut BufReader<File>, log: &LogHeader, position: &Position) -> io::Result<bool> {
    let Some(index) = position.frames.checked_sub(1) else { return Ok(false) };
    let frame = frame_header(file, log, index)?;
    Ok(frame.is_some_and(|frame| frame.salts == position.salts && frame.checksum == position.checksum))
}

fn frame_header(file: &mut BufReader<File>, log: &LogHeader, index: u32) -> io::Result<Option<FrameHeader>> {
    file.seek(SeekFrom::Start(log.offset(index)))?;
    let mut bytes = [0; FRAME_HEADER];
    Ok(filled(file, &mut bytes)?.then(|| FrameHeader::read(&bytes)))
}

/// What was read behind a position.
struct Rest {
    transactions: Vec<Transaction>,
    end: Position,
    /// How many frames are before where reading ended.
    read: u32,
    /// It ended because that was enough.
    enough: bool,
}

/// The whole transactions behind `position`: frames with its salts whose checksums go on from its own.
fn tail(
    file: &mut BufReader<File>,
    log: &LogHeader,
    position: &Position,
    visible: u32,
    limit: usize,
) -> io::Result<Rest> {
    file.seek(SeekFrom::Start(log.offset(position.frames)))?;
    let (mut transactions, mut end) = (Vec::new(), *position);
    let (mut at, mut pages, mut bytes) = (*position, BTreeMap::new(), 0);
    let mut head = [0; FRAME_HEADER];
    let mut page = vec![0; log.page_size as usize];
    while bytes < limit && at.frames < visible && filled(file, &mut head)? && filled(file, &mut page)? {
        let frame = FrameHeader::read(&head);
        let checksum = log.order.sum(log.order.sum(at.checksum, &head[..8]), &page);
        if frame.salts != at.salts || frame.checksum != checksum || frame.page == 0 {
            break;
        }
        at.frames += 1;
        at.checksum = checksum;
        pages.insert(frame.page, page.clone());
        if frame.size > 0 {
            let pages = std::mem::take(&mut pages);
            bytes += pages.len() * page.len();
            transactions.push(Transaction { pages, size: frame.size });
            end = at;
        }
    }
    Ok(Rest { transactions, end, read: at.frames, enough: bytes >= limit })
}

/// Fills `bytes`; `false` where the file ends before.
fn filled(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
