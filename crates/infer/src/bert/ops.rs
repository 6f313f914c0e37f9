//! The element-wise loops, written so that the compiler turns them into the widest instructions that the processor has.

use pulp::{Arch, Simd, WithSimd};

/// How many partial sums a sum is made of.
const LANES: usize = 16;

/// Adds `other` to `rows`, then shifts and scales each row to mean 0 and variance 1, times `scale`, plus `shift`.
pub(super) fn add_and_normalise(rows: &mut [f32], other: &[f32], scale: &[f32], shift: &[f32], epsilon: f32) {
    Arch::new().dispatch(Normalise { rows, other, scale, shift, epsilon });
}

struct Normalise<'a> {
    rows: &'a mut [f32],
    other: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    epsilon: f32,
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.scale.len();
        for (row, other) in self.rows.chunks_exact_mut(width).zip(self.other.chunks_exact(width)) {
            row.iter_mut().zip(other).for_each(|(x, y)| *x += y);
            let mean = sum(row, |x| x) / width as f32;
            let variance = sum(row, |x| (x - mean) * (x - mean)) / width as f32;
            let inverse = 1.0 / (variance + self.epsilon).sqrt();
            for ((x, scale), shift) in row.iter_mut().zip(self.scale).zip(self.shift) {
                *x = (*x - mean) * inverse * scale + shift;
            }
        }
    }
}

/// The sum of what `of` makes of each number.
#[inline(always)]
fn sum(numbers: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (whole, rest) = numbers.as_chunks::<LANES>();
    for numbers in whole {
        for lane in 0..LANES {
            sums[lane] += of(numbers[lane]);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|x| of(*x)).sum::<f32>()
}

/// Replaces each x by x·Φ(x), with the distribution function of the normal distribution.
pub(super) fn gelu(numbers: &mut [f32]) {
    Arch::new().dispatch(Gelu(numbers));
}

struct Gelu<'a>(&'a mut [f32]);

impl WithSimd for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for x in self.0 {
            *x = 0.5 * *x * (1.0 + error_function(*x * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

/// The error function, to about 4 units in the last place: the rational approximation of Eigen (`generic_fast_erf_float`).
#[inline(always)]
pub(super) fn error_function(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let mut above = -2.726_142_3e-10;
    for coefficient in
        [2.770_681_4e-8, -2.101_024e-6, -5.692_506_4e-5, -7.349_906_3e-4, -2.954_6e-3, -1.609_603_3e-2]
    {
        above = above * square + coefficient;
    }
    let mut below = -1.456_607_2e-5;
    for coefficient in [-2.133_740_6e-4, -1.682_827e-3, -7.373_329e-3, -1.426_474e-2] {
        below = below * square + coefficient;
    }
    x * above / below
}

/// Replaces each row of `width` numbers, `stride` apart, by its softmax.
pub(super) fn softmax(rows: &mut [f32], stride: usize, width: usize) {
    Arch::new().dispatch(Softmax { rows, stride, width });
}

struct Softmax<'a> {
    rows: &'a mut [f32],
    stride: usize,
    width: usize,
}

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact_mut(self.stride) {
            let row = &mut row[..self.width];
            let greatest = greatest(row);
            row.iter_mut().for_each(|x| *x = exponential(*x - greatest));
            let inverse = 1.0 / sum(row, |x| x);
            row.iter_mut().for_each(|x| *x *= inverse);
        }
    }
}

#[inline(always)]
fn greatest(numbers: &[f32]) -> f32 {
    let pick = |a: f32, b: f32| if b > a { b } else { a };
    let mut greatest = [f32::NEG_INFINITY; LANES];
    let (whole, rest) = numbers.as_chunks::<LANES>();
    for numbers in whole {
        for lane in 0..LANES {
            greatest[lane] = pick(greatest[lane], numbers[lane]);
        }
    }
    greatest.iter().chain(rest).fold(f32::NEG_INFINITY, |a, b| pick(a, *b))
}

/// e to the power of x, for x of at most 0, to about 2 units in the last place (the reduction and polynomial of Cephes' `expf`).
#[inline(always)]
pub(super) fn exponential(x: f32) -> f32 {
    /// Adding this rounds to a whole number, which then lies in the last bits.
    const ROUND: f32 = 12_582_912.0;
    // Below this the result is no normal number; it is 0 for every purpose here.
    let x = if x > -87.0 { x } else { -87.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut power = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        power = power * rest + coefficient;
    }
    let power = power * rest * rest + rest + 1.0;
    power * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}
