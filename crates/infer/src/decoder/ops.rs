//! The small operations between the products: norms, activations, softmax. All are loops that vectorise; `exp` is a polynomial for that reason.

use crate::matrix::dot;

/// Scales each row of `width` values to a root mean square of 1, times the weights (Zhang and Sennrich, 2019).
#[inline(always)]
pub(super) fn rms_norm(rows: &[f32], weights: &[f32], epsilon: f32, out: &mut [f32]) {
    let width = weights.len();
    for (row, out) in rows.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let scale = inverse_rms(row, epsilon);
        for ((out, value), weight) in out.iter_mut().zip(row).zip(weights) {
            *out = value * scale * weight;
        }
    }
}

/// [`rms_norm`] where the rows are.
#[inline(always)]
pub(super) fn rms_norm_in_place(rows: &mut [f32], weights: &[f32], epsilon: f32) {
    for row in rows.chunks_exact_mut(weights.len()) {
        let scale = inverse_rms(row, epsilon);
        for (value, weight) in row.iter_mut().zip(weights) {
            *value *= scale * weight;
        }
    }
}

#[inline(always)]
fn inverse_rms(row: &[f32], epsilon: f32) -> f32 {
    (dot(row, row) / row.len() as f32 + epsilon).sqrt().recip()
}

/// `sums += values`.
#[inline(always)]
pub(super) fn add(sums: &mut [f32], values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Adds the same values to every row.
#[inline(always)]
pub(super) fn add_to_rows(rows: &mut [f32], values: &[f32]) {
    rows.chunks_exact_mut(values.len()).for_each(|row| add(row, values));
}

/// What a gate does to its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// `x * sigmoid(x)`
    Silu,
    /// GELU by its approximation with a hyperbolic tangent (Hendrycks and Gimpel, 2016).
    GeluTanh,
}

/// `gates = gate(gates) * values`.
#[inline(always)]
pub(super) fn gated(gate: Gate, gates: &mut [f32], values: &[f32]) {
    /// sqrt(2 / pi), twice: the tangent is made from an exponential of twice its argument.
    const TWICE: f32 = 2.0 * 0.797_884_6;
    for (gate_value, value) in gates.iter_mut().zip(values) {
        let x = *gate_value;
        let exponent = match gate {
            Gate::Silu => x,
            Gate::GeluTanh => TWICE * (x + 0.044_715 * x * x * x),
        };
        // (1 + tanh(y)) / 2 is the sigmoid of 2y, so both gates are `x * sigmoid(…)`.
        *gate_value = x / (1.0 + exp(-exponent)) * value;
    }
}

/// Turns scores into weights that sum up to 1.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    let mut sums = [0.0f32; 8];
    let (eights, rest) = scores.as_chunks_mut::<8>();
    for eight in eights {
        for (sum, score) in sums.iter_mut().zip(eight) {
            *score = exp(*score - largest);
            *sum += *score;
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for score in rest {
        *score = exp(*score - largest);
        sum += *score;
    }
    let inverse = sum.recip();
    scores.iter_mut().for_each(|score| *score *= inverse);
}

/// `cap * tanh(value / cap)`: bends large values towards the cap.
#[inline(always)]
pub(super) fn soft_cap(values: &mut [f32], cap: f32) {
    for value in values {
        *value = cap * (1.0 - 2.0 / (1.0 + exp(2.0 * *value / cap)));
    }
}

/// The exponential function within 2 units in the last place; from the Cephes library (`expf.c`). Saturates where `f32` ends.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    /// ln 2 in two parts, the first exact in few bits.
    const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    /// Rounds to an integer, which then stands in the lowest bits.
    const ROUNDING: f32 = 12_582_912.0;
    const POLYNOMIAL: [f32; 6] =
        [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5];
    let x = x.clamp(-87.3, 88.3);
    let rounded = x * std::f32::consts::LOG2_E + ROUNDING;
    let whole = rounded - ROUNDING;
    let rest = x - whole * LN2[0] - whole * LN2[1];
    let sum = POLYNOMIAL.iter().fold(0.0, |sum, factor| sum * rest + factor);
    let power = f32::from_bits(((rounded.to_bits() & 0x1ff).wrapping_add(127) << 23) & 0x7fff_ffff);
    (sum * rest * rest + rest + 1.0) * power
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(ours: f32, exact: f64, tolerance: f64) -> bool {
        (f64::from(ours) - exact).abs() <= tolerance * exact.abs().max(1e-3)
    }

    proptest! {
        #[test]
        fn the_exponential_is_exact_to_single_precision(x in -87.0f32..88.0) {
            prop_assert!(close(exp(x) / f64::from(x).exp() as f32, 1.0, 4e-7), "{x}: {}", exp(x));
        }

        #[test]
        fn gates_are_what_their_formulas_say(x in -30.0f32..30.0, y in -3.0f32..3.0) {
            let (wide, times) = (f64::from(x), f64::from(y));
            let tangent = ((2.0 / std::f64::consts::PI).sqrt() * (wide + 0.044715 * wide.powi(3))).tanh();
            for (gate, exact) in [
                (Gate::Silu, wide / (1.0 + (-wide).exp()) * times),
                (Gate::GeluTanh, wide * 0.5 * (1.0 + tangent) * times),
            ] {
                let mut ours = [x];
                gated(gate, &mut ours, &[y]);
                prop_assert!(close(ours[0], exact, 2e-5), "{gate:?}({x}) * {y}: {ours:?} for {exact}");
            }
        }

        #[test]
        fn softmax_sums_up_to_one_and_keeps_the_order(scores in prop::collection::vec(-50.0f32..50.0, 1..70)) {
            let mut weights = scores.clone();
            softmax(&mut weights);
            prop_assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            for (a, b) in scores.iter().zip(&weights).zip(scores.iter().zip(&weights).skip(1)) {
                prop_assert!(a.0 < b.0 || a.1 >= b.1);
            }
        }
    }

    #[test]
    fn a_soft_cap_bends_but_keeps_small_values() {
        let mut values = [0.01, -0.01, 1e6, -1e6];
        soft_cap(&mut values, 30.0);
        assert!((values[0] - 0.01).abs() < 1e-5 && (values[1] + 0.01).abs() < 1e-5, "{values:?}");
        assert_eq!([values[2], values[3]], [30.0, -30.0]);
    }

    #[test]
    fn a_norm_makes_the_mean_square_one() {
        let mut out = [0.0; 8];
        rms_norm(&[3.0; 8], &[2.0; 4], 0.0, &mut out);
        assert_eq!(out, [2.0; 8]);
        let mut rows = [-5.0; 4];
        rms_norm_in_place(&mut rows, &[1.0; 4], 0.0);
        assert_eq!(rows, [-1.0; 4]);
    }
}
