//! What holds of any token.

use heptad_core::auth::jwt::Verifier;
use heptad_testkit::VirtualClock;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Signer, claims, issuer, set, trusting, with};

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// Two signers, one verifier that knows both.
fn scene() -> (VirtualClock, [Signer; 2], Verifier) {
    let clock = VirtualClock::new();
    let signers = [Signer::p256(), Signer::ed25519()];
    let verifier = trusting(&clock, issuer(), set(&[signers[0].jwk("0"), signers[1].jwk("1")]));
    (clock, signers, verifier)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

#[test]
fn any_single_bit_that_is_turned_over_is_noticed() {
    let (clock, signers, verifier) = scene();
    wait(async {
        for (kid, signer) in ["0", "1"].into_iter().zip(&signers) {
            let token = signer.claim(kid, &claims(&clock));
            verifier.verify(&token).await.expect("whole, it is believed");
            for at in 0..token.len() * 8 {
                let mut bytes = token.clone().into_bytes();
                bytes[at / 8] ^= 1 << (at % 8);
                // What is no text cannot be shown.
                let Ok(flipped) = String::from_utf8(bytes) else { continue };
                assert!(verifier.verify(&flipped).await.is_err(), "bit {at} of {token}");
            }
            for length in 0..token.len() {
                assert!(verifier.verify(&token[..length]).await.is_err(), "cut after {length} of {token}");
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn what_was_signed_is_what_is_read(extra in value(), subject in "[!-~]{1,255}") {
        let (clock, signers, verifier) = scene();
        let claims = with(claims(&clock), json!({ "sub": subject, "extra": extra }));
        for (kid, signer) in ["0", "1"].into_iter().zip(&signers) {
            let verified = wait(verifier.verify(&signer.claim(kid, &claims))).expect("it is good");
            prop_assert_eq!(Value::from(verified.claims.all), claims.clone());
        }
    }

    #[test]
    fn parts_of_two_tokens_make_none(first in value(), second in value()) {
        let (clock, [signer, _], verifier) = scene();
        let token = |extra: &Value| signer.claim("0", &with(claims(&clock), json!({ "extra": extra, "jti": extra.to_string() })));
        let (one, two) = (token(&first), token(&second));
        let (one, two): (Vec<_>, Vec<_>) = (one.split('.').collect(), two.split('.').collect());
        prop_assume!(one[1] != two[1]);
        for (payload, signature) in [(one[1], two[2]), (two[1], one[2])] {
            let mixed = [one[0], payload, signature].join(".");
            prop_assert!(wait(verifier.verify(&mixed)).is_err());
        }
    }

    #[test]
    fn whatever_comes_is_refused_and_nothing_breaks(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_, [signer, _], verifier) = scene();
        let header = json!({ "alg": "ES256", "kid": "0" }).to_string();
        let (claims, headed) = (signer.token_of(header.as_bytes(), &bytes), signer.token_of(&bytes, b"{}"));
        for token in [text, claims, headed] {
            prop_assert!(wait(verifier.verify(&token)).is_err());
        }
        let _ = heptad_core::auth::jwt::KeySet::parse(&bytes);
    }
}
