//! A sealed value: a header that says with which key, nonce and length it was sealed, then the sealed bytes and their tag.
//!
//! ```text
//! "HPR" 1   data key · salt (16) · counter · length                                   · sealed bytes · tag (16)      a record
//! "HPE" 1   data key · salt (16) · counter · length · index · entries · bound         · sealed bytes · tag (16)      an entry
//! ```
//! Numbers are LEB128. All of the header is associated data, followed by the place the value belongs to: nothing in it can be changed, and
//! no value can be moved to another place. The last sealed byte says whether the value is JSON or bytes.

use std::sync::Arc;

use super::super::{Key, StreamId, Value};
use crate::crypto::{Cipher, Fault, NONCE_BYTES, TAG_BYTES};

pub(super) const SALT_BYTES: usize = 16;
/// The most bytes a sealed value has more than the value.
pub(super) const OVERHEAD: usize = 4 + SALT_BYTES + 6 * MAX_NUMBER_BYTES + 1 + TAG_BYTES;
const MAX_NUMBER_BYTES: usize = 10;
const FORMAT: u8 = 1;
const RECORD: &[u8; 3] = b"HPR";
const ENTRY: &[u8; 3] = b"HPE";
const JSON: u8 = 0;
const BYTES: u8 = 1;

pub(super) type Salt = [u8; SALT_BYTES];

/// Where a value belongs.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Record(&'a Key),
    Entry(&'a StreamId),
}

/// What the header of an envelope says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The number of the data key.
    pub(super) key: u32,
    /// With the data key it makes the key of the session that sealed.
    pub(super) salt: Salt,
    /// The nonce within the session.
    pub(super) counter: u64,
    /// Present for entries.
    pub(super) link: Option<Link>,
}

/// How an entry belongs to its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Which entry of its append it is, from 0.
    pub(super) index: u64,
    /// How many entries the append has.
    pub(super) entries: u64,
    /// An offset that was taken when the append was sealed: the append lies behind it.
    pub(super) bound: u64,
}

/// A header that was read, and where it ends.
pub(super) struct Parsed {
    pub(super) header: Header,
    length: u64,
    end: usize,
}

pub(super) fn seal(cipher: &Cipher, header: &Header, place: Place<'_>, value: &Value) -> Value {
    let (plain, kind) = match value {
        Value::Json(text) => (text.as_bytes(), JSON),
        Value::Bytes(bytes) => (&**bytes, BYTES),
    };
    let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
    sealed.extend_from_slice(if header.link.is_some() { ENTRY } else { RECORD });
    sealed.push(FORMAT);
    put_number(&mut sealed, header.key.into());
    sealed.extend_from_slice(&header.salt);
    put_number(&mut sealed, header.counter);
    put_number(&mut sealed, plain.len() as u64 + 1);
    if let Some(Link { index, entries, bound }) = header.link {
        for number in [index, entries, bound] {
            put_number(&mut sealed, number);
        }
    }
    let associated = associated(&sealed, place);
    let from = sealed.len();
    sealed.extend_from_slice(plain);
    sealed.push(kind);
    cipher.seal(nonce(header.counter), &associated, &mut sealed, from);
    Value::Bytes(sealed.into())
}

/// Reads the header of a sealed value without trusting it.
pub(super) fn parse(value: &Value, place: Place<'_>) -> Result<Parsed, Fault> {
    let Value::Bytes(bytes) = value else { return Err(Fault::NotEncrypted) };
    let magic = match place {
        Place::Record(_) => RECORD,
        Place::Entry(_) => ENTRY,
    };
    let Some(rest) = bytes.strip_prefix(magic) else {
        let cut = bytes.len() < magic.len() && magic.starts_with(bytes);
        let moved = bytes.starts_with(RECORD) || bytes.starts_with(ENTRY);
        return Err(if cut {
            Fault::Truncated
        } else if moved {
            Fault::Tampered
        } else {
            Fault::NotEncrypted
        });
    };
    let mut reader = Reader(rest);
    match reader.byte()? {
        FORMAT => {}
        0 => return Err(Fault::Tampered),
        _ => return Err(Fault::NewerFormat),
    }
    let key = u32::try_from(reader.number()?).map_err(|_| Fault::Tampered)?;
    let salt = reader.salt()?;
    let (counter, length) = (reader.number()?, reader.number()?);
    let link = match place {
        Place::Record(_) => None,
        Place::Entry(_) => {
            let link = Link { index: reader.number()?, entries: reader.number()?, bound: reader.number()? };
            if link.index >= link.entries || link.index > counter {
                return Err(Fault::Tampered);
            }
            Some(link)
        }
    };
    let end = bytes.len() - reader.0.len();
    Ok(Parsed { header: Header { key, salt, counter, link }, length, end })
}

/// Opens what was parsed from `value`.
pub(super) fn open(
    cipher: &Cipher,
    parsed: &Parsed,
    place: Place<'_>,
    value: &Value,
) -> Result<Value, Fault> {
    let bytes = value.as_bytes();
    let (header, sealed) = bytes.split_at(parsed.end);
    let present = sealed.len() as u64;
    match parsed.length.checked_add(TAG_BYTES as u64) {
        Some(expected) if present == expected && parsed.length > 0 => {}
        Some(expected) if present < expected => return Err(Fault::Truncated),
        _ => return Err(Fault::Tampered),
    }
    let mut sealed = sealed.to_vec();
    let plain = cipher
        .open(nonce(parsed.header.counter), &associated(header, place), &mut sealed)
        .map_err(|_| Fault::Tampered)?;
    match plain.split_last() {
        Some((&JSON, text)) => {
            std::str::from_utf8(text).map(|text| Value::Json(text.into())).map_err(|_| Fault::Tampered)
        }
        Some((&BYTES, bytes)) => Ok(Value::Bytes(Arc::from(bytes))),
        _ => Err(Fault::Tampered),
    }
}

fn associated(header: &[u8], place: Place<'_>) -> Vec<u8> {
    let mut bytes = header.to_vec();
    match place {
        Place::Record(key) => {
            put_number(&mut bytes, key.collection().len() as u64);
            bytes.extend_from_slice(key.collection().as_bytes());
            bytes.extend_from_slice(key.id().as_bytes());
        }
        Place::Entry(stream) => bytes.extend_from_slice(stream.as_str().as_bytes()),
    }
    bytes
}

fn nonce(counter: u64) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce[NONCE_BYTES - 8..].copy_from_slice(&counter.to_be_bytes());
    nonce
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Fault> {
        let (first, rest) = self.0.split_first().ok_or(Fault::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    fn salt(&mut self) -> Result<Salt, Fault> {
        let (salt, rest) = self.0.split_first_chunk().ok_or(Fault::Truncated)?;
        self.0 = rest;
        Ok(*salt)
    }

    /// A number in its shortest form; every other form is refused, so that there is one way to write a header.
    fn number(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7F);
            if (low << shift) >> shift != low || (byte == 0 && shift > 0) {
                return Err(Fault::Tampered);
            }
            number |= low << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Fault::Tampered)
    }
}
