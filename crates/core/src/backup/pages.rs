//! The pages in the body of a log object.

use super::{
    header::{LogHeader, Point},
    object::damaged,
};
use crate::error::Result;

/// A state, and what changed on the way to it: number and content of each page.
pub(super) type Changed<'a> = (Point, Vec<(u32, &'a [u8])>);

/// What `body` holds, point by point.
///
/// # Errors
/// `Corrupt` where it does not hold what the header says.
pub(super) fn pages_of<'a>(header: &LogHeader, page_size: u32, body: &'a [u8]) -> Result<Vec<Changed<'a>>> {
    let mut rest = body;
    let mut points = Vec::with_capacity(header.points.len());
    for point in &header.points {
        let entry = page_size as usize + 4;
        let bytes = (point.pages as usize).saturating_mul(entry);
        let (own, after) = rest.split_at_checked(bytes).ok_or_else(|| damaged("pages are missing"))?;
        rest = after;
        let mut pages = Vec::with_capacity(point.pages as usize);
        for entry in own.chunks_exact(entry) {
            let (number, page) = entry.split_at(4);
            let number = number.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
            if number == 0 {
                return Err(damaged("a page has no number"));
            }
            pages.push((number, page));
        }
        points.push((*point, pages));
    }
    if rest.is_empty() { Ok(points) } else { Err(damaged("there is more in it than its header says")) }
}
