//! Which commit a state of the file is: the one row of the table `meta`, read from its page.

/// The number of the last commit in the page of the table `meta`: a leaf with one row, `(one, commits)`, as SQLite's file format has it
/// (sqlite.org/fileformat2.html#b_tree_pages and #record_format). `None` where the page is something else.
pub(in crate::backup) fn commit_of(page: &[u8]) -> Option<u64> {
    const LEAF: u8 = 0x0D;
    if *page.first()? != LEAF || page.get(3..5)? != [0, 1] {
        return None;
    }
    let cell = usize::from(u16::from_be_bytes(page.get(8..10)?.try_into().ok()?));
    let mut rest = page.get(cell..)?;
    let (_length, row) = (varint(&mut rest)?, varint(&mut rest)?);
    let types = rest;
    let (header, one) = (varint(&mut rest)?, varint(&mut rest)?);
    let kind = varint(&mut rest)?;
    // `one` is the row's number, which SQLite keeps outside of the record.
    if (row, one) != (1, 0) {
        return None;
    }
    let value = types.get(usize::try_from(header).ok()?..)?;
    let bytes = match kind {
        1..=4 => usize::try_from(kind).ok()?,
        5 => 6,
        6 => 8,
        8 => return Some(0),
        9 => return Some(1),
        _ => return None,
    };
    Some(value.get(..bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// SQLite's varint, for numbers below 2^56.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for _ in 0..8 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number = number << 7 | u64::from(byte & 0x7F);
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}
