//! Weights stored as floating-point numbers.

use half::{bf16, f16, slice::HalfFloatSliceExt};

use super::{Activations, kernel::vectorized};
use crate::gguf::TensorType;

/// Multiplies rows of weights with all rows of `x`, which stay as they are.
pub(super) fn multiply(kind: TensorType, weights: &[u8], x: &Activations<'_>, out: &mut [f32]) {
    let mut row = vec![0.0; x.width()];
    let bytes = x.width() * kind.block_bytes();
    for (weights, out) in weights.chunks_exact(bytes).zip(out.chunks_exact_mut(x.rows())) {
        unpack(kind, weights, &mut row);
        vectorized(
            #[inline(always)]
            || out.iter_mut().enumerate().for_each(|(index, out)| *out = dot(&row, x.row(index))),
        );
    }
}

/// Writes the numbers out.
pub(super) fn unpack(kind: TensorType, weights: &[u8], out: &mut [f32]) {
    /// Numbers converted at a time.
    const STRETCH: usize = 256;
    match kind {
        TensorType::F16 => {
            let mut halves = [f16::ZERO; STRETCH];
            for (bytes, out) in weights.chunks(STRETCH * 2).zip(out.chunks_mut(STRETCH)) {
                for (half, bytes) in halves.iter_mut().zip(bytes.as_chunks().0) {
                    *half = f16::from_le_bytes(*bytes);
                }
                halves[..out.len()].convert_to_f32_slice(out);
            }
        }
        TensorType::BF16 => {
            for (out, bytes) in out.iter_mut().zip(weights.as_chunks().0) {
                *out = bf16::from_le_bytes(*bytes).to_f32();
            }
        }
        _ => {
            for (out, bytes) in out.iter_mut().zip(weights.as_chunks().0) {
                *out = f32::from_le_bytes(*bytes);
            }
        }
    }
}

/// The sum of products, in a fixed order that vectors can follow.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    /// Enough independent sums to hide the latency of an addition.
    const SUMS: usize = 32;
    let (a, a_rest) = a.as_chunks::<SUMS>();
    let (b, b_rest) = b.as_chunks::<SUMS>();
    let mut sums = [0.0f32; SUMS];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let mut width = SUMS;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0] + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}
