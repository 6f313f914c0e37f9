//! What a quantised matrix is multiplied with: rows rounded to 8 bits, 32 values to a scale.

use super::kernel::vectorized;

/// Values that share a scale.
pub(super) const GROUP: usize = 32;

/// Values rounded to 8 bits with one scale.
#[derive(Clone, Copy, Default)]
pub(super) struct Group {
    pub(super) quants: [i8; GROUP],
    pub(super) scale: f32,
    /// What the rounded values of each half sum up to: formats whose values have an offset need it.
    pub(super) sums: [f32; 2],
}

/// Rows of numbers, with their 8-bit form.
pub(crate) struct Activations<'a> {
    width: usize,
    values: &'a [f32],
    pub(super) groups: Vec<Group>,
}

impl<'a> Activations<'a> {
    /// Rounds rows of `width` values. A width that is no multiple of 32 can be multiplied with unquantised matrices only, which are the only ones
    /// that have rows of such a width.
    pub(crate) fn new(values: &'a [f32], width: usize) -> Self {
        let mut groups = Vec::new();
        if width.is_multiple_of(GROUP) {
            groups = vec![Group::default(); values.len() / GROUP];
            vectorized(
                #[inline(always)]
                || round(values, &mut groups),
            );
        }
        Self { width, values, groups }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn rows(&self) -> usize {
        self.values.len() / self.width
    }

    /// A row as it was.
    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}

#[inline(always)]
fn round(values: &[f32], groups: &mut [Group]) {
    /// Adding it leaves no bits for a fraction, so the sum is rounded to the nearest integer, ties to even.
    const ROUNDING: f32 = 12_582_912.0;
    for (values, group) in values.as_chunks::<GROUP>().0.iter().zip(groups) {
        let mut largest = [0.0f32; 8];
        for eight in values.as_chunks::<8>().0 {
            for (largest, value) in largest.iter_mut().zip(eight) {
                *largest = largest.max(value.abs());
            }
        }
        let largest = largest.iter().fold(0.0f32, |a, &b| a.max(b));
        let scale = largest / 127.0;
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        let mut rounded = [0i32; GROUP];
        for (rounded, value) in rounded.iter_mut().zip(values) {
            let bits = (value * inverse + ROUNDING).to_bits().cast_signed();
            *rounded = bits.wrapping_sub(ROUNDING.to_bits().cast_signed());
        }
        for (quant, rounded) in group.quants.iter_mut().zip(&rounded) {
            *quant = *rounded as i8;
        }
        for (sum, half) in group.sums.iter_mut().zip(rounded.as_chunks::<{ GROUP / 2 }>().0) {
            *sum = half.iter().fold(0i32, |sum, value| sum.wrapping_add(*value)) as f32 * scale;
        }
        group.scale = scale;
    }
}
