//! How entries of a stream are packed into one row.
//!
//! Codec 1: entry after entry; each is a varint `length << 1 | is_bytes`, a zigzag varint of the milliseconds since the entry before
//! (since 1970 for the first), and the value. Varints are LEB128. The CRC-32C covers the data and the numbers of the row.

use std::sync::Arc;

use rusqlite::Row;

use super::{super::Value, fault::damaged};
use crate::error::Error;

/// The only codec so far.
const CODEC: i64 = 1;

/// The numbers of a row of `segments`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Offset of the first entry.
    pub(super) base: u64,
    pub(super) count: u64,
    pub(super) min_time: i64,
    pub(super) max_time: i64,
}

/// The key of a row of `segments`: stream and offset in one integer. An integer key makes SQLite append in place, and an append to change
/// one page; a key of two columns would need an index beside the rows, or rows in an index, which a search compares whole.
pub(super) struct Place;

impl Place {
    /// Offsets have 39 bits, streams 24: 550 billion entries for each of 16 million.
    const OFFSET_BITS: u32 = 39;
    pub(super) const LAST_OFFSET: u64 = (1 << Self::OFFSET_BITS) - 1;

    /// Of the segment that begins at `offset`. What is beyond the last offset, which no entry ever gets, is there.
    pub(super) fn of(stream: i64, offset: u64) -> i64 {
        stream << Self::OFFSET_BITS | offset.min(Self::LAST_OFFSET) as i64
    }

    /// Before all segments of the stream.
    pub(super) fn first(stream: i64) -> i64 {
        Self::of(stream, 0)
    }

    /// After all segments of the stream.
    pub(super) fn last(stream: i64) -> i64 {
        Self::of(stream, Self::LAST_OFFSET)
    }
}

/// Entries on their way into a row.
pub(super) struct Packer {
    header: Header,
    last_time: i64,
    data: Vec<u8>,
}

impl Packer {
    /// Nothing yet; the first entry will have offset `base`.
    pub(super) fn new(base: u64) -> Self {
        let header = Header { base, count: 0, min_time: i64::MAX, max_time: i64::MIN };
        Self { header, last_time: 0, data: Vec::new() }
    }

    /// Adds an entry committed at `time` (milliseconds since 1970).
    pub(super) fn push(&mut self, time: i64, value: &Value) {
        self.push_raw(time, matches!(value, Value::Bytes(_)), value.as_bytes());
    }

    fn push_raw(&mut self, time: i64, is_bytes: bool, bytes: &[u8]) {
        let header = &mut self.header;
        header.count += 1;
        header.min_time = header.min_time.min(time);
        header.max_time = header.max_time.max(time);
        self.data.reserve(bytes.len() + 12);
        write_varint(&mut self.data, (bytes.len() as u64) << 1 | u64::from(is_bytes));
        write_varint(&mut self.data, zigzag(time.wrapping_sub(self.last_time)));
        self.data.extend_from_slice(bytes);
        self.last_time = time;
    }

    /// Adds the entries of a segment that follows.
    pub(super) fn extend(&mut self, segment: &Segment<'_>) -> Result<(), Error> {
        for entry in segment.entries() {
            let Raw { time, is_bytes, bytes } = entry?;
            self.push_raw(time, is_bytes, bytes);
        }
        Ok(())
    }

    pub(super) fn header(&self) -> Header {
        self.header
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(super) fn codec(&self) -> i64 {
        CODEC
    }

    pub(super) fn checksum(&self) -> u32 {
        checksum(&self.header, CODEC, &self.data)
    }
}

/// A row of `segments` whose checksum holds.
pub(super) struct Segment<'a> {
    pub(super) header: Header,
    data: &'a [u8],
}

/// One entry within a segment.
pub(super) struct Raw<'a> {
    /// Milliseconds since 1970.
    pub(super) time: i64,
    is_bytes: bool,
    bytes: &'a [u8],
}

impl<'a> Segment<'a> {
    /// The segment in a row of `base, count, min_time, max_time, codec, crc32c, data`; `stream` is named in the error.
    ///
    /// # Errors
    /// `Corrupt` where the checksum does not hold or the codec is not known.
    pub(super) fn of(row: &'a Row<'_>, stream: &str) -> Result<Self, super::fault::Fault> {
        let base: i64 = row.get(0)?;
        let number = |column: usize| -> rusqlite::Result<u64> {
            Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(u64::MAX))
        };
        let header =
            Header { base: number(0)?, count: number(1)?, min_time: row.get(2)?, max_time: row.get(3)? };
        let codec: i64 = row.get(4)?;
        let data = row.get_ref(6)?.as_blob().unwrap_or_default();
        let wrong = if codec != CODEC {
            format!("a segment has codec {codec}, this build knows {CODEC}")
        } else if i64::from(checksum(&header, codec, data)) != row.get::<_, i64>(5)? {
            "the checksum of a segment does not hold".to_owned()
        } else {
            return Ok(Self { header, data });
        };
        Err(damaged(wrong).with("stream", stream).with("offset", base).into())
    }

    /// The entries, oldest first.
    pub(super) fn entries(&self) -> impl Iterator<Item = Result<Raw<'a>, Error>> + use<'a> {
        let (mut rest, mut time, header) = (self.data, 0_i64, self.header);
        (0..header.count).map(move |index| {
            let entry = read_entry(&mut rest, &mut time);
            let cut =
                || damaged("a segment ends in the middle of an entry").with("offset", header.base + index);
            entry.ok_or_else(cut)
        })
    }
}

impl Raw<'_> {
    /// The value; `None` where JSON is not UTF-8.
    pub(super) fn value(&self) -> Option<Value> {
        if self.is_bytes {
            return Some(Value::Bytes(self.bytes.into()));
        }
        Some(Value::Json(Arc::from(std::str::from_utf8(self.bytes).ok()?)))
    }
}

fn read_entry<'a>(rest: &mut &'a [u8], time: &mut i64) -> Option<Raw<'a>> {
    let head = read_varint(rest)?;
    *time = time.wrapping_add(unzigzag(read_varint(rest)?));
    let (bytes, after) = rest.split_at_checked(usize::try_from(head >> 1).ok()?)?;
    *rest = after;
    Some(Raw { time: *time, is_bytes: head & 1 == 1, bytes })
}

fn checksum(header: &Header, codec: i64, data: &[u8]) -> u32 {
    let mut crc = crc32c::crc32c(data);
    for number in [header.base as i64, header.count as i64, header.min_time, header.max_time, codec] {
        crc = crc32c::crc32c_append(crc, &number.to_le_bytes());
    }
    crc
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn write_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7F).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            ".{0,40}".prop_map(|text| Value::Json(text.into())),
            proptest::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| Value::Bytes(bytes.into())),
        ]
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(entries in proptest::collection::vec((any::<i64>(), value()), 0..20), base: u32) {
            let mut packer = Packer::new(base.into());
            for (time, value) in &entries {
                packer.push(*time, value);
            }
            let segment = Segment { header: packer.header(), data: packer.data() };
            let unpacked: Vec<_> = segment
                .entries()
                .map(|entry| entry.map(|raw| (raw.time, raw.value().expect("UTF-8"))).expect("a whole entry"))
                .collect();
            prop_assert_eq!(unpacked, entries);

            let mut merged = Packer::new(base.into());
            merged.extend(&segment).expect("a whole segment");
            prop_assert_eq!((merged.header(), merged.data()), (packer.header(), packer.data()));
        }

        #[test]
        fn garbage_is_refused_and_never_panics(data in proptest::collection::vec(any::<u8>(), 0..200), count in 0..50_u64) {
            let header = Header { base: 1, count, min_time: 0, max_time: 0 };
            let segment = Segment { header, data: &data };
            for raw in segment.entries().flatten() {
                let _ = raw.value();
            }
        }

        #[test]
        fn a_changed_byte_changes_the_checksum(data in proptest::collection::vec(any::<u8>(), 1..200), at: prop::sample::Index, flip in 1..=255_u8) {
            let header = Header { base: 1, count: 2, min_time: 3, max_time: 4 };
            let mut changed = data.clone();
            changed[at.index(data.len())] ^= flip;
            prop_assert_ne!(checksum(&header, CODEC, &data), checksum(&header, CODEC, &changed));
        }
    }
}
