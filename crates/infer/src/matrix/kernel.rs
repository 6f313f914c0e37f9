//! The product of rows of weights with rows of activations, once for all formats.

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
use super::{
    activations::{Activations, GROUP, Group},
    dense,
    formats::{Format, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0},
    k_formats::{Q2K, Q3K, Q4K, Q5K, Q6K},
    lanes::{Lanes, Plain},
};
use crate::gguf::TensorType;

/// Multiplies rows of weights with all rows of `x`; `out` gets `x.rows()` values for each row of weights.
pub(super) fn multiply(kind: TensorType, weights: &[u8], x: &Activations<'_>, out: &mut [f32]) {
    match kind {
        TensorType::F32 | TensorType::F16 | TensorType::BF16 => dense::multiply(kind, weights, x, out),
        TensorType::Q4_0 => multiply_as::<Q4_0>(weights, x, out),
        TensorType::Q4_1 => multiply_as::<Q4_1>(weights, x, out),
        TensorType::Q5_0 => multiply_as::<Q5_0>(weights, x, out),
        TensorType::Q5_1 => multiply_as::<Q5_1>(weights, x, out),
        TensorType::Q8_0 => multiply_as::<Q8_0>(weights, x, out),
        TensorType::Q2K => multiply_as::<Q2K>(weights, x, out),
        TensorType::Q3K => multiply_as::<Q3K>(weights, x, out),
        TensorType::Q4K => multiply_as::<Q4K>(weights, x, out),
        TensorType::Q5K => multiply_as::<Q5K>(weights, x, out),
        TensorType::Q6K => multiply_as::<Q6K>(weights, x, out),
    }
}

/// The values of weights as numbers.
pub(super) fn unpack(kind: TensorType, weights: &[u8], out: &mut [f32]) {
    match kind {
        TensorType::F32 | TensorType::F16 | TensorType::BF16 => dense::unpack(kind, weights, out),
        TensorType::Q4_0 => unpack_as::<Q4_0>(weights, out),
        TensorType::Q4_1 => unpack_as::<Q4_1>(weights, out),
        TensorType::Q5_0 => unpack_as::<Q5_0>(weights, out),
        TensorType::Q5_1 => unpack_as::<Q5_1>(weights, out),
        TensorType::Q8_0 => unpack_as::<Q8_0>(weights, out),
        TensorType::Q2K => unpack_as::<Q2K>(weights, out),
        TensorType::Q3K => unpack_as::<Q3K>(weights, out),
        TensorType::Q4K => unpack_as::<Q4K>(weights, out),
        TensorType::Q5K => unpack_as::<Q5K>(weights, out),
        TensorType::Q6K => unpack_as::<Q6K>(weights, out),
    }
}

/// Runs work compiled for the vector instructions that the processor has. The work must be `#[inline(always)]` all the way down.
#[inline(always)]
pub(crate) fn vectorized<T>(work: impl FnMut() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return v3.vectorize(Work(work));
    }
    let mut work = work;
    work()
}

/// Work for pulp. A closure by itself would be called through a shim, which is not inlined, and then none of its instructions would be.
struct Work<F>(F);

impl<T, F: FnMut() -> T> pulp::NullaryFnOnce for Work<F> {
    type Output = T;

    #[inline(always)]
    fn call(mut self) -> T {
        (self.0)()
    }
}

fn multiply_as<F: Format>(weights: &[u8], x: &Activations<'_>, out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return v3.vectorize(Work(
            #[inline(always)]
            || rows::<Avx2, F>(Avx2(v3), weights, x, out),
        ));
    }
    rows::<Plain, F>(Plain, weights, x, out);
}

#[inline(always)]
pub(super) fn rows<L: Lanes, F: Format>(lanes: L, weights: &[u8], x: &Activations<'_>, out: &mut [f32]) {
    let bytes = x.width() / F::VALUES * F::BYTES;
    for (row, out) in weights.chunks_exact(bytes).zip(out.chunks_exact_mut(x.rows())) {
        let (fours, rest) = out.as_chunks_mut::<4>();
        let first = fours.len() * 4;
        for (index, four) in fours.iter_mut().enumerate() {
            *four = tile::<L, F, 4>(lanes, row, x, index * 4);
        }
        for (index, one) in rest.iter_mut().enumerate() {
            [*one] = tile::<L, F, 1>(lanes, row, x, first + index);
        }
    }
}

/// A row of weights with `M` rows of activations: each group of weights is unpacked once for all of them.
#[inline(always)]
fn tile<L: Lanes, F: Format, const M: usize>(
    lanes: L,
    row: &[u8],
    x: &Activations<'_>,
    first: usize,
) -> [f32; M] {
    let groups = x.width() / GROUP;
    let mut xs: [&[Group]; M] = [&[]; M];
    for (m, x_row) in xs.iter_mut().enumerate() {
        *x_row = &x.groups[(first + m) * groups..(first + m + 1) * groups];
    }
    let mut sums = [lanes.zero(); M];
    let mut mins = [0.0f32; M];
    for (index, block) in row.chunks_exact(F::BYTES).enumerate() {
        let own = F::scales(block);
        for group in 0..F::VALUES / GROUP {
            let q = F::quants(lanes, block, group);
            let (low, high) = if F::HALVES { (2 * group, 2 * group + 1) } else { (group, group) };
            for m in 0..M {
                let x = &xs[m][index * (F::VALUES / GROUP) + group];
                let (a, b) = (own.scale[low] * x.scale, own.scale[high] * x.scale);
                if F::SIGNED {
                    sums[m] = lanes.add_signed(sums[m], q, &x.quants, a, b);
                } else {
                    sums[m] = lanes.add_unsigned(sums[m], q, &x.quants, a, b);
                    mins[m] += own.min[low] * x.sums[0] + own.min[high] * x.sums[1];
                }
            }
        }
    }
    let mut totals = [0.0; M];
    for (total, (sums, min)) in totals.iter_mut().zip(sums.into_iter().zip(mins)) {
        *total = lanes.total(sums) - min;
    }
    totals
}

fn unpack_as<F: Format>(weights: &[u8], out: &mut [f32]) {
    for (block, out) in weights.chunks_exact(F::BYTES).zip(out.chunks_exact_mut(F::VALUES)) {
        let scales = F::scales(block);
        for (group, out) in out.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
            let quants = F::quants(Plain, block, group);
            for (index, (value, quant)) in out.iter_mut().zip(quants).enumerate() {
                let scale = if F::HALVES { 2 * group + index / 16 } else { group };
                let quant = if F::SIGNED { f32::from(quant.cast_signed()) } else { f32::from(quant) };
                *value = quant * scales.scale[scale] - scales.min[scale];
            }
        }
    }
}
