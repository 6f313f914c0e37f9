//! The headers of a write-ahead log and of its frames.

use super::{MAX_PAGE, Position};

pub(super) const LOG_HEADER: usize = 32;
pub(super) const FRAME_HEADER: usize = 24;

/// How the checksum takes words from bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// SQLite's checksum, gone on with from `sum`. `bytes` are a multiple of eight.
    pub(super) fn sum(self, [mut a, mut b]: [u32; 2], bytes: &[u8]) -> [u32; 2] {
        for pair in bytes.chunks_exact(8) {
            let (x, y) = match self {
                Self::Little => (little(&pair[..4]), little(&pair[4..])),
                Self::Big => (big(&pair[..4]), big(&pair[4..])),
            };
            a = a.wrapping_add(x).wrapping_add(b);
            b = b.wrapping_add(y).wrapping_add(a);
        }
        [a, b]
    }
}

#[derive(Debug)]
pub(super) struct LogHeader {
    pub(super) order: Order,
    pub(super) page_size: u32,
    pub(super) salts: [u32; 2],
    pub(super) checksum: [u32; 2],
}

impl LogHeader {
    /// `None` where it is none: never written, or not wholly.
    pub(super) fn read(bytes: &[u8; LOG_HEADER]) -> Option<Self> {
        let word = |index: usize| big(&bytes[4 * index..4 * index + 4]);
        let order = match word(0) {
            0x377F_0682 => Order::Little,
            0x377F_0683 => Order::Big,
            _ => return None,
        };
        let (page_size, checksum) = (word(2), [word(6), word(7)]);
        let valid = order.sum([0, 0], &bytes[..24]) == checksum
            && page_size.is_power_of_two()
            && (512..=MAX_PAGE).contains(&page_size);
        valid.then_some(Self { order, page_size, salts: [word(4), word(5)], checksum })
    }

    /// Before the first frame.
    pub(super) fn begin(&self) -> Position {
        Position { salts: self.salts, frames: 0, checksum: self.checksum }
    }

    /// Where the frame `index` begins in the file.
    pub(super) fn offset(&self, index: u32) -> u64 {
        LOG_HEADER as u64 + u64::from(index) * (FRAME_HEADER as u64 + u64::from(self.page_size))
    }
}

#[derive(Debug)]
pub(super) struct FrameHeader {
    pub(super) page: u32,
    /// How many pages the database has, in the last frame of a transaction; 0 in all others.
    pub(super) size: u32,
    pub(super) salts: [u32; 2],
    pub(super) checksum: [u32; 2],
}

impl FrameHeader {
    pub(super) fn read(bytes: &[u8; FRAME_HEADER]) -> Self {
        let word = |index: usize| big(&bytes[4 * index..4 * index + 4]);
        Self { page: word(0), size: word(1), salts: [word(2), word(3)], checksum: [word(4), word(5)] }
    }
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}
