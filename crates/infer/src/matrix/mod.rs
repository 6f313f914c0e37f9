//! Matrices of weights as they lie in a model file, multiplied without being unpacked.
//!
//! A matrix keeps the bytes of the file. A quantised format is one description of its block (`formats.rs`, `k_formats.rs`): how 32 values become
//! bytes and which scales they have. From it come the kernel that multiplies (`kernel.rs`), on AVX2 (`avx2.rs`) or plain (`lanes.rs`), and the
//! rows as numbers. What is multiplied is rounded to 8 bits in groups of 32 first (`activations.rs`), as llama.cpp does; weights stored as floating-point
//! numbers are multiplied as they are (`dense.rs`).
//!
//! No result depends on how many rows are multiplied at once, nor on the number of threads: every one is the same sum in the same order.

mod activations;
#[cfg(target_arch = "x86_64")]
mod avx2;
mod dense;
mod formats;
mod k_formats;
mod kernel;
mod lanes;
#[cfg(test)]
mod tests;

pub(crate) use self::{activations::Activations, dense::dot, kernel::vectorized};
use crate::{
    error::{Error, Result},
    file::Bytes,
    gguf::{Tensor, TensorType},
    threads::Threads,
};

/// A matrix of weights: `outputs` rows of `inputs` values.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    kind: TensorType,
    inputs: usize,
    outputs: usize,
    data: Bytes,
}

impl Matrix {
    /// The matrix that a tensor holds.
    ///
    /// # Errors
    /// [`Error::Tensor`] when its shape is another.
    pub(crate) fn new(tensor: &Tensor, inputs: usize, outputs: usize) -> Result<Self> {
        if tensor.shape() != [inputs, outputs] {
            let problem = format!("its shape is {:?}, [{inputs}, {outputs}] belongs here", tensor.shape());
            return Err(Error::tensor(tensor.name(), problem));
        }
        Ok(Self { kind: tensor.kind(), inputs, outputs, data: tensor.data().clone() })
    }

    /// The one row that a tensor of one dimension holds.
    ///
    /// # Errors
    /// [`Error::Tensor`] when its length is another.
    pub(crate) fn vector(tensor: &Tensor, length: usize) -> Result<Self> {
        if tensor.shape() != [length] {
            let problem = format!("its shape is {:?}, [{length}] belongs here", tensor.shape());
            return Err(Error::tensor(tensor.name(), problem));
        }
        Ok(Self { kind: tensor.kind(), inputs: length, outputs: 1, data: tensor.data().clone() })
    }

    /// Values in a row.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many rows it has.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    fn row_bytes(&self) -> usize {
        self.inputs / self.kind.block_length() * self.kind.block_bytes()
    }

    /// Writes a row as numbers.
    pub(crate) fn row(&self, row: usize, out: &mut [f32]) {
        let bytes = self.row_bytes();
        kernel::unpack(self.kind, &self.data[row * bytes..(row + 1) * bytes], out);
    }

    /// Multiplies every row of `x` with the matrix: `out` has `outputs` values per row of `x`.
    pub(crate) fn multiply(&self, x: &Activations<'_>, out: &mut [f32], threads: &Threads) {
        debug_assert_eq!(x.width(), self.inputs);
        let rows = x.rows();
        if rows == 1 {
            self.columns(x, out, threads);
            return;
        }
        // Threads share the matrix by its rows, so each fills a stretch of the transposed result.
        let mut columns = vec![0.0; out.len()];
        self.columns(x, &mut columns, threads);
        transpose(&columns, rows, out);
    }

    /// As [`multiply`](Self::multiply), the result by columns: all rows of `x` for the first output, then for the second.
    fn columns(&self, x: &Activations<'_>, out: &mut [f32], threads: &Threads) {
        let (rows, bytes) = (x.rows(), self.row_bytes());
        let share = threads.share(self.outputs, 32);
        threads.each_chunk(out, share * rows, |chunk, out| {
            let first = chunk * share;
            let weights = &self.data[first * bytes..(first + out.len() / rows) * bytes];
            kernel::multiply(self.kind, weights, x, out);
        });
    }
}

/// Turns columns of `rows` values each into rows.
fn transpose(columns: &[f32], rows: usize, out: &mut [f32]) {
    /// Values on a side of the squares that fit the first cache together.
    const SIDE: usize = 16;
    let width = columns.len() / rows;
    for first_row in (0..rows).step_by(SIDE) {
        for first_column in (0..width).step_by(SIDE) {
            for row in first_row..rows.min(first_row + SIDE) {
                for column in first_column..width.min(first_column + SIDE) {
                    out[row * width + column] = columns[column * rows + row];
                }
            }
        }
    }
}
