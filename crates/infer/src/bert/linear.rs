//! The product of matrices: rows of numbers by weights that were laid out once.
//!
//! The right side lies in panels of two registers' width, each panel row by row; the left side is copied into blocks of a few rows, each
//! block column by column. So the innermost loop reads both sides in order, and keeps its sums in registers (Goto and van de Geijn,
//! "Anatomy of High-Performance Matrix Multiplication", 2008).

use pulp::{Arch, Simd, WithSimd};

/// Registers across a panel.
const ACROSS: usize = 2;

/// The right side of a product: `depth` by `columns`.
#[derive(Clone, Debug, Default)]
pub(super) struct Panels {
    numbers: Vec<f32>,
    depth: usize,
    columns: usize,
    width: usize,
}

/// The left side of a product: rows that are `stride` apart, of which the first `depth` numbers count.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) stride: usize,
    pub(super) count: usize,
}

/// What comes out: rows that are `stride` apart.
pub(super) struct Out<'a> {
    pub(super) numbers: &'a mut [f32],
    pub(super) stride: usize,
}

/// Weights and what is added to their product.
pub(super) struct Linear {
    panels: Panels,
    bias: Vec<f32>,
}

impl Linear {
    /// A layer with weights as PyTorch writes them: a row for each output.
    pub(super) fn new(weights: &[f32], bias: Vec<f32>, inputs: usize) -> Self {
        let mut panels = Panels::default();
        panels.fill(inputs, bias.len(), |input, output| weights[output * inputs + input]);
        Self { panels, bias }
    }

    /// How many numbers come out for a row.
    pub(super) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Replaces `out` by the outputs for `rows`, one behind the other.
    pub(super) fn run(&self, rows: &[f32], scratch: &mut Vec<f32>, out: &mut Vec<f32>) {
        let count = rows.len() / self.panels.depth;
        out.clear();
        (0..count).for_each(|_| out.extend_from_slice(&self.bias));
        let rows = Rows { numbers: rows, stride: self.panels.depth, count };
        multiply(rows, &self.panels, scratch, Out { numbers: out, stride: self.bias.len() });
    }
}

impl Panels {
    /// Lays out a matrix of `depth` rows and `columns` columns.
    pub(super) fn fill(&mut self, depth: usize, columns: usize, at: impl Fn(usize, usize) -> f32) {
        let width = Arch::new().dispatch(Width);
        (self.depth, self.columns, self.width) = (depth, columns, width);
        self.numbers.clear();
        self.numbers.resize(columns.div_ceil(width) * width * depth, 0.0);
        for (panel, numbers) in self.numbers.chunks_exact_mut((width * depth).max(1)).enumerate() {
            let first = panel * width;
            let used = width.min(columns - first);
            for (row, numbers) in numbers.chunks_exact_mut(width).enumerate() {
                for (column, number) in numbers[..used].iter_mut().enumerate() {
                    *number = at(row, first + column);
                }
            }
        }
    }
}

/// How wide a panel is on this processor.
struct Width;

impl WithSimd for Width {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        ACROSS * S::F32_LANES
    }
}

/// Adds the product of `rows` and `panels` to `out`.
pub(super) fn multiply(rows: Rows<'_>, panels: &Panels, scratch: &mut Vec<f32>, out: Out<'_>) {
    Arch::new().dispatch(Multiply { rows, panels, scratch, out });
}

struct Multiply<'a> {
    rows: Rows<'a>,
    panels: &'a Panels,
    scratch: &'a mut Vec<f32>,
    out: Out<'a>,
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many rows as leave registers for a row of the panel and one number of the left side.
        if S::REGISTER_COUNT >= 32 { self.run::<S, 12>(simd) } else { self.run::<S, 6>(simd) }
    }
}

impl Multiply<'_> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize>(self, simd: S) {
        let Panels { depth, columns, width, .. } = *self.panels;
        if depth == 0 || width != ACROSS * S::F32_LANES {
            return;
        }
        pack::<ROWS>(self.rows, depth, self.scratch);
        for (panel, right) in self.panels.numbers.chunks_exact(depth * width).enumerate() {
            let first = panel * width;
            for (block, left) in self.scratch.chunks_exact(depth * ROWS).enumerate() {
                let sums = tile::<S, ROWS>(simd, left, right);
                let begin = block * ROWS;
                let used = ROWS.min(self.rows.count - begin);
                for (row, sums) in sums.iter().enumerate().take(used) {
                    let at = (begin + row) * self.out.stride + first;
                    let out = &mut self.out.numbers[at..at + width.min(columns - first)];
                    add::<S>(simd, sums, out);
                }
            }
        }
        self.scratch.clear();
    }
}

/// Copies rows into blocks of `ROWS`, column by column; what is missing in the last block is zero.
#[inline(always)]
fn pack<const ROWS: usize>(rows: Rows<'_>, depth: usize, into: &mut Vec<f32>) {
    into.clear();
    into.resize(rows.count.div_ceil(ROWS) * ROWS * depth, 0.0);
    for (block, into) in into.chunks_exact_mut(ROWS * depth).enumerate() {
        let (into, _) = into.as_chunks_mut::<ROWS>();
        for row in 0..ROWS.min(rows.count - block * ROWS) {
            let at = (block * ROWS + row) * rows.stride;
            for (into, number) in into.iter_mut().zip(&rows.numbers[at..at + depth]) {
                into[row] = *number;
            }
        }
    }
}

/// The product of a block and a panel.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize>(simd: S, left: &[f32], right: &[f32]) -> [[S::f32s; ACROSS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); ACROSS]; ROWS];
    let (left, _) = left.as_chunks::<ROWS>();
    let (right, _) = S::as_simd_f32s(right).0.as_chunks::<ACROSS>();
    for (left, right) in left.iter().zip(right) {
        for row in 0..ROWS {
            let number = simd.splat_f32s(left[row]);
            for across in 0..ACROSS {
                sums[row][across] = simd.mul_add_e_f32s(number, right[across], sums[row][across]);
            }
        }
    }
    sums
}

/// Adds a row of sums to what is there.
#[inline(always)]
fn add<S: Simd>(simd: S, sums: &[S::f32s; ACROSS], out: &mut [f32]) {
    let (whole, rest) = S::as_mut_simd_f32s(out);
    let done = whole.len();
    for (out, sum) in whole.iter_mut().zip(sums) {
        *out = simd.add_f32s(*out, *sum);
    }
    if !rest.is_empty() && done < ACROSS {
        let before = simd.partial_load_f32s(rest);
        simd.partial_store_f32s(rest, simd.add_f32s(before, sums[done]));
    }
}
