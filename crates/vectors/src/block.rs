//! Rows of vectors in blocks, each row exact and as 8-bit codes.

use crate::kernel::dot;

/// How many rows a block has: what is scanned between two looks at the threshold, and the unit in which memory grows.
pub(crate) const BLOCK_ROWS: usize = 1024;

/// Up to [`BLOCK_ROWS`] rows, column by column.
#[derive(Clone, Default)]
pub(crate) struct Block {
    /// The vectors, one behind the other.
    pub(crate) rows: Vec<f32>,
    /// The vectors as multiples of their scale.
    pub(crate) codes: Vec<i8>,
    pub(crate) scales: Vec<f32>,
    /// The length of what the codes leave out, at least.
    pub(crate) errors: Vec<f32>,
    /// The length of what the codes stand for, at least.
    pub(crate) lengths: Vec<f32>,
    /// The slot of the item that a row belongs to.
    pub(crate) owners: Vec<u32>,
}

impl Block {
    pub(crate) fn with_room(dimensions: usize) -> Self {
        Self {
            rows: Vec::with_capacity(BLOCK_ROWS * dimensions),
            codes: Vec::with_capacity(BLOCK_ROWS * dimensions),
            scales: Vec::with_capacity(BLOCK_ROWS),
            errors: Vec::with_capacity(BLOCK_ROWS),
            lengths: Vec::with_capacity(BLOCK_ROWS),
            owners: Vec::with_capacity(BLOCK_ROWS),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.owners.len() == BLOCK_ROWS
    }

    pub(crate) fn row(&self, row: usize, dimensions: usize) -> &[f32] {
        &self.rows[row * dimensions..(row + 1) * dimensions]
    }

    pub(crate) fn push(&mut self, row: &[f32], owner: u32) {
        let coded = Coded::of(row, f32::from(i8::MAX));
        self.codes.extend(coded.codes.iter().map(|code| *code as i8));
        self.rows.extend_from_slice(row);
        self.scales.push(coded.scale);
        self.errors.push(coded.error);
        self.lengths.push(coded.length);
        self.owners.push(owner);
    }

    /// Copies a row with everything that is known of it.
    pub(crate) fn push_from(&mut self, other: &Self, row: usize, dimensions: usize, owner: u32) {
        let numbers = row * dimensions..(row + 1) * dimensions;
        self.rows.extend_from_slice(&other.rows[numbers.clone()]);
        self.codes.extend_from_slice(&other.codes[numbers]);
        self.scales.push(other.scales[row]);
        self.errors.push(other.errors[row]);
        self.lengths.push(other.lengths[row]);
        self.owners.push(owner);
    }
}

/// A vector as whole multiples of a scale.
pub(crate) struct Coded {
    pub(crate) codes: Vec<i16>,
    pub(crate) scale: f32,
    pub(crate) error: f32,
    pub(crate) length: f32,
}

impl Coded {
    /// `vector` in multiples of its largest number divided by `most`, a whole number that is at most 32,767.
    pub(crate) fn of(vector: &[f32], most: f32) -> Self {
        let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let scale = largest / most;
        // Where the numbers are so small that the scale vanishes, everything is error.
        let code = |x: f32| if scale > 0.0 { (x / scale).round().clamp(-most, most) as i16 } else { 0 };
        let codes: Vec<_> = vector.iter().map(|x| code(*x)).collect();
        let (mut error, mut length) = (0.0, 0.0);
        for (x, code) in vector.iter().zip(&codes) {
            let stands_for = f64::from(*code) * f64::from(scale);
            error += (f64::from(*x) - stands_for).powi(2);
            length += stands_for.powi(2);
        }
        Self { codes, scale, error: above(error.sqrt()), length: above(length.sqrt()) }
    }
}

/// A number that is not below `x`, whatever rounding did on the way to it.
fn above(x: f64) -> f32 {
    ((x * (1.0 + 1e-12)) as f32).next_up()
}

/// An upper bound of what [`dot`] makes of a query and a row, from the dot product of their codes.
///
/// With q = q' + e and x = x' + f, where q' and x' are what the codes stand for: q·x = q'·x' + q'·f + e·x, so by Cauchy and Schwarz
/// q·x ≤ q'·x' + |q'||f| + |e|(|x'| + |f|). What [`dot`] rounds is added: at most the number of dimensions times half a unit in
/// the last place of |q||x|, doubled to be safe, and as often the smallest number there is.
pub(crate) struct Bound {
    scale: f64,
    length: f64,
    error: f64,
    rounding: f64,
    smallest: f64,
}

impl Bound {
    pub(crate) fn of(query: &Coded) -> Self {
        let steps = (query.codes.len() + 8) as f64;
        Self {
            scale: f64::from(query.scale),
            length: f64::from(query.length),
            error: f64::from(query.error),
            rounding: steps * f64::from(f32::EPSILON),
            smallest: steps * f64::from(f32::from_bits(1)),
        }
    }

    pub(crate) fn above(&self, sum: i32, block: &Block, row: usize) -> f64 {
        let (length, error) = (f64::from(block.lengths[row]), f64::from(block.errors[row]));
        let whole = length + error;
        let product = f64::from(sum) * self.scale * f64::from(block.scales[row]);
        let rounding = self.rounding * (self.length + self.error) * whole + self.smallest;
        product + self.length * error + self.error * whole + rounding
    }
}

/// The exact score of a row.
pub(crate) fn exact(query: &[f32], block: &Block, row: usize) -> f32 {
    dot(query, block.row(row, query.len()))
}
