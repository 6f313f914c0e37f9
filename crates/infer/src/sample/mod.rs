//! Choosing the next token, and where an answer ends.
//!
//! The same logits and the same seed give the same token on every machine: the generator is written here, and so is the exponential function,
//! for that of the system may differ in the last bit.

mod random;
mod stop;

pub use self::{random::Random, stop::Stops};

/// How a token is chosen among the likely ones. The steps are carried out in the order of the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// 0 takes the likeliest token, always; 1 draws by what the model says; more is bolder.
    pub temperature: f32,
    /// Only so many of the likeliest tokens; 0 for all.
    pub top_k: usize,
    /// Only the likeliest tokens that together have this probability; 1 for all.
    pub top_p: f32,
    /// Only tokens with at least this share of the probability of the likeliest; 0 for all.
    pub min_p: f32,
}

impl Default for Sampling {
    /// Temperature 1, the 64 likeliest tokens (as the makers of Gemma advise), at least a twentieth of the likeliest: small models have long tails of nonsense.
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 64, top_p: 1.0, min_p: 0.05 }
    }
}

/// Chooses tokens for one answer.
#[derive(Clone, Debug)]
pub struct Sampler {
    sampling: Sampling,
    random: Random,
    candidates: Vec<(f32, u32)>,
}

impl Sampler {
    /// With `seed`.
    pub fn new(sampling: Sampling, seed: u64) -> Self {
        Self { sampling, random: Random::new(seed), candidates: Vec::new() }
    }

    /// The next token by `logits`, among the tokens that `allowed` lets pass. `None` where it lets none pass. A logit that is not a number counts
    /// as the smallest.
    pub fn pick(&mut self, logits: &[f32], allowed: impl Fn(u32) -> bool) -> Option<u32> {
        let passed = (0..).zip(logits).filter(|(token, _)| allowed(*token));
        let known =
            passed.map(|(token, logit)| (if logit.is_nan() { f32::NEG_INFINITY } else { *logit }, token));
        if self.sampling.temperature <= 0.0 {
            return known
                .reduce(|best, next| if next.0 > best.0 { next } else { best })
                .map(|(_, token)| token);
        }
        self.candidates.clear();
        self.candidates.extend(known);
        // Likeliest first; of equals the lower number, so that the order is the same everywhere.
        let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        let top_k = self.sampling.top_k;
        if top_k > 0 && top_k < self.candidates.len() {
            self.candidates.select_nth_unstable_by(top_k, order);
            self.candidates.truncate(top_k);
        }
        self.candidates.sort_unstable_by(order);
        let (largest, first) = *self.candidates.first()?;
        if !largest.is_finite() {
            return Some(first);
        }
        self.draw(largest)
    }

    fn draw(&mut self, largest: f32) -> Option<u32> {
        let temperature = f64::from(self.sampling.temperature);
        let weight = |logit: f32| exp((f64::from(logit) - f64::from(largest)) / temperature);
        let weights: Vec<f64> = self.candidates.iter().map(|(logit, _)| weight(*logit)).collect();
        let total: f64 = weights.iter().sum();
        let (mut kept, mut mass) = (0, 0.0);
        for weight in &weights {
            // The likeliest has weight 1.
            if kept > 0
                && (mass >= f64::from(self.sampling.top_p) * total
                    || *weight < f64::from(self.sampling.min_p))
            {
                break;
            }
            (kept, mass) = (kept + 1, mass + weight);
        }
        let mut left = self.random.unit() * mass;
        for ((_, token), weight) in self.candidates.iter().zip(&weights).take(kept) {
            left -= weight;
            if left < 0.0 {
                return Some(*token);
            }
        }
        self.candidates.get(kept.saturating_sub(1)).map(|(_, token)| *token)
    }
}

/// e to the power of `x`, at most 0, by operations whose results IEEE 754 fixes to the bit.
fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    // x = (whole + rest) ln 2, with rest within a half: 2^whole exactly, e^(rest ln 2) by its series.
    let scaled = x * std::f64::consts::LOG2_E;
    let whole = scaled.round();
    let rest = (scaled - whole) * std::f64::consts::LN_2;
    let series = (1..=18).rev().fold(1.0, |sum, n| 1.0 + sum * rest / f64::from(n));
    #[expect(clippy::cast_possible_truncation, reason = "between -1011 and 0")]
    let exponent = (1023 + whole as i64).cast_unsigned();
    series * f64::from_bits(exponent << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_function_is_one() {
        for step in 0..70_000 {
            let x = f64::from(step) * -0.01;
            let expected = x.exp();
            assert!((exp(x) - expected).abs() <= expected * 1e-12 + 1e-300, "{x}: {} {expected}", exp(x));
        }
        assert_eq!((exp(0.0), exp(-1000.0)), (1.0, 0.0));
    }

    #[test]
    fn greedy_takes_the_first_of_the_likeliest() {
        let mut sampler = Sampler::new(Sampling { temperature: 0.0, ..Sampling::default() }, 1);
        assert_eq!(sampler.pick(&[0.0, 3.0, 3.0, f32::NAN], |_| true), Some(1));
        assert_eq!(sampler.pick(&[0.0, 3.0, 3.0], |token| token != 1), Some(2));
        assert_eq!(sampler.pick(&[f32::NAN, f32::NAN], |_| true), Some(0));
        assert_eq!(sampler.pick(&[1.0], |_| false), None);
    }

    fn counts(sampling: Sampling, logits: &[f32]) -> Vec<usize> {
        let mut sampler = Sampler::new(sampling, 42);
        let mut counts = vec![0; logits.len()];
        for _ in 0..20_000 {
            counts[sampler.pick(logits, |_| true).unwrap() as usize] += 1;
        }
        counts
    }

    #[test]
    fn tokens_come_as_often_as_the_model_says() {
        let all = Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0 };
        let logits: Vec<f32> = [0.5_f32, 0.3, 0.15, 0.05].iter().map(|p| p.ln()).collect();
        let close = |found: &[usize], expected: [f64; 4]| {
            found.iter().zip(expected).all(|(n, p)| (*n as f64 / 20_000.0 - p).abs() < 0.015)
        };
        assert!(close(&counts(all.clone(), &logits), [0.5, 0.3, 0.15, 0.05]));
        assert!(close(&counts(Sampling { top_k: 2, ..all.clone() }, &logits), [0.625, 0.375, 0.0, 0.0]));
        assert!(close(&counts(Sampling { top_p: 0.6, ..all.clone() }, &logits), [0.625, 0.375, 0.0, 0.0]));
        assert!(close(&counts(Sampling { min_p: 0.25, ..all.clone() }, &logits), [0.526, 0.316, 0.158, 0.0]));
        let cold = counts(Sampling { temperature: 0.25, ..all }, &logits);
        assert!(close(&cold, [0.879, 0.114, 0.007, 0.0]), "{cold:?}");
    }

    #[test]
    fn the_same_seed_is_the_same_on_every_machine() {
        let mut sampler = Sampler::new(Sampling::default(), 7);
        let logits: Vec<f32> = (0..100_u8).map(|n| f32::from(n % 17) / 4.0).collect();
        let found: Vec<u32> = (0..8).map(|_| sampler.pick(&logits, |_| true).unwrap()).collect();
        let mut again = Sampler::new(Sampling::default(), 7);
        assert!(found.iter().all(|token| again.pick(&logits, |_| true) == Some(*token)));
        assert_eq!(Random::new(0).next(), 0xE220_A839_7B1D_CDAF, "the generator's published first number");
    }
}
