//! The formats with blocks of 256 values ("k-quants"), as ggml defines them (`ggml-common.h`, `ggml-quants.c`).

use super::{
    formats::{Format, Scales, half, part},
    lanes::Lanes,
};

/// The 6-bit scales and mins of `Q4_K` and `Q5_K`: 8 of each in 12 bytes.
#[inline(always)]
fn six_bits(block: &[u8]) -> Scales {
    let (d, dmin) = (half(block, 0), half(block, 2));
    let packed: &[u8; 12] = part(block, 4);
    let mut scales = Scales { scale: [0.0; 16], min: [0.0; 16] };
    for j in 0..8 {
        let (scale, min) = if j < 4 {
            (packed[j] & 63, packed[j + 4] & 63)
        } else {
            (packed[j + 4] & 15 | packed[j - 4] >> 6 << 4, packed[j + 4] >> 4 | packed[j] >> 6 << 4)
        };
        scales.scale[j] = d * f32::from(scale);
        scales.min[j] = dmin * f32::from(min);
    }
    scales
}

/// Bits `2 * (group % 4)` and the next of each byte.
#[inline(always)]
fn two_bits<L: Lanes>(lanes: L, bytes: L::Bytes, group: usize) -> L::Bytes {
    match group % 4 {
        0 => lanes.field::<0>(bytes, 3),
        1 => lanes.field::<2>(bytes, 3),
        2 => lanes.field::<4>(bytes, 3),
        _ => lanes.field::<6>(bytes, 3),
    }
}

/// Bit `group` of each byte.
#[inline(always)]
fn one_bit<L: Lanes>(lanes: L, bytes: L::Bytes, group: usize) -> L::Bytes {
    match group {
        0 => lanes.field::<0>(bytes, 1),
        1 => lanes.field::<1>(bytes, 1),
        2 => lanes.field::<2>(bytes, 1),
        3 => lanes.field::<3>(bytes, 1),
        4 => lanes.field::<4>(bytes, 1),
        5 => lanes.field::<5>(bytes, 1),
        6 => lanes.field::<6>(bytes, 1),
        _ => lanes.field::<7>(bytes, 1),
    }
}

/// The half bytes of `Q4_K` and `Q5_K`: each 32 bytes hold the low halves of one group and the high halves of the next.
#[inline(always)]
fn half_bytes<L: Lanes>(lanes: L, bytes: L::Bytes, high: bool) -> L::Bytes {
    if high { lanes.field::<4>(bytes, 15) } else { lanes.field::<0>(bytes, 15) }
}

pub(super) struct Q2K;

impl Format for Q2K {
    const VALUES: usize = 256;
    const BYTES: usize = 84;
    const SIGNED: bool = false;
    const HALVES: bool = true;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        let (d, dmin) = (half(block, 80), half(block, 82));
        let packed: &[u8; 16] = part(block, 0);
        let mut scales = Scales { scale: [0.0; 16], min: [0.0; 16] };
        for (j, byte) in packed.iter().enumerate() {
            scales.scale[j] = d * f32::from(byte & 15);
            scales.min[j] = dmin * f32::from(byte >> 4);
        }
        scales
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], group: usize) -> L::Bytes {
        two_bits(lanes, lanes.load(part(block, 16 + group / 4 * 32)), group)
    }
}

pub(super) struct Q3K;

impl Format for Q3K {
    const VALUES: usize = 256;
    const BYTES: usize = 110;
    const SIGNED: bool = true;
    const HALVES: bool = true;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        let d = half(block, 108);
        let packed: &[u8; 12] = part(block, 96);
        let mut scales = Scales { scale: [0.0; 16], min: [0.0; 16] };
        for j in 0..16 {
            let low = if j < 8 { packed[j] & 15 } else { packed[j - 8] >> 4 };
            let high = packed[8 + j % 4] >> (j / 4 * 2) & 3;
            scales.scale[j] = d * (f32::from(low | high << 4) - 32.0);
        }
        scales
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], group: usize) -> L::Bytes {
        let low = two_bits(lanes, lanes.load(part(block, 32 + group / 4 * 32)), group);
        let high = one_bit(lanes, lanes.load(part(block, 0)), group);
        lanes.less(lanes.or(low, lanes.raise::<2>(high)), 4)
    }
}

pub(super) struct Q4K;

impl Format for Q4K {
    const VALUES: usize = 256;
    const BYTES: usize = 144;
    const SIGNED: bool = false;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        six_bits(block)
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], group: usize) -> L::Bytes {
        half_bytes(lanes, lanes.load(part(block, 16 + group / 2 * 32)), group % 2 == 1)
    }
}

pub(super) struct Q5K;

impl Format for Q5K {
    const VALUES: usize = 256;
    const BYTES: usize = 176;
    const SIGNED: bool = false;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        six_bits(block)
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], group: usize) -> L::Bytes {
        let low = half_bytes(lanes, lanes.load(part(block, 48 + group / 2 * 32)), group % 2 == 1);
        let high = one_bit(lanes, lanes.load(part(block, 16)), group);
        lanes.or(low, lanes.raise::<4>(high))
    }
}

pub(super) struct Q6K;

impl Format for Q6K {
    const VALUES: usize = 256;
    const BYTES: usize = 210;
    const SIGNED: bool = true;
    const HALVES: bool = true;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        let d = half(block, 208);
        let packed: &[u8; 16] = part(block, 192);
        let mut scales = Scales { scale: [0.0; 16], min: [0.0; 16] };
        for (scale, byte) in scales.scale.iter_mut().zip(packed) {
            *scale = d * f32::from(byte.cast_signed());
        }
        scales
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], group: usize) -> L::Bytes {
        let (side, quarter) = (group / 4, group % 4);
        let low = half_bytes(lanes, lanes.load(part(block, side * 64 + quarter % 2 * 32)), quarter >= 2);
        let high = two_bits(lanes, lanes.load(part(block, 128 + side * 32)), quarter);
        lanes.less(lanes.or(low, lanes.raise::<4>(high)), 32)
    }
}
