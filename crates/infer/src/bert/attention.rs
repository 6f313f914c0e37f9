//! Attention within one text.

use super::{
    linear::{Out, Panels, Rows, multiply},
    ops::softmax,
};

/// What attention computes with, kept from text to text.
#[derive(Default)]
pub(super) struct Scratch {
    left: Vec<f32>,
    keys: Panels,
    values: Panels,
    scores: Vec<f32>,
}

/// Adds what each token of a text attends to to `out`, a row of `width` for each token.
///
/// `rows` has for each token its query, its key and its value, each `width` long and made of `heads` parts. Queries are scaled already.
pub(super) fn attend(rows: &[f32], heads: usize, width: usize, scratch: &mut Scratch, out: &mut [f32]) {
    let (stride, size, count) = (3 * width, width / heads, rows.len() / (3 * width));
    for head in (0..heads).map(|head| head * size) {
        let query = Rows { numbers: &rows[head..], stride, count };
        scratch.keys.fill(size, count, |number, token| rows[token * stride + width + head + number]);
        scratch.values.fill(count, size, |token, number| rows[token * stride + 2 * width + head + number]);
        scratch.scores.clear();
        scratch.scores.resize(count * count, 0.0);
        let scores = Out { numbers: &mut scratch.scores, stride: count };
        multiply(query, &scratch.keys, &mut scratch.left, scores);
        softmax(&mut scratch.scores, count, count);
        let weights = Rows { numbers: &scratch.scores, stride: count, count };
        multiply(
            weights,
            &scratch.values,
            &mut scratch.left,
            Out { numbers: &mut out[head..], stride: width },
        );
    }
}
