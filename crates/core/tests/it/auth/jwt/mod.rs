//! JSON Web Tokens: the vectors of others, what attackers send, what must hold of any token, keys that change, and who comes in.

mod attacks;
mod entering;
mod laws;
mod rotation;
mod wycheproof;

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use heptad_core::{
    auth::jwt::{Issuer, KeySet, Keys, Refusal, Verifier},
    clock::Clock,
};
use heptad_testkit::VirtualClock;
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://login.example.org";
pub(crate) const AUDIENCE: &str = "https://api.example.org";

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// An issuer's key that signs.
pub(crate) enum Signer {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Hmac(Vec<u8>),
}

impl Signer {
    pub(crate) fn p256() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
        Self::P256(pair.expect("a key"))
    }

    pub(crate) fn ed25519() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("a key"))
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
            Self::Hmac(_) => "HS256",
        }
    }

    /// What verifies what it signs.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (b64(&point[1..33]), b64(&point[33..]));
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": x, "y": y })
            }
            Self::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(pair.public_key().as_ref()) })
            }
            Self::Hmac(secret) => json!({ "kty": "oct", "kid": kid, "alg": "HS256", "k": b64(secret) }),
        }
    }

    pub(crate) fn sign(&self, message: &str) -> Vec<u8> {
        match self {
            Self::P256(pair) => {
                pair.sign(&SystemRandom::new(), message.as_bytes()).expect("signed").as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Self::Hmac(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes()).as_ref().to_vec()
            }
        }
    }

    /// A token of these bytes, signed well whatever they are.
    pub(crate) fn token_of(&self, header: &[u8], claims: &[u8]) -> String {
        let signed = format!("{}.{}", b64(header), b64(claims));
        let signature = b64(self.sign(&signed));
        format!("{signed}.{signature}")
    }

    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        self.token_of(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    /// A token with the usual header.
    pub(crate) fn claim(&self, kid: &str, claims: &Value) -> String {
        self.token(&json!({ "alg": self.algorithm(), "typ": "JWT", "kid": kid }), claims)
    }
}

pub(crate) fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).expect("a set of keys")
}

/// Claims that nobody objects to, at the time of `clock`.
pub(crate) fn claims(clock: &VirtualClock) -> Value {
    let now = clock.now().as_second();
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "nbf": now, "exp": now + 300 })
}

/// `claims` with some of them changed; `null` removes one.
pub(crate) fn with(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            claims.as_object_mut().expect("an object").remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// Somebody who trusts [`ISSUER`] with these keys.
pub(crate) fn trusting(clock: &VirtualClock, issuer: Issuer, set: KeySet) -> Verifier {
    let verifier = Verifier::new(Arc::new(clock.clone()));
    verifier.trust(issuer, Keys::Fixed(Arc::new(set))).expect("it can be trusted")
}

pub(crate) fn issuer() -> Issuer {
    Issuer::new(ISSUER, AUDIENCE)
}

async fn refusal(verifier: &Verifier, token: &str) -> Refusal {
    match verifier.verify(token).await {
        Err(refusal) => refusal,
        Ok(verified) => panic!("believed: {verified:?}"),
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
