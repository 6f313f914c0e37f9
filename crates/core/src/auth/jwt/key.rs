//! One key of an issuer (RFC 7517, RFC 7518 section 6, RFC 8037).

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    hmac,
    signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm},
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Algorithm, roca};

/// Longer ids are none.
pub(super) const MAX_ID_BYTES: usize = 256;
/// RSA keys have these many bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A key that verifies, with what it may be used for.
#[derive(Clone)]
pub struct VerifyingKey {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Secret(Zeroizing<Vec<u8>>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point of the curve, uncompressed; for Ed25519 its 32 bytes.
    Point(Vec<u8>),
}

/// Shows what it is, never what it holds.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("id", &self.id)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}

impl VerifyingKey {
    /// The key that a JSON Web Key is, or why it verifies nothing here.
    pub(super) fn read(key: &Map<String, Value>) -> Result<Self, &'static str> {
        if key.contains_key("use") && text(key, "use")? != "sig" {
            return Err("it is not for signatures (`use`)");
        }
        if let Some(operations) = key.get("key_ops") {
            let operations = operations.as_array().ok_or("`key_ops` is no list")?;
            if !operations.iter().any(|operation| operation == "verify") {
                return Err("it is not for verifying (`key_ops`)");
            }
        }
        let id = match key.get("kid") {
            None => None,
            Some(Value::String(id)) if id.len() <= MAX_ID_BYTES => Some(id.clone()),
            Some(_) => return Err("its id is no text, or too long"),
        };
        let (material, mut algorithms) = material(key)?;
        if key.contains_key("alg") {
            let own = Algorithm::named(text(key, "alg")?).ok_or("its algorithm is not supported")?;
            algorithms.retain(|algorithm| *algorithm == own);
        }
        if algorithms.is_empty() {
            return Err("its algorithm does not fit its type or its length");
        }
        Ok(Self { id, algorithms, material })
    }

    /// Its id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether it may verify this algorithm: what its type, its length and its own `alg` allow.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// Whether it is a secret that signs as well.
    pub fn is_secret(&self) -> bool {
        matches!(self.material, Material::Secret(_))
    }

    /// Whether `signature` is that of `message` by this key. `false` for an algorithm that does not [fit](Self::fits).
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match &self.material {
            Material::Secret(secret) => algorithm.hmac().is_some_and(|(kind, _)| {
                // Compares the whole tag, in constant time.
                hmac::verify(&hmac::Key::new(kind, secret), message, signature).is_ok()
            }),
            Material::Rsa { n, e } => rsa(algorithm).is_some_and(|parameters| {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }),
            Material::Point(point) => curve(algorithm)
                .is_some_and(|curve| UnparsedPublicKey::new(curve, point).verify(message, signature).is_ok()),
        }
    }
}

/// What the key is made of, and every algorithm that fits it.
fn material(key: &Map<String, Value>) -> Result<(Material, Vec<Algorithm>), &'static str> {
    let kind = text(key, "kty")?;
    if kind != "oct" && key.contains_key("d") {
        return Err("it is a private key that was published");
    }
    match kind {
        "oct" => {
            let secret = Zeroizing::new(bytes(key, "k")?);
            let fits =
                |algorithm: &Algorithm| algorithm.hmac().is_some_and(|(_, least)| secret.len() >= least);
            let algorithms = Algorithm::ALL.into_iter().filter(fits).collect();
            Ok((Material::Secret(secret), algorithms))
        }
        "RSA" => {
            let (n, e) = (bytes(key, "n")?, bytes(key, "e")?);
            let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
            if !RSA_BITS.contains(&bits) || n.first() == Some(&0) {
                return Err("its modulus does not have 2,048 to 8,192 bits");
            }
            if e.len() > 8
                || e.first().is_none_or(|first| *first == 0)
                || e == [1]
                || e.last().is_some_and(|last| last % 2 == 0)
            {
                return Err("its exponent is none");
            }
            if roca::is_weak(&n) {
                return Err("its modulus can be factored (CVE-2017-15361)");
            }
            let algorithms = Algorithm::ALL.into_iter().filter(|algorithm| rsa(*algorithm).is_some());
            Ok((Material::Rsa { n, e }, algorithms.collect()))
        }
        "EC" => {
            let (algorithm, length) = match text(key, "crv")? {
                "P-256" => (Algorithm::Es256, 32),
                "P-384" => (Algorithm::Es384, 48),
                _ => return Err("its curve is not supported"),
            };
            let (x, y) = (bytes(key, "x")?, bytes(key, "y")?);
            if x.len() != length || y.len() != length {
                return Err("its coordinates do not have the length of its curve");
            }
            // Whether the point lies on the curve is checked by whoever verifies with it.
            Ok((Material::Point([&[4], &*x, &*y].concat()), vec![algorithm]))
        }
        "OKP" => {
            let x = bytes(key, "x")?;
            if text(key, "crv")? != "Ed25519" || x.len() != 32 {
                return Err("its curve is not supported");
            }
            Ok((Material::Point(x), vec![Algorithm::EdDsa]))
        }
        _ => Err("its type is not supported"),
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn curve(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        Algorithm::Es256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::Es384 => Some(&signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDsa => Some(&signature::ED25519),
        _ => None,
    }
}

fn text<'a>(key: &'a Map<String, Value>, name: &str) -> Result<&'a str, &'static str> {
    key.get(name).and_then(Value::as_str).ok_or("a member is missing, or no text")
}

fn bytes(key: &Map<String, Value>, name: &str) -> Result<Vec<u8>, &'static str> {
    BASE64_URL_SAFE_NO_PAD.decode(text(key, name)?).map_err(|_| "a member is not base64url")
}
