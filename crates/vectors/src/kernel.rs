//! The two inner loops, written so that the compiler turns them into the widest instructions that the processor has.

use pulp::{Arch, Simd, WithSimd};

/// How many sums a dot product is made of. Their number is part of the result: with it fixed, the order of every addition is fixed, and
/// all processors agree to the bit.
const LANES: usize = 32;

/// The dot product of `a` and `b`, as deep as the shorter of them, the same to the bit on every processor.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    Arch::new().dispatch(Dot { a, b })
}

struct Dot<'a> {
    a: &'a [f32],
    b: &'a [f32],
}

impl WithSimd for Dot<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let length = self.a.len().min(self.b.len());
        let (a, a_rest) = self.a[..length].as_chunks::<LANES>();
        let (b, b_rest) = self.b[..length].as_chunks::<LANES>();
        let mut sums = [0.0_f32; LANES];
        // No fused multiply-add: processors without one would round differently.
        for (a, b) in a.iter().zip(b) {
            for lane in 0..LANES {
                sums[lane] += a[lane] * b[lane];
            }
        }
        for (lane, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
            sums[lane] += a * b;
        }
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                sums[lane] += sums[lane + width];
            }
            width /= 2;
        }
        sums[0]
    }
}

/// Dot products of `query` with every row of `codes` that is wanted, into the place of the row in `sums`. Rows are as long as the query.
pub(crate) fn dot_codes(query: &[i16], codes: &[i8], wanted: &[bool], sums: &mut [i32]) {
    Arch::new().dispatch(DotCodes { query, codes, wanted, sums });
}

struct DotCodes<'a> {
    query: &'a [i16],
    codes: &'a [i8],
    wanted: &'a [bool],
    sums: &'a mut [i32],
}

impl WithSimd for DotCodes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.codes.chunks_exact(self.query.len()).zip(self.wanted);
        for ((row, wanted), sum) in rows.zip(self.sums) {
            if *wanted {
                *sum = row.iter().zip(self.query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            }
        }
    }
}
