//! The form in which the vectors of one item are kept: `hvec`, the dimensions and the number of vectors (32 bits each, little-endian), then
//! the numbers (IEEE 754, 32 bits, little-endian).

use crate::{Error, MAX_DIMENSIONS};

const MAGIC: &[u8; 4] = b"hvec";
const HEADER: usize = 12;

/// The bytes of `vectors`.
///
/// # Errors
/// [`Error::NoVector`], [`Error::Dimensions`], or [`Error::Length`] where they are not of one length.
pub fn encode<V: AsRef<[f32]>>(vectors: &[V]) -> Result<Vec<u8>, Error> {
    let dimensions = vectors.first().ok_or(Error::NoVector)?.as_ref().len();
    if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        return Err(Error::Dimensions { found: dimensions });
    }
    let count = u32::try_from(vectors.len()).map_err(|_| Error::Full { limit: u32::MAX as usize })?;
    let mut bytes = Vec::with_capacity(HEADER + vectors.len() * dimensions * 4);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&(dimensions as u32).to_le_bytes());
    bytes.extend_from_slice(&count.to_le_bytes());
    for vector in vectors {
        let vector = vector.as_ref();
        if vector.len() != dimensions {
            return Err(Error::Length { wanted: dimensions, found: vector.len() });
        }
        bytes.extend(vector.iter().flat_map(|x| x.to_le_bytes()));
    }
    Ok(bytes)
}

/// The vectors that [`encode`] wrote, each number as it was.
///
/// # Errors
/// [`Error::Malformed`] for anything else; nothing is allocated before the length is known to be right.
pub fn decode(bytes: &[u8]) -> Result<Vec<Vec<f32>>, Error> {
    let malformed = |reason| Error::Malformed { reason };
    let (header, numbers) = bytes.split_at_checked(HEADER).ok_or(malformed("they are cut short"))?;
    if !header.starts_with(MAGIC) {
        return Err(malformed("they do not begin with `hvec`"));
    }
    let word =
        |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]) as usize;
    let (dimensions, count) = (word(4), word(8));
    if !(1..=MAX_DIMENSIONS).contains(&dimensions) || count == 0 {
        return Err(malformed("they have no dimensions, too many, or no vector"));
    }
    if count.checked_mul(dimensions * 4) != Some(numbers.len()) {
        return Err(malformed("their number is not what they say"));
    }
    let (numbers, _) = numbers.as_chunks::<4>();
    Ok(numbers
        .chunks_exact(dimensions)
        .map(|vector| vector.iter().map(|number| f32::from_le_bytes(*number)).collect())
        .collect())
}
