//! Every format against candle's reading of it and against the sum done in numbers; AVX2 against plain.

use candle_core::{
    Device, Tensor,
    quantized::{GgmlDType, QTensor},
};
use proptest::prelude::*;

use super::{
    Activations,
    formats::{Format, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0},
    k_formats::{Q2K, Q3K, Q4K, Q5K, Q6K},
    kernel::{multiply, rows, unpack},
    lanes::Plain,
    transpose,
};
use crate::gguf::TensorType;

const WIDTH: usize = 512;
const OUTPUTS: usize = 3;

/// A format of ours beside the same of candle.
struct Case {
    kind: TensorType,
    theirs: GgmlDType,
    plain: fn(&[u8], &Activations<'_>, &mut [f32]),
}

fn cases() -> Vec<Case> {
    macro_rules! case {
        ($kind:ident) => {
            Case {
                kind: TensorType::$kind,
                theirs: GgmlDType::$kind,
                plain: |weights, x, out| rows::<Plain, $kind>(Plain, weights, x, out),
            }
        };
    }
    vec![
        case!(Q4_0),
        case!(Q4_1),
        case!(Q5_0),
        case!(Q5_1),
        case!(Q8_0),
        case!(Q2K),
        case!(Q3K),
        case!(Q4K),
        case!(Q5K),
        case!(Q6K),
    ]
}

/// Rounds numbers with candle; gives the bytes and what candle reads from them.
fn quantize(kind: GgmlDType, values: &[f32]) -> (Vec<u8>, Vec<f32>) {
    let tensor = Tensor::new(values, &Device::Cpu).unwrap();
    let rounded = QTensor::quantize(&tensor, kind).unwrap();
    let read = rounded.dequantize(&Device::Cpu).unwrap().to_vec1().unwrap();
    (rounded.data().unwrap().into_owned(), read)
}

fn close(ours: f32, theirs: f32, scale: f32) -> bool {
    (ours - theirs).abs() <= scale * 2e-6
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_format_is_read_as_candle_reads_it(
        values in prop::collection::vec(-4.0f32..4.0, WIDTH * OUTPUTS),
    ) {
        for case in cases() {
            let (bytes, theirs) = quantize(case.theirs, &values);
            prop_assert_eq!(bytes.len(), values.len() / case.kind.block_length() * case.kind.block_bytes());
            let mut ours = vec![0.0; values.len()];
            unpack(case.kind, &bytes, &mut ours);
            for (ours, theirs) in ours.iter().zip(&theirs) {
                prop_assert!(close(*ours, *theirs, 8.0), "{}: {ours} and {theirs}", case.kind);
            }
        }
    }

    #[test]
    fn products_are_those_of_the_rounded_numbers(
        values in prop::collection::vec(-4.0f32..4.0, WIDTH * OUTPUTS),
        x in prop::collection::vec(-9.0f32..9.0, WIDTH * 6),
    ) {
        let activations = Activations::new(&x, WIDTH);
        for case in cases() {
            let (bytes, weights) = quantize(case.theirs, &values);
            let mut ours = vec![0.0; OUTPUTS * 6];
            multiply(case.kind, &bytes, &activations, &mut ours);
            let mut plain = ours.clone();
            (case.plain)(&bytes, &activations, &mut plain);
            for (index, (&ours, &plain)) in ours.iter().zip(&plain).enumerate() {
                let (output, row) = (index / 6, index % 6);
                let rounded = (0..WIDTH).map(|i| {
                    let at = row * WIDTH + i;
                    let group = &activations.groups[at / 32];
                    f64::from(group.quants[at % 32]) * f64::from(group.scale)
                });
                let weights = &weights[output * WIDTH..(output + 1) * WIDTH];
                let products: Vec<f64> = rounded.zip(weights).map(|(x, &w)| x * f64::from(w)).collect();
                let exact: f64 = products.iter().sum();
                let size: f64 = products.iter().map(|p| p.abs()).sum::<f64>().max(1.0);
                prop_assert!(close(ours, exact as f32, size as f32), "{}: {ours} for {exact}", case.kind);
                prop_assert!(close(plain, exact as f32, size as f32), "{}, plain: {plain} for {exact}", case.kind);
            }
            let mut alone = vec![0.0; OUTPUTS];
            for row in 0..6 {
                let one = Activations::new(&x[row * WIDTH..(row + 1) * WIDTH], WIDTH);
                multiply(case.kind, &bytes, &one, &mut alone);
                for output in 0..OUTPUTS {
                    prop_assert_eq!(alone[output].to_bits(), ours[output * 6 + row].to_bits(), "{}", case.kind);
                }
            }
        }
    }

    #[test]
    fn activations_keep_their_values_within_half_a_step(x in prop::collection::vec(-9e3f32..9e3, 96)) {
        let activations = Activations::new(&x, 96);
        for (at, &value) in x.iter().enumerate() {
            let group = &activations.groups[at / 32];
            let (scale, kept) = (group.scale, f32::from(group.quants[at % 32]) * group.scale);
            prop_assert!((kept - value).abs() <= scale * 0.5001);
        }
    }

    #[test]
    fn transposing_twice_changes_nothing(rows in 1usize..40, columns in 1usize..40) {
        let values: Vec<f32> = (0..rows * columns).map(|value| value as f32).collect();
        let (mut once, mut twice) = (values.clone(), values.clone());
        transpose(&values, rows, &mut once);
        transpose(&once, columns, &mut twice);
        prop_assert_eq!(values, twice);
    }
}

#[test]
fn floating_point_weights_are_multiplied_as_they_are() {
    let weights: Vec<f32> = (0..70).map(|i| i as f32 * 0.25 - 8.0).collect();
    let x: Vec<f32> = (0..70).map(|i| (i % 7) as f32 - 3.0).collect();
    let (width, exact) = (35, [0, 1].map(|o| (0..35).map(|i| weights[o * 35 + i] * x[35 + i]).sum::<f32>()));
    let encoded: [(TensorType, Vec<u8>); 3] = [
        (TensorType::F32, weights.iter().flat_map(|w| w.to_le_bytes()).collect()),
        (TensorType::F16, weights.iter().flat_map(|w| half::f16::from_f32(*w).to_le_bytes()).collect()),
        (TensorType::BF16, weights.iter().flat_map(|w| half::bf16::from_f32(*w).to_le_bytes()).collect()),
    ];
    for (kind, bytes) in encoded {
        let mut out = [0.0; 4];
        multiply(kind, &bytes, &Activations::new(&x, width), &mut out);
        assert_eq!([out[1], out[3]], exact, "{kind}");
    }
}

#[test]
fn a_block_of_zeros_and_the_outermost_values_are_exact() {
    let mut block = vec![0u8; 34];
    block[..2].copy_from_slice(&half::f16::from_f32(0.5).to_le_bytes());
    block[2..].fill(0x80);
    let activations = [127.0f32; 32];
    let mut out = [0.0];
    multiply(TensorType::Q8_0, &block, &Activations::new(&activations, 32), &mut out);
    assert_eq!(out, [0.5 * -128.0 * 127.0 * 32.0]);
    multiply(TensorType::Q8_0, &block, &Activations::new(&[0.0; 32], 32), &mut out);
    assert_eq!(out, [0.0]);
    const { assert!(Q8_0::SIGNED && !Q4K::SIGNED) };
}
