//! What a quantised matrix is multiplied with: rows rounded to 8 bits, 32 values to a scale.

use super::kernel::vectorized;

/// Values that share a scale.
pub(super) const GROUP: usize = 32;

/// Rows of numbers, with their 8-bit form.
pub(crate) struct Activations<'a> {
    width: usize,
    values: &'a [f32],
    pub(super) quants: Vec<[i8; GROUP]>,
    pub(super) scales: Vec<f32>,
    /// What the rounded values of the first and the second half of a group sum up to: formats whose values have an offset need it.
    pub(super) sums: Vec<[f32; 2]>,
}

impl<'a> Activations<'a> {
    /// Rounds rows of `width` values. A width that is no multiple of 32 can be multiplied with unquantised matrices only, which are the only ones
    /// that have rows of such a width.
    pub(crate) fn new(values: &'a [f32], width: usize) -> Self {
        let mut activations =
            Self { width, values, quants: Vec::new(), scales: Vec::new(), sums: Vec::new() };
        if width.is_multiple_of(GROUP) {
            let groups = values.len() / GROUP;
            activations.quants = vec![[0; GROUP]; groups];
            activations.scales = vec![0.0; groups];
            activations.sums = vec![[0.0; 2]; groups];
            vectorized(|| activations.round());
        }
        activations
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

    #[inline(always)]
    fn round(&mut self) {
        /// Adding it leaves no bits for a fraction, so the sum is rounded to the nearest integer, ties to even.
        const ROUNDING: f32 = 12_582_912.0;
        let places = self.quants.iter_mut().zip(&mut self.scales).zip(&mut self.sums);
        for (group, ((quants, scale), sums)) in self.values.as_chunks::<GROUP>().0.iter().zip(places) {
            let mut largest = [0.0f32; 8];
            for eight in group.as_chunks::<8>().0 {
                for (largest, value) in largest.iter_mut().zip(eight) {
                    *largest = largest.max(value.abs());
                }
            }
            let largest = largest.iter().fold(0.0f32, |a, &b| a.max(b));
            *scale = largest / 127.0;
            let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
            let mut rounded = [0i32; GROUP];
            for (rounded, value) in rounded.iter_mut().zip(group) {
                *rounded =
                    (value * inverse + ROUNDING).to_bits().cast_signed() - ROUNDING.to_bits().cast_signed();
            }
            for (quant, rounded) in quants.iter_mut().zip(&rounded) {
                *quant = *rounded as i8;
            }
            let (first, second) = rounded.split_at(GROUP / 2);
            *sums = [first, second].map(|half| half.iter().sum::<i32>() as f32 * *scale);
        }
    }
}
