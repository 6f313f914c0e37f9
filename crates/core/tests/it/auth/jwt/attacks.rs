//! What attackers send. Every one is refused, and for the right reason.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use heptad_core::auth::jwt::{Algorithm, Issuer, KeySet, Keys, Refusal, Verifier};
use heptad_testkit::VirtualClock;
use serde_json::{Value, json};
use std::sync::Arc;

use super::{AUDIENCE, ISSUER, Signer, b64, claims, issuer, refusal, seconds, set, trusting, with};

/// The modulus of the RSA key of RFC 7515, appendix A.2, whose exponent is AQAB.
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

fn rsa() -> Value {
    json!({ "kty": "RSA", "kid": "r", "n": RSA_N, "e": "AQAB" })
}

struct Scene {
    clock: VirtualClock,
    signer: Signer,
    verifier: Verifier,
}

/// An issuer with three keys of three kinds; `e` signs.
fn scene() -> Scene {
    let (clock, signer) = (VirtualClock::new(), Signer::p256());
    let keys = set(&[signer.jwk("e"), Signer::ed25519().jwk("o"), rsa()]);
    let verifier = trusting(&clock, issuer(), keys);
    Scene { clock, signer, verifier }
}

impl Scene {
    async fn refuses(&self, token: &str) -> Refusal {
        refusal(&self.verifier, token).await
    }

    fn header(&self, changes: Value) -> Value {
        with(json!({ "alg": "ES256", "typ": "JWT", "kid": "e" }), changes)
    }
}

#[tokio::test]
async fn a_good_token_is_believed() {
    let scene = scene();
    let token = scene.signer.claim("e", &claims(&scene.clock));
    let verified = scene.verifier.verify(&token).await.expect("nothing is wrong with it");
    assert_eq!(
        (verified.claims.subject.as_deref(), verified.header.algorithm),
        (Some("ada"), Algorithm::Es256)
    );
}

#[tokio::test]
async fn no_signature_and_no_algorithm_are_refused() {
    let scene = scene();
    let claims = claims(&scene.clock).to_string();
    for name in ["none", "None", "NONE", "nOnE", "", "ES256 ", "es256", "ES512", "HS1", "RS256\u{0}"] {
        let header = json!({ "alg": name, "kid": "e" }).to_string();
        for signature in ["", "AA", &b64([0; 64])] {
            let token = format!("{}.{}.{signature}", b64(&header), b64(&claims));
            assert_eq!(scene.refuses(&token).await, Refusal::Algorithm, "{name}");
        }
    }
    for header in
        [json!({ "kid": "e" }), json!({ "alg": null }), json!({ "alg": ["ES256"] }), json!({ "alg": 256 })]
    {
        let token = scene.signer.token(&header, &serde_json::from_str(&claims).expect("JSON"));
        assert_eq!(scene.refuses(&token).await, Refusal::Algorithm);
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret() {
    let scene = scene();
    let jwk = rsa().to_string();
    let modulus = BASE64_URL_SAFE_NO_PAD.decode(RSA_N).expect("base64url");
    // Whatever an attacker may take for the bytes of the key.
    for secret in [modulus, RSA_N.as_bytes().to_vec(), jwk.into_bytes(), Vec::new(), vec![0; 32]] {
        for kid in ["r", "e", "o"] {
            let forged = Signer::Hmac(secret.clone()).claim(kid, &claims(&scene.clock));
            assert_eq!(scene.refuses(&forged).await, Refusal::Algorithm);
        }
    }
    // Nor where HMAC is allowed: the key is of another type.
    let allowing = issuer().algorithms([Algorithm::Hs256]);
    let verifier = trusting(&scene.clock, allowing, set(&[rsa(), scene.signer.jwk("e")]));
    let forged = Signer::Hmac(RSA_N.as_bytes().to_vec()).claim("r", &claims(&scene.clock));
    assert_eq!(refusal(&verifier, &forged).await, Refusal::UnknownKey);
}

#[tokio::test]
async fn a_key_of_another_type_is_not_tried() {
    let scene = scene();
    for (algorithm, kid) in
        [("RS256", "e"), ("EdDSA", "e"), ("ES256", "o"), ("ES256", "r"), ("PS256", "o"), ("EdDSA", "r")]
    {
        let header = json!({ "alg": algorithm, "kid": kid });
        let token = scene.signer.token(&header, &claims(&scene.clock));
        assert_eq!(scene.refuses(&token).await, Refusal::UnknownKey, "{algorithm} {kid}");
    }
    for algorithm in ["ES384", "RS384", "RS512", "PS512", "HS256"] {
        let token = scene.signer.token(&json!({ "alg": algorithm, "kid": "e" }), &claims(&scene.clock));
        assert_eq!(scene.refuses(&token).await, Refusal::Algorithm, "{algorithm} is not on the list");
    }
}

#[tokio::test]
async fn an_id_of_a_key_is_a_name_and_nothing_else() {
    let scene = scene();
    for kid in [
        "../../../../dev/null",
        "/dev/null",
        "file:///etc/passwd",
        "https://evil.example.org/keys",
        "e' OR '1'='1",
        "x' UNION SELECT 'AA",
        "e;ls",
        "$(id)",
        "E",
        "e ",
        "",
        "..",
        "%65",
    ] {
        let token = scene.signer.claim(kid, &claims(&scene.clock));
        assert_eq!(scene.refuses(&token).await, Refusal::UnknownKey, "{kid}");
    }
    for kid in [
        json!("k".repeat(300)),
        json!("e\u{0}"),
        json!("e\n"),
        json!(["e"]),
        json!({ "e": 1 }),
        json!(0),
        json!(null),
    ] {
        let mut header = scene.header(json!({}));
        header["kid"] = kid;
        let token = scene.signer.token(&header, &claims(&scene.clock));
        assert_eq!(scene.refuses(&token).await, Refusal::Header("kid"));
    }
}

#[tokio::test]
async fn a_token_does_not_bring_its_key() {
    let scene = scene();
    let attacker = Signer::p256();
    let own = attacker.jwk("e");
    for (member, value) in [
        ("jwk", own.clone()),
        ("jwk", json!(own.to_string())),
        ("jku", json!("https://evil.example.org/keys.json")),
        ("x5u", json!("https://evil.example.org/cert.pem")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ] {
        for signer in [&attacker, &scene.signer] {
            let token = signer.token(&scene.header(json!({ member: value })), &claims(&scene.clock));
            assert_eq!(scene.refuses(&token).await, Refusal::Header(member));
        }
    }
    // A certificate in the header is passed over, not followed.
    let header = scene.header(json!({ "x5c": ["MIIB"], "x5t": "AA" }));
    assert_eq!(scene.refuses(&attacker.token(&header, &claims(&scene.clock))).await, Refusal::Signature);
    scene
        .verifier
        .verify(&scene.signer.token(&header, &claims(&scene.clock)))
        .await
        .expect("the key is ours");
}

#[tokio::test]
async fn signatures_of_nobody_are_refused() {
    let scene = scene();
    let token = scene.signer.claim("e", &claims(&scene.clock));
    let (signed, _) = token.rsplit_once('.').expect("a signature");
    // ECDSA with r = s = 0 ("psychic"), with r or s the order of the group, and of wrong lengths.
    let order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    let order: Vec<u8> =
        (0..32).map(|n| u8::from_str_radix(&order[2 * n..2 * n + 2], 16).expect("hexadecimal")).collect();
    let zero = vec![0; 32];
    let mut one = zero.clone();
    one[31] = 1;
    let parts = [zero, one, order];
    for r in &parts {
        for s in &parts {
            let forged = format!("{signed}.{}", b64([&**r, s].concat()));
            assert_eq!(scene.refuses(&forged).await, Refusal::Signature);
        }
    }
    for length in [0, 1, 63, 65, 70, 72, 128, 256] {
        let forged = format!("{signed}.{}", b64(vec![1; length]));
        assert_eq!(scene.refuses(&forged).await, Refusal::Signature, "{length} bytes");
    }
    // Ed25519: the neutral point as R with s = 0, against any key.
    let scene = Scene { signer: Signer::ed25519(), ..scene };
    let mut neutral = vec![0; 64];
    neutral[0] = 1;
    let header = json!({ "alg": "EdDSA", "kid": "o" });
    let forged =
        format!("{}.{}.{}", b64(header.to_string()), b64(claims(&scene.clock).to_string()), b64(neutral));
    assert_eq!(scene.refuses(&forged).await, Refusal::Signature);
    let other = Signer::p256().claim("e", &claims(&scene.clock));
    assert_eq!(scene.refuses(&other).await, Refusal::Signature, "somebody else's key");
}

#[tokio::test]
async fn what_is_malformed_is_refused_before_anything_is_asked() {
    let scene = scene();
    let good = scene.signer.claim("e", &claims(&scene.clock));
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    for token in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{good}."),
        format!("{good}.AA"),
        format!(".{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload} .{signature}"),
        format!("{header}.{}.{signature}", payload.replacen(|c: char| c.is_ascii_alphanumeric(), "+", 1)),
        "a.b.c".into(),
        "{}.{}.".into(),
        "\u{0}.\u{0}.\u{0}".into(),
        format!("Bearer {good}"),
        "é.é.é".into(),
        json!({ "payload": payload, "protected": header, "signature": signature }).to_string(),
    ] {
        assert!(matches!(scene.refuses(&token).await, Refusal::Malformed(_)), "{token}");
    }
    // Stray bits behind the last letter: another text, the same bytes.
    let last = signature.chars().last().expect("a letter");
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = letters.find(last).expect("base64url");
    let stray = format!("{}{}", &good[..good.len() - 1], &letters[at + 1..=at + 1]);
    assert!(matches!(scene.refuses(&stray).await, Refusal::Malformed(_)), "{stray}");
}

#[tokio::test]
async fn doubled_members_are_refused_even_when_they_are_signed() {
    let scene = scene();
    let (header, claims) = (scene.header(json!({})).to_string(), claims(&scene.clock).to_string());
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    for (header, claims) in [
        (twice(&header, r#""alg":"none""#), claims.clone()),
        (twice(&header, r#""alg":"ES256""#), claims.clone()),
        (twice(&header, r#""kid":"o""#), claims.clone()),
        (header.clone(), twice(&claims, r#""sub":"owner""#)),
        (header.clone(), twice(&claims, r#""\u0073ub":"owner""#)),
        (header.clone(), twice(&claims, r#""x":{"y":1,"y":2}"#)),
        (header.clone(), format!("{claims}{claims}")),
        (header.clone(), format!("[{claims}]")),
        (header.clone(), "null".into()),
        (header.clone(), format!("\u{feff}{claims}")),
        (header.clone(), "[".repeat(5_000)),
        ("[]".into(), claims.clone()),
        ("\"ES256\"".into(), claims.clone()),
    ] {
        let token = scene.signer.token_of(header.as_bytes(), claims.as_bytes());
        assert!(matches!(scene.refuses(&token).await, Refusal::Malformed(_)), "{header} {claims}");
    }
    let token = scene.signer.token_of(b"{\"alg\":\"ES256\",\"kid\":\"\xff\"}", claims.as_bytes());
    assert!(matches!(scene.refuses(&token).await, Refusal::Malformed(_)));
}

#[tokio::test]
async fn what_is_too_large_is_not_looked_at() {
    let scene = scene();
    let large = with(claims(&scene.clock), json!({ "x": "x".repeat(20_000) }));
    assert_eq!(scene.refuses(&scene.signer.claim("e", &large)).await, Refusal::TooLarge);
    let header = scene.header(json!({ "x": "x".repeat(4_000) }));
    assert_eq!(scene.refuses(&scene.signer.token(&header, &claims(&scene.clock))).await, Refusal::TooLarge);
    assert_eq!(scene.refuses(&"a".repeat(10 << 20)).await, Refusal::TooLarge);
    assert_eq!(scene.refuses(&".".repeat(10_000)).await, Refusal::Malformed("it does not have three parts"));
}

#[tokio::test]
async fn times_are_kept_to_the_second_with_the_leeway() {
    let scene = scene();
    let now = heptad_core::clock::Clock::now(&scene.clock).as_second();
    let judge = async |changes: Value| {
        let token = scene.signer.claim("e", &with(claims(&scene.clock), changes));
        scene.verifier.verify(&token).await.err()
    };
    let claim = |name: &str| Some(Refusal::Claim(name.into()));
    for (changes, expected) in [
        (json!({ "exp": now - 59 }), None),
        (json!({ "exp": now - 60 }), Some(Refusal::Expired)),
        (json!({ "exp": (now - 60) as f64 + 0.9 }), Some(Refusal::Expired)),
        (json!({ "exp": 0 }), Some(Refusal::Expired)),
        (json!({ "exp": -1 }), Some(Refusal::Expired)),
        (json!({ "exp": null }), Some(Refusal::Missing("exp".into()))),
        (json!({ "exp": (now + 300).to_string() }), claim("exp")),
        (json!({ "exp": true }), claim("exp")),
        (json!({ "exp": i64::MAX }), claim("exp")),
        (json!({ "exp": u64::MAX }), claim("exp")),
        (json!({ "exp": 1e300 }), claim("exp")),
        (json!({ "nbf": now + 60 }), None),
        (json!({ "nbf": now + 61 }), Some(Refusal::NotYet)),
        (json!({ "nbf": now as f64 + 60.1 }), Some(Refusal::NotYet)),
        (json!({ "nbf": "0" }), claim("nbf")),
        (json!({ "iat": now + 61 }), Some(Refusal::NotYet)),
        (json!({ "iat": null, "nbf": null }), None),
        (json!({ "iat": [now] }), claim("iat")),
    ] {
        assert_eq!(judge(changes.clone()).await, expected, "{changes}");
    }
    let token = scene.signer.claim("e", &claims(&scene.clock));
    scene.clock.advance(seconds(359));
    scene.verifier.verify(&token).await.expect("the last second");
    scene.clock.advance(seconds(1));
    assert_eq!(scene.refuses(&token).await, Refusal::Expired);
}

#[tokio::test]
async fn a_token_is_for_us_from_whom_we_trust_and_says_whom_it_is_about() {
    let scene = scene();
    let missing = |name: &str| Refusal::Missing(name.into());
    let claim = |name: &str| Refusal::Claim(name.into());
    for (changes, expected) in [
        (json!({ "aud": "https://other.example.org" }), Refusal::Audience),
        (json!({ "aud": ["https://other.example.org", "x"] }), Refusal::Audience),
        (json!({ "aud": format!("{AUDIENCE}/") }), Refusal::Audience),
        (json!({ "aud": AUDIENCE.to_uppercase() }), Refusal::Audience),
        (json!({ "aud": [] }), missing("aud")),
        (json!({ "aud": null }), missing("aud")),
        (json!({ "aud": { "0": AUDIENCE } }), claim("aud")),
        (json!({ "aud": [AUDIENCE, 1] }), claim("aud")),
        (json!({ "aud": vec![AUDIENCE; 65] }), claim("aud")),
        (json!({ "iss": "https://evil.example.org" }), Refusal::Issuer),
        (json!({ "iss": format!("{ISSUER}/") }), Refusal::Issuer),
        (json!({ "iss": format!("{ISSUER}.evil.example.org") }), Refusal::Issuer),
        (json!({ "iss": "https://LOGIN.example.org" }), Refusal::Issuer),
        (json!({ "iss": "" }), claim("iss")),
        (json!({ "iss": [ISSUER] }), claim("iss")),
        (json!({ "iss": null }), missing("iss")),
        (json!({ "sub": null }), missing("sub")),
        (json!({ "sub": "" }), claim("sub")),
        (json!({ "sub": 7 }), claim("sub")),
        (json!({ "sub": "a\u{0}b" }), claim("sub")),
        (json!({ "sub": "s".repeat(300) }), claim("sub")),
    ] {
        let token = scene.signer.claim("e", &with(claims(&scene.clock), changes.clone()));
        assert_eq!(scene.refuses(&token).await, expected, "{changes}");
    }
    let several = with(claims(&scene.clock), json!({ "aud": ["x", AUDIENCE] }));
    scene.verifier.verify(&scene.signer.claim("e", &several)).await.expect("one of them is us");
}

#[tokio::test]
async fn another_kind_of_token_is_refused() {
    let scene = scene();
    for (kind, good) in [
        (json!("JWT"), true),
        (json!("jwt"), true),
        (json!("application/at+JWT"), true),
        (json!(null), true),
        (json!("logout+jwt"), false),
        (json!("secevent+jwt"), false),
        (json!("dpop+jwt"), false),
        (json!("JOSE"), false),
        (json!(""), false),
    ] {
        let token = scene.signer.token(&scene.header(json!({ "typ": kind })), &claims(&scene.clock));
        let refused = scene.verifier.verify(&token).await.err();
        assert_eq!(refused, (!good).then_some(Refusal::Type), "{kind}");
    }
    let mut strict = issuer();
    strict.typed = true;
    strict.kinds.remove("jwt");
    let verifier = trusting(&scene.clock, strict, set(&[scene.signer.jwk("e")]));
    for (kind, good) in [(json!(null), false), (json!("JWT"), false), (json!("at+jwt"), true)] {
        let token = scene.signer.token(&scene.header(json!({ "typ": kind })), &claims(&scene.clock));
        assert_eq!(verifier.verify(&token).await.is_ok(), good, "{kind}");
    }
}

#[tokio::test]
async fn claims_that_are_required_are_there_and_tokens_are_young() {
    let (clock, signer) = (VirtualClock::new(), Signer::ed25519());
    let mut strict = issuer();
    strict.required.insert("tenant.id".into());
    strict.max_age = Some(seconds(600));
    let verifier = trusting(&clock, strict, set(&[signer.jwk("o")]));
    let now = heptad_core::clock::Clock::now(&clock).as_second();
    for (changes, expected) in [
        (json!({ "tenant": { "id": 7 } }), None),
        (json!({ "tenant.id": "x" }), None),
        (json!({ "tenant": {} }), Some(Refusal::Missing("tenant.id".into()))),
        (json!({ "tenant": { "id": null } }), Some(Refusal::Missing("tenant.id".into()))),
        (json!({ "tenant": "id" }), Some(Refusal::Missing("tenant.id".into()))),
        (json!({ "tenant": { "id": 7 }, "iat": null }), Some(Refusal::Missing("iat".into()))),
        (json!({ "tenant": { "id": 7 }, "iat": now - 660 }), None),
        (json!({ "tenant": { "id": 7 }, "iat": now - 661 }), Some(Refusal::Expired)),
    ] {
        let token = signer.claim("o", &with(claims(&clock), changes.clone()));
        assert_eq!(verifier.verify(&token).await.err(), expected, "{changes}");
    }
}

#[tokio::test]
async fn one_issuer_cannot_speak_for_another() {
    let (clock, good, evil) = (VirtualClock::new(), Signer::p256(), Signer::p256());
    let other = Issuer::new("https://partner.example.org", AUDIENCE);
    let keys = |signer: &Signer| Keys::Fixed(Arc::new(set(&[signer.jwk("k")])));
    let verifier = Verifier::new(Arc::new(clock.clone()));
    let verifier =
        verifier.trust(issuer(), keys(&good)).and_then(|verifier| verifier.trust(other, keys(&evil)));
    let verifier = verifier.expect("both are trusted");
    let claims = claims(&clock);
    assert_eq!(refusal(&verifier, &evil.claim("k", &claims)).await, Refusal::Signature);
    let own = with(claims, json!({ "iss": "https://partner.example.org" }));
    verifier.verify(&evil.claim("k", &own)).await.expect("it speaks for itself");
}

#[test]
fn what_cannot_be_safe_is_not_trusted() {
    let verifier = || Verifier::new(Arc::new(VirtualClock::new()));
    let fixed = || Keys::Fixed(Arc::new(set(&[])));
    let wrong = |change: fn(&mut Issuer)| {
        let mut issuer = issuer();
        change(&mut issuer);
        assert!(verifier().trust(issuer, fixed()).is_err());
    };
    wrong(|issuer| issuer.audiences.clear());
    wrong(|issuer| issuer.algorithms.clear());
    wrong(|issuer| issuer.name.clear());
    wrong(|issuer| issuer.leeway = seconds(301));
    wrong(|issuer| {
        issuer.algorithms.insert(Algorithm::Hs256);
    });
    assert!(
        verifier().trust(issuer(), fixed()).and_then(|verifier| verifier.trust(issuer(), fixed())).is_err()
    );
}

#[test]
fn a_set_of_keys_is_read_strictly() {
    let (p256, rsa) = (Signer::p256().jwk("a"), rsa());
    let parse = |text: &str| KeySet::parse(text.as_bytes());
    for text in ["", "[]", "null", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(parse(&json!({ "keys": vec![&p256; 300] }).to_string()).is_err(), "too many");
    assert!(parse(&format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(300 << 10))).is_err(), "too large");
    let secret = Signer::Hmac(vec![7; 32]).jwk("s");
    assert!(parse(&json!({ "keys": [secret, p256] }).to_string()).is_err(), "secret beside public");
    assert!(KeySet::parse_published(json!({ "keys": [secret] }).to_string().as_bytes()).is_err());
    for (changes, why) in [
        (json!({ "use": "enc" }), "it is not for signatures (`use`)"),
        (json!({ "key_ops": ["sign"] }), "it is not for verifying (`key_ops`)"),
        (json!({ "key_ops": "verify" }), "`key_ops` is no list"),
        (json!({ "alg": "RS1" }), "its algorithm is not supported"),
        (json!({ "alg": "ES256" }), "its algorithm does not fit its type or its length"),
        (json!({ "kty": "EC" }), "a member is missing, or no text"),
        (json!({ "kty": "DSA" }), "its type is not supported"),
        (json!({ "d": "AA" }), "it is a private key that was published"),
        (json!({ "e": "AQ" }), "its exponent is none"),
        (json!({ "e": "Ag" }), "its exponent is none"),
        (json!({ "e": "" }), "its exponent is none"),
        (json!({ "n": "AQAB" }), "its modulus does not have 2,048 to 8,192 bits"),
        (json!({ "n": "A Q" }), "a member is not base64url"),
        (json!({ "kid": 7 }), "its id is no text, or too long"),
    ] {
        let set = set(&[with(rsa.clone(), changes.clone()), p256.clone()]);
        assert_eq!((set.keys().len(), set.passed_over()), (1, &[why][..]), "{changes}");
    }
    let twice = set(&[p256.clone(), Signer::p256().jwk("a")]);
    assert_eq!(twice.find(Some("a"), Algorithm::Es256).err(), Some(Refusal::AmbiguousKey));
    assert_eq!(twice.find(None, Algorithm::Es256).err(), Some(Refusal::AmbiguousKey));
    assert!(set(&[p256, rsa]).find(None, Algorithm::Es256).is_ok(), "without an id, the only one that fits");
}
