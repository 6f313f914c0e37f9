//! The two inner loops, compiled once for any processor and once for those with AVX2; which one runs is asked of the processor.
#![allow(
    unsafe_code,
    reason = "a function compiled for AVX2 is called where the processor was found to have it"
)]

/// How many sums a dot product is made of. Their number is part of the result: with it fixed, the order of every addition is fixed, and
/// all processors agree to the bit.
const LANES: usize = 32;

/// The dot product of `a` and `b`, as deep as the shorter of them, the same to the bit on every processor.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function was compiled for; nothing else about it is unsafe.
        return unsafe { avx2::dot(a, b) };
    }
    sum_of_products(a, b)
}

/// Dot products of `query` with every row of `codes` that is wanted, into the place of the row in `sums`. Rows are as long as the query.
pub(crate) fn dot_codes(query: &[i16], codes: &[i8], wanted: &[bool], sums: &mut [i32]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: as in `dot`.
        return unsafe { avx2::dot_codes(query, codes, wanted, sums) };
    }
    sums_of_products(query, codes, wanted, sums);
}

/// The same loops; within these functions the compiler may use the wider registers.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    #[target_feature(enable = "avx2")]
    pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
        super::sum_of_products(a, b)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn dot_codes(query: &[i16], codes: &[i8], wanted: &[bool], sums: &mut [i32]) {
        super::sums_of_products(query, codes, wanted, sums);
    }
}

#[inline(always)]
fn sum_of_products(a: &[f32], b: &[f32]) -> f32 {
    let length = a.len().min(b.len());
    let (a, a_rest) = a[..length].as_chunks::<LANES>();
    let (b, b_rest) = b[..length].as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    // No fused multiply-add: processors without one would round differently.
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        sums[lane] += a * b;
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}

#[inline(always)]
fn sums_of_products(query: &[i16], codes: &[i8], wanted: &[bool], sums: &mut [i32]) {
    let rows = codes.chunks_exact(query.len()).zip(wanted);
    for ((row, wanted), sum) in rows.zip(sums) {
        if *wanted {
            *sum = row.iter().zip(query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only a processor that has both ways can tell; elsewhere they are one.
    #[test]
    fn every_way_of_adding_agrees_to_the_bit() {
        for length in [0, 1, 31, 32, 33, 384, 1000] {
            let a: Vec<f32> = (0..length).map(|n| (n as f32 * 0.37).sin() * 1e3).collect();
            let b: Vec<f32> = (0..length).map(|n| (n as f32 * 0.71).cos() / 3.0).collect();
            assert_eq!(dot(&a, &b).to_bits(), sum_of_products(&a, &b).to_bits(), "{length} numbers");
        }
    }
}
