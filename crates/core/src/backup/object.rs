//! The form of every object: what it is, where it belongs, what it holds, and a checksum of all of it.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `HEPTADBK` |
//! | 4 | the version of the format, 1 (numbers are little-endian) |
//! | 4 | the length of the header |
//! | 8 | the length of the body before it was compressed |
//! | … | the header: JSON, [`Header`] |
//! | … | the body: chunks of up to 1 MiB, each with its length, its compressed length, and an LZ4 block |
//! | 32 | the BLAKE3 hash of everything above; in every version the last 32 bytes |
//!
//! LZ4 was chosen because it is pure Rust (the search index has it in the tree already) and faster than the disks; zstd would save about a
//! third more, and is C.

use serde::{Deserialize, Serialize};

use super::{header::Header, wal::MAX_PAGE};
use crate::error::{Error, ErrorKind, Result};

const MAGIC: &[u8; 8] = b"HEPTADBK";
/// The newest version that this build writes and reads.
const FORMAT: u32 = 1;
const PREFIX: usize = 24;
const HASH: usize = 32;
/// The most bytes of a chunk before it is compressed.
const CHUNK: usize = 1 << 20;

/// The hash of an object, or of what a chain begins with: what the next object names as the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link(blake3::Hash);

impl Link {
    /// What the first object of a chain names as the one before it.
    pub(super) fn root(chain: &str) -> Self {
        Self(blake3::hash(chain.as_bytes()))
    }
}

impl Serialize for Link {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_hex())
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        blake3::Hash::from_hex(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// An object that was read and whose checksum holds.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) header: Header,
    pub(super) body: Vec<u8>,
    /// Its hash.
    pub(super) link: Link,
}

/// The object with this header and body, and its hash.
pub(super) fn encode(header: &Header, body: &[u8]) -> Result<(Vec<u8>, Link)> {
    let json = serde_json::to_vec(header)
        .map_err(|error| Error::internal("the header of a backup object has no JSON form").because(error))?;
    let length = u32::try_from(json.len())
        .map_err(|_| Error::internal("the header of a backup object is longer than 4 GiB"))?;
    let mut out = Vec::with_capacity(PREFIX + json.len() + body.len() / 2 + HASH);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FORMAT.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(body.len() as u64).to_le_bytes());
    out.extend_from_slice(&json);
    for chunk in body.chunks(CHUNK) {
        let packed = lz4_flex::block::compress(chunk);
        out.extend_from_slice(&(chunk.len() as u32).to_le_bytes());
        out.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        out.extend_from_slice(&packed);
    }
    let hash = blake3::hash(&out);
    out.extend_from_slice(hash.as_bytes());
    Ok((out, Link(hash)))
}

/// The object in `bytes`, which were read from `place`.
///
/// # Errors
/// `Corrupt` where it was changed, cut off, or belongs to another place; `Unsupported` where a newer Heptad wrote it.
pub(super) fn decode(place: &str, bytes: &[u8]) -> Result<Object> {
    read(place, bytes).map_err(|error| error.with("object", place))
}

fn read(place: &str, bytes: &[u8]) -> Result<Object> {
    if bytes.len() < PREFIX + HASH || !bytes.starts_with(MAGIC) {
        return Err(damaged("it is no backup object, or only the beginning of one"));
    }
    let (content, hash) = bytes.split_at(bytes.len() - HASH);
    let link = Link(blake3::hash(content));
    if link.0.as_bytes() != hash {
        return Err(damaged("its checksum does not hold: it was changed or cut off"));
    }
    let format = number(&content[8..12]) as u32;
    if format != FORMAT {
        let message = format!(
            "a backup object has format {format}, this build knows {FORMAT}: use the newer Heptad that wrote it"
        );
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let rest = &content[PREFIX..];
    let length = number(&content[12..16]) as usize;
    let (json, rest) = rest.split_at_checked(length).ok_or_else(|| damaged("its header is cut off"))?;
    let header: Header =
        serde_json::from_slice(json).map_err(|error| damaged("its header cannot be read").because(error))?;
    if header.place != place {
        return Err(damaged("it belongs to another place of the backup").with("belongs to", &header.place));
    }
    if !header.page_size.is_power_of_two() || !(512..=MAX_PAGE).contains(&header.page_size) {
        return Err(damaged("its page size is none of SQLite's"));
    }
    let body = unpack(rest, number(&content[16..24]))?;
    Ok(Object { header, body, link })
}

fn unpack(mut rest: &[u8], length: u64) -> Result<Vec<u8>> {
    let cut = || damaged("its body does not have the length it should have");
    let mut body = Vec::new();
    while !rest.is_empty() {
        let (sizes, after) = rest.split_at_checked(8).ok_or_else(cut)?;
        let (raw, packed) = (number(&sizes[..4]) as usize, number(&sizes[4..]) as usize);
        let (packed, after) = after.split_at_checked(packed).ok_or_else(cut)?;
        if raw > CHUNK {
            return Err(cut());
        }
        let chunk = lz4_flex::block::decompress(packed, raw).map_err(|error| cut().because(error))?;
        if chunk.len() != raw {
            return Err(cut());
        }
        body.extend_from_slice(&chunk);
        rest = after;
    }
    if body.len() as u64 == length { Ok(body) } else { Err(cut()) }
}

/// A little-endian number of up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

pub(super) fn damaged(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, format!("an object of the backup is damaged: {}", what.into()))
}
