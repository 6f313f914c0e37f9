//! A cursor over untrusted bytes: whatever is read was there.

use crate::error::{Error, Result};

/// Reads little-endian values one after the other; knows where it is for the messages.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()) }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> Error {
        Error::Malformed { format: "GGUF", at: self.at, problem: problem.into() }
    }

    pub(super) fn take(&mut self, length: u64, what: &str) -> Result<&'a [u8]> {
        let left = self.left();
        let length = usize::try_from(length).ok().filter(|&length| length <= left).ok_or_else(|| {
            self.error(format!(
                "{what} takes {length} bytes, but only {left} are left: the file is cut or damaged"
            ))
        })?;
        let taken = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64, what)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self, what: &str) -> Result<u8> {
        self.array(what).map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self, what: &str) -> Result<u16> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, what: &str) -> Result<u64> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A length and as many bytes of UTF-8. They are copied before they are looked at: the bytes of a mapped file may change.
    pub(super) fn string(&mut self, what: &str) -> Result<String> {
        let start = self.at;
        let bytes = self.raw_string(what)?.to_vec();
        String::from_utf8(bytes).map_err(|_| Error::Malformed {
            format: "GGUF",
            at: start,
            problem: format!("{what} is not UTF-8"),
        })
    }

    /// A length and as many bytes.
    pub(super) fn raw_string(&mut self, what: &str) -> Result<&'a [u8]> {
        let length = self.u64(what)?;
        self.take(length, what)
    }
}
