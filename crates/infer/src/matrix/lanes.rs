//! The few operations on 32 bytes at a time that every format and the kernel are written in, and their plain form.

/// A processor's way to handle 32 bytes and 8 sums at a time.
pub(super) trait Lanes: Copy {
    /// 32 bytes.
    type Bytes: Copy;
    /// 8 partial sums.
    type Sums: Copy;

    fn load(self, bytes: &[u8; 32]) -> Self::Bytes;
    /// The low halves of 16 bytes, then the high halves.
    fn nibbles(self, bytes: &[u8; 16]) -> Self::Bytes;
    /// `value` where the bit is set, 0 elsewhere; the lowest bit first.
    fn spread(self, bits: u32, value: u8) -> Self::Bytes;
    /// `(byte >> SHIFT) & mask`; the mask has no more bits than are left.
    fn field<const SHIFT: i32>(self, bytes: Self::Bytes, mask: u8) -> Self::Bytes;
    /// `byte << SHIFT`, where no bit leaves its byte.
    fn raise<const SHIFT: i32>(self, bytes: Self::Bytes) -> Self::Bytes;
    fn or(self, a: Self::Bytes, b: Self::Bytes) -> Self::Bytes;
    /// `byte - value`, wrapping.
    fn less(self, bytes: Self::Bytes, value: u8) -> Self::Bytes;

    fn zero(self) -> Self::Sums;
    /// Adds the products of signed bytes with `x`, those of the first 16 times `low`, those of the others times `high`.
    fn add_signed(self, sums: Self::Sums, q: Self::Bytes, x: &[i8; 32], low: f32, high: f32) -> Self::Sums;
    /// As [`add_signed`](Self::add_signed) for unsigned bytes, none above 127.
    fn add_unsigned(self, sums: Self::Sums, q: Self::Bytes, x: &[i8; 32], low: f32, high: f32) -> Self::Sums;
    fn total(self, sums: Self::Sums) -> f32;
}

/// Any processor: loops that a compiler turns into what it has.
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Lanes for Plain {
    type Bytes = [u8; 32];
    type Sums = [f32; 8];

    #[inline(always)]
    fn load(self, bytes: &[u8; 32]) -> [u8; 32] {
        *bytes
    }

    #[inline(always)]
    fn nibbles(self, bytes: &[u8; 16]) -> [u8; 32] {
        std::array::from_fn(|i| if i < 16 { bytes[i] & 15 } else { bytes[i - 16] >> 4 })
    }

    #[inline(always)]
    fn spread(self, bits: u32, value: u8) -> [u8; 32] {
        std::array::from_fn(|i| if bits >> i & 1 == 1 { value } else { 0 })
    }

    #[inline(always)]
    fn field<const SHIFT: i32>(self, bytes: [u8; 32], mask: u8) -> [u8; 32] {
        bytes.map(|byte| byte >> SHIFT & mask)
    }

    #[inline(always)]
    fn raise<const SHIFT: i32>(self, bytes: [u8; 32]) -> [u8; 32] {
        bytes.map(|byte| byte << SHIFT)
    }

    #[inline(always)]
    fn or(self, a: [u8; 32], b: [u8; 32]) -> [u8; 32] {
        std::array::from_fn(|i| a[i] | b[i])
    }

    #[inline(always)]
    fn less(self, bytes: [u8; 32], value: u8) -> [u8; 32] {
        bytes.map(|byte| byte.wrapping_sub(value))
    }

    #[inline(always)]
    fn zero(self) -> [f32; 8] {
        [0.0; 8]
    }

    #[inline(always)]
    fn add_signed(self, sums: [f32; 8], q: [u8; 32], x: &[i8; 32], low: f32, high: f32) -> [f32; 8] {
        add(sums, &q.map(|q| i32::from(q.cast_signed())), x, low, high)
    }

    #[inline(always)]
    fn add_unsigned(self, sums: [f32; 8], q: [u8; 32], x: &[i8; 32], low: f32, high: f32) -> [f32; 8] {
        add(sums, &q.map(i32::from), x, low, high)
    }

    #[inline(always)]
    fn total(self, [a, b, c, d, e, f, g, h]: [f32; 8]) -> f32 {
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

#[inline(always)]
fn add(mut sums: [f32; 8], q: &[i32; 32], x: &[i8; 32], low: f32, high: f32) -> [f32; 8] {
    for (lane, sum) in sums.iter_mut().enumerate() {
        let product: i32 = (lane * 4..lane * 4 + 4).map(|i| q[i] * i32::from(x[i])).sum();
        *sum += product as f32 * if lane < 4 { low } else { high };
    }
    sums
}
