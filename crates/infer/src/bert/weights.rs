//! Tensors by name from a safetensors file.

use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors, tensor::Metadata};

use crate::{
    error::{Error, Result},
    file::Bytes,
};

/// An open safetensors file.
pub(super) struct Weights<'a> {
    bytes: &'a Bytes,
    /// Where the tensors begin.
    begin: usize,
    metadata: Metadata,
    /// What comes before every name: a model that was trained for something else has its encoder below `bert.` or `roberta.`.
    prefix: &'static str,
}

/// A tensor that stays in the file; its rows are read when they are needed.
#[derive(Clone, Debug)]
pub(super) struct Table {
    bytes: Bytes,
    dtype: Dtype,
    width: usize,
}

impl<'a> Weights<'a> {
    /// Checks the header: every tensor lies inside the file, without gaps or overlaps.
    pub(super) fn open(bytes: &'a Bytes) -> Result<Self> {
        let malformed = |problem: String| Error::Malformed { format: "safetensors", at: 0, problem };
        let (length, metadata) =
            SafeTensors::read_metadata(bytes).map_err(|error| malformed(error.to_string()))?;
        let has =
            |prefix: &str| metadata.info(&format!("{prefix}embeddings.word_embeddings.weight")).is_some();
        let prefix = ["", "bert.", "roberta."].into_iter().find(|prefix| has(prefix)).unwrap_or("");
        Ok(Self { bytes, begin: 8 + length, metadata, prefix })
    }

    /// The tensor `name` of this shape, in the file.
    pub(super) fn table(&self, name: &str, shape: [usize; 2]) -> Result<Table> {
        let (bytes, dtype) = self.find(name, &shape)?;
        Ok(Table { bytes, dtype, width: shape[1] })
    }

    /// The numbers of the tensor `name` of this shape.
    pub(super) fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let (bytes, dtype) = self.find(name, shape)?;
        let mut numbers = vec![0.0; shape.iter().product()];
        read(&bytes, dtype, &mut numbers);
        match numbers.iter().position(|x| !x.is_finite()) {
            Some(place) => Err(Error::tensor(name, format!("number {place} is not finite"))),
            None => Ok(numbers),
        }
    }

    fn find(&self, name: &str, shape: &[usize]) -> Result<(Bytes, Dtype)> {
        let full = format!("{}{name}", self.prefix);
        let info = self.metadata.info(&full).ok_or_else(|| Error::tensor(&full, "it is missing"))?;
        if info.shape != shape {
            return Err(Error::tensor(
                &full,
                format!("it has the shape {:?}, and should have {shape:?}", info.shape),
            ));
        }
        if !matches!(info.dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return Err(Error::tensor(
                &full,
                format!("it holds {:?}: F32, F16 and BF16 can be read", info.dtype),
            ));
        }
        let (start, end) = info.data_offsets;
        let bytes = self.bytes.slice(self.begin + start..self.begin + end);
        Ok((bytes.ok_or_else(|| Error::tensor(&full, "it lies outside the file"))?, info.dtype))
    }
}

impl Table {
    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.bytes.len() / self.row_bytes()
    }

    /// Reads row `row` into `into`; `None` where there is no such row.
    pub(super) fn row(&self, row: usize, into: &mut [f32]) -> Option<()> {
        let start = row.checked_mul(self.row_bytes())?;
        let bytes = self.bytes.get(start..start.checked_add(self.row_bytes())?)?;
        read(bytes, self.dtype, into);
        Some(())
    }

    fn row_bytes(&self) -> usize {
        self.width * if self.dtype == Dtype::F32 { 4 } else { 2 }
    }
}

fn read(bytes: &[u8], dtype: Dtype, into: &mut [f32]) {
    let halves = || bytes.as_chunks::<2>().0.iter();
    match dtype {
        Dtype::F16 => {
            into.iter_mut().zip(halves()).for_each(|(to, from)| *to = f16::from_le_bytes(*from).to_f32())
        }
        Dtype::BF16 => {
            into.iter_mut().zip(halves()).for_each(|(to, from)| *to = bf16::from_le_bytes(*from).to_f32())
        }
        _ => {
            let whole = bytes.as_chunks::<4>().0.iter();
            into.iter_mut().zip(whole).for_each(|(to, from)| *to = f32::from_le_bytes(*from));
        }
    }
}
