//! [`Lanes`] in the instructions of AVX2, through pulp's tokens, which prove that the processor has them.

use std::arch::x86_64::{__m256, __m256i};

use pulp::{bytemuck::cast, x86::V3};

use super::lanes::Lanes;

/// AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Avx2(pub(super) V3);

impl Avx2 {
    /// Adds what the sums of four products are, scaled.
    #[inline(always)]
    fn add(self, sums: __m256, pairs: __m256i, low: f32, high: f32) -> __m256 {
        let Avx2(v3) = self;
        let fours = v3.avx2._mm256_madd_epi16(pairs, v3.avx._mm256_set1_epi16(1));
        let scale = v3.avx._mm256_setr_ps(low, low, low, low, high, high, high, high);
        v3.fma._mm256_fmadd_ps(v3.avx._mm256_cvtepi32_ps(fours), scale, sums)
    }
}

impl Lanes for Avx2 {
    type Bytes = __m256i;
    type Sums = __m256;

    #[inline(always)]
    fn load(self, bytes: &[u8; 32]) -> __m256i {
        cast(*bytes)
    }

    #[inline(always)]
    fn nibbles(self, bytes: &[u8; 16]) -> __m256i {
        let Avx2(v3) = self;
        let both = v3.avx2._mm256_broadcastsi128_si256(cast(*bytes));
        let halves = v3.avx2._mm256_blend_epi32::<0b1111_0000>(both, v3.avx2._mm256_srli_epi16::<4>(both));
        v3.avx2._mm256_and_si256(halves, v3.avx._mm256_set1_epi8(15))
    }

    #[inline(always)]
    fn spread(self, bits: u32, value: u8) -> __m256i {
        let Avx2(v3) = self;
        // Each byte of the bits, eight times; then its own bit in each.
        const BYTE_OF: [u64; 4] = [0, 0x0101_0101_0101_0101, 0x0202_0202_0202_0202, 0x0303_0303_0303_0303];
        const BIT_OF: u64 = 0x8040_2010_0804_0201;
        let all = v3.avx._mm256_set1_epi32(bits.cast_signed());
        let bytes = v3.avx2._mm256_shuffle_epi8(all, cast(BYTE_OF));
        let bit: __m256i = cast([BIT_OF; 4]);
        let set = v3.avx2._mm256_cmpeq_epi8(v3.avx2._mm256_and_si256(bytes, bit), bit);
        v3.avx2._mm256_and_si256(set, v3.avx._mm256_set1_epi8(value.cast_signed()))
    }

    #[inline(always)]
    fn field<const SHIFT: i32>(self, bytes: __m256i, mask: u8) -> __m256i {
        let Avx2(v3) = self;
        let shifted = if SHIFT == 0 { bytes } else { v3.avx2._mm256_srli_epi16::<SHIFT>(bytes) };
        v3.avx2._mm256_and_si256(shifted, v3.avx._mm256_set1_epi8(mask.cast_signed()))
    }

    #[inline(always)]
    fn raise<const SHIFT: i32>(self, bytes: __m256i) -> __m256i {
        self.0.avx2._mm256_slli_epi16::<SHIFT>(bytes)
    }

    #[inline(always)]
    fn or(self, a: __m256i, b: __m256i) -> __m256i {
        self.0.avx2._mm256_or_si256(a, b)
    }

    #[inline(always)]
    fn less(self, bytes: __m256i, value: u8) -> __m256i {
        self.0.avx2._mm256_sub_epi8(bytes, self.0.avx._mm256_set1_epi8(value.cast_signed()))
    }

    #[inline(always)]
    fn zero(self) -> __m256 {
        self.0.avx._mm256_setzero_ps()
    }

    #[inline(always)]
    fn add_signed(self, sums: __m256, q: __m256i, x: &[i8; 32], low: f32, high: f32) -> __m256 {
        let Avx2(v3) = self;
        // The instruction multiplies unsigned with signed bytes: the sign of `q` moves to `x`, which is never -128.
        let x = v3.avx2._mm256_sign_epi8(cast(*x), q);
        let pairs = v3.avx2._mm256_maddubs_epi16(v3.avx2._mm256_abs_epi8(q), x);
        self.add(sums, pairs, low, high)
    }

    #[inline(always)]
    fn add_unsigned(self, sums: __m256, q: __m256i, x: &[i8; 32], low: f32, high: f32) -> __m256 {
        self.add(sums, self.0.avx2._mm256_maddubs_epi16(q, cast(*x)), low, high)
    }

    #[inline(always)]
    fn total(self, sums: __m256) -> f32 {
        let [a, b, c, d, e, f, g, h]: [f32; 8] = cast(sums);
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}
