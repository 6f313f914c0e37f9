//! The formats with blocks of 32 values, as ggml defines them (`ggml-common.h`).

use super::lanes::Lanes;

/// One kind of block: how its values lie in it.
///
/// A value is `quant * scale - min`. Scales and mins hold for 16 values or for 32.
pub(super) trait Format {
    /// Values in a block.
    const VALUES: usize;
    /// Bytes of a block.
    const BYTES: usize;
    /// Whether quants are signed. Then there are no mins.
    const SIGNED: bool;
    /// Whether each 16 values have a scale of their own.
    const HALVES: bool = false;

    /// The scales and mins of a block, one for 32 values (or for 16).
    fn scales(block: &[u8]) -> Scales;
    /// The quants of values `32 * group..32 * (group + 1)`.
    fn quants<L: Lanes>(lanes: L, block: &[u8], group: usize) -> L::Bytes;
}

/// Scales and mins of a block; those of formats with fewer are at the front.
#[derive(Clone, Copy)]
pub(super) struct Scales {
    pub(super) scale: [f32; 16],
    pub(super) min: [f32; 16],
}

impl Scales {
    #[inline(always)]
    fn one(scale: f32, min: f32) -> Self {
        let mut scales = Scales { scale: [0.0; 16], min: [0.0; 16] };
        scales.scale[0] = scale;
        scales.min[0] = min;
        scales
    }
}

/// A half-precision number at a place of a block. Written out, because it must become part of a kernel: `half` asks for the processor's
/// features at every number.
#[inline(always)]
pub(super) fn half(block: &[u8], at: usize) -> f32 {
    /// 2^112: what the exponent's bias differs by.
    const BIAS: f32 = f32::from_bits((112 + 127) << 23);
    let bits = i32::from(i16::from_le_bytes([block[at], block[at + 1]]));
    f32::from_bits(((bits << 13).cast_unsigned()) & 0x8fff_e000) * BIAS
}

/// A fixed number of bytes of a block.
#[inline(always)]
pub(super) fn part<const N: usize>(block: &[u8], at: usize) -> &[u8; N] {
    block[at..].first_chunk().expect("a block is as long as its format says")
}

pub(super) struct Q8_0;

impl Format for Q8_0 {
    const VALUES: usize = 32;
    const BYTES: usize = 34;
    const SIGNED: bool = true;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        Scales::one(half(block, 0), 0.0)
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], _: usize) -> L::Bytes {
        lanes.load(part(block, 2))
    }
}

pub(super) struct Q4_0;

impl Format for Q4_0 {
    const VALUES: usize = 32;
    const BYTES: usize = 18;
    const SIGNED: bool = true;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        Scales::one(half(block, 0), 0.0)
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], _: usize) -> L::Bytes {
        lanes.less(lanes.nibbles(part(block, 2)), 8)
    }
}

pub(super) struct Q4_1;

impl Format for Q4_1 {
    const VALUES: usize = 32;
    const BYTES: usize = 20;
    const SIGNED: bool = false;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        Scales::one(half(block, 0), -half(block, 2))
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], _: usize) -> L::Bytes {
        lanes.nibbles(part(block, 4))
    }
}

pub(super) struct Q5_0;

impl Format for Q5_0 {
    const VALUES: usize = 32;
    const BYTES: usize = 22;
    const SIGNED: bool = true;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        Scales::one(half(block, 0), 0.0)
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], _: usize) -> L::Bytes {
        let fifth = lanes.spread(u32::from_le_bytes(*part(block, 2)), 16);
        lanes.less(lanes.or(lanes.nibbles(part(block, 6)), fifth), 16)
    }
}

pub(super) struct Q5_1;

impl Format for Q5_1 {
    const VALUES: usize = 32;
    const BYTES: usize = 24;
    const SIGNED: bool = false;

    #[inline(always)]
    fn scales(block: &[u8]) -> Scales {
        Scales::one(half(block, 0), -half(block, 2))
    }

    #[inline(always)]
    fn quants<L: Lanes>(lanes: L, block: &[u8], _: usize) -> L::Bytes {
        let fifth = lanes.spread(u32::from_le_bytes(*part(block, 4)), 16);
        lanes.or(lanes.nibbles(part(block, 8)), fifth)
    }
}
