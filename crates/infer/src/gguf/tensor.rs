//! A tensor of a file: its name, shape, type and data.

use std::fmt;

use crate::file::Bytes;

/// How the values of a tensor are stored. The quantised types are blocks of 32 or 256 values with scales of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the names are those of the format; ggml's `ggml-common.h` describes the blocks"
)]
pub enum TensorType {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
}

/// Type, its number in the file, its name, values and bytes of a block.
const TYPES: [(TensorType, u32, &str, usize, usize); 13] = [
    (TensorType::F32, 0, "F32", 1, 4),
    (TensorType::F16, 1, "F16", 1, 2),
    (TensorType::Q4_0, 2, "Q4_0", 32, 18),
    (TensorType::Q4_1, 3, "Q4_1", 32, 20),
    (TensorType::Q5_0, 6, "Q5_0", 32, 22),
    (TensorType::Q5_1, 7, "Q5_1", 32, 24),
    (TensorType::Q8_0, 8, "Q8_0", 32, 34),
    (TensorType::Q2K, 10, "Q2_K", 256, 84),
    (TensorType::Q3K, 11, "Q3_K", 256, 110),
    (TensorType::Q4K, 12, "Q4_K", 256, 144),
    (TensorType::Q5K, 13, "Q5_K", 256, 176),
    (TensorType::Q6K, 14, "Q6_K", 256, 210),
    (TensorType::BF16, 30, "BF16", 1, 2),
];

impl TensorType {
    /// The type with this number in a file.
    pub(super) fn of(number: u32) -> Option<Self> {
        TYPES.iter().find(|row| row.1 == number).map(|row| row.0)
    }

    pub(super) fn names() -> String {
        TYPES.map(|row| row.2).join(", ")
    }

    fn row(self) -> &'static (TensorType, u32, &'static str, usize, usize) {
        TYPES.iter().find(|row| row.0 == self).expect("the table has every type, a test says so")
    }

    /// How many values a block holds.
    pub fn block_length(self) -> usize {
        self.row().3
    }

    /// How many bytes a block takes.
    pub fn block_bytes(self) -> usize {
        self.row().4
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().2)
    }
}

/// A tensor; its data is known to be all there.
#[derive(Clone, Debug)]
pub struct Tensor {
    name: String,
    shape: Vec<usize>,
    kind: TensorType,
    data: Bytes,
}

impl Tensor {
    pub(super) fn new(name: String, shape: Vec<usize>, kind: TensorType, data: Bytes) -> Self {
        Self { name, shape, kind, data }
    }

    /// Its name, as `blk.0.attn_q.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its dimensions, the one whose values lie side by side first: a matrix is `[columns, rows]`.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How its values are stored.
    pub fn kind(&self) -> TensorType {
        self.kind
    }

    /// Its bytes, in the file.
    pub fn data(&self) -> &Bytes {
        &self.data
    }
}
