//! A signed text in the compact form (RFC 7515, section 7.1).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{Algorithm, KeySet, Refusal, VerifyingKey, json, key::MAX_ID_BYTES};

/// A longer token is not looked at.
pub const MAX_TOKEN_BYTES: usize = 16 << 10;
const MAX_HEADER_BYTES: usize = 4 << 10;
const MAX_TYPE_BYTES: usize = 64;

/// Members of a header that are refused: they bring a key, say where one is, or change what the signature means.
const REFUSED: [&str; 7] = ["crit", "jwk", "jku", "x5u", "b64", "zip", "enc"];

/// What a header says. Believed only once the signature is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// How it is signed.
    pub algorithm: Algorithm,
    /// The id of the key.
    pub key: Option<String>,
    /// What kind of token it is, in lower case and without `application/`.
    pub kind: Option<String>,
}

/// A text that was taken apart; whether its signature holds is asked by [`verify`](Self::verify).
#[derive(Clone, Debug)]
pub struct Jws<'a> {
    header: Header,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`Refusal`], where it is no token in the compact form or its header asks for what is not done.
    pub fn parse(token: &'a str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLarge);
        }
        let parts = token.split_once('.').and_then(|(header, rest)| {
            let (payload, signature) = rest.split_once('.')?;
            Some((header, payload, signature))
        });
        let Some((header, payload, signature)) = parts.filter(|(.., signature)| !signature.contains('.'))
        else {
            return Err(Refusal::Malformed("it does not have three parts"));
        };
        if header.len() > MAX_HEADER_BYTES {
            return Err(Refusal::TooLarge);
        }
        let signed = &token[..header.len() + 1 + payload.len()];
        let header = Header::read(&json::object(&decode(header)?)?)?;
        Ok(Self { header, signed, payload: decode(payload)?, signature: decode(signature)? })
    }

    /// What the header says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What is signed, before that is proved: to find out whose keys to ask for.
    pub(super) fn unproved(&self) -> &[u8] {
        &self.payload
    }

    /// What is signed, if `key` signed it.
    ///
    /// # Errors
    /// [`Refusal::Signature`].
    pub fn verify(&self, key: &VerifyingKey) -> Result<&[u8], Refusal> {
        let good = key.verify(self.header.algorithm, self.signed.as_bytes(), &self.signature);
        if good { Ok(&self.payload) } else { Err(Refusal::Signature) }
    }

    /// What is signed, if the key of `set` that the header names signed it.
    ///
    /// # Errors
    /// [`Refusal`], where there is not exactly one key that fits or the signature is not its.
    pub fn verify_with(&self, set: &KeySet) -> Result<&[u8], Refusal> {
        self.verify(set.find(self.header.key.as_deref(), self.header.algorithm)?)
    }
}

impl Header {
    fn read(members: &Map<String, Value>) -> Result<Self, Refusal> {
        if let Some(member) = REFUSED.into_iter().find(|member| members.contains_key(*member)) {
            return Err(Refusal::Header(member));
        }
        let algorithm = members.get("alg").and_then(Value::as_str).and_then(Algorithm::named);
        let text = |name: &'static str, most: usize| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= most && !text.chars().any(char::is_control) => {
                Ok(Some(text.as_str()))
            }
            Some(_) => Err(Refusal::Header(name)),
        };
        let kind = text("typ", MAX_TYPE_BYTES)?.map(str::to_ascii_lowercase);
        Ok(Self {
            algorithm: algorithm.ok_or(Refusal::Algorithm)?,
            key: text("kid", MAX_ID_BYTES)?.map(str::to_owned),
            kind: kind.map(|kind| kind.strip_prefix("application/").unwrap_or(&kind).to_owned()),
        })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed("a part is not base64url"))
}
