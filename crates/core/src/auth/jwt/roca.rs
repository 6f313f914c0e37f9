//! RSA moduli that a broken generator made.

/// Primes modulo which the moduli of the broken generator are powers of 65,537.
const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether `modulus` (big endian) has the fingerprint of the generator whose keys can be factored (CVE-2017-15361; Nemec et al., "The Return of
/// Coppersmith's Attack", CCS 2017, section 3.3): modulo each of some small primes it is a power of 65,537. One good key in about 2^27 has it too.
pub(super) fn is_weak(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        is_power(rest, 65_537 % prime, *prime)
    })
}

fn is_power(of: u32, base: u32, modulus: u32) -> bool {
    let mut power = 1;
    loop {
        if power == of {
            return true;
        }
        power = power * base % modulus;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_the_base_are_told_from_others() {
        // 65,537 is 10 modulo 11, whose powers are 1 and 10.
        assert!(is_power(1, 10, 11) && is_power(10, 10, 11));
        assert!(!is_power(2, 10, 11) && !is_power(0, 10, 11));
        assert!(is_weak(&[1]), "a power by definition");
        assert!(!is_weak(&[2]));
    }
}
