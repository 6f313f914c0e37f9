//! What a token claims.

use serde_json::{Map, Value};

use super::{Refusal, json};
use crate::clock::Timestamp;

/// Texts of registered claims are at most so long; a subject of OpenID Connect has 255 characters.
const MAX_TEXT_BYTES: usize = 1024;
const MAX_SUBJECT_BYTES: usize = 255;
const MAX_AUDIENCES: usize = 64;

/// The claims of a token, the registered ones read (RFC 7519, section 4.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// Who made it (`iss`).
    pub issuer: String,
    /// Whom it is about (`sub`).
    pub subject: Option<String>,
    /// Whom it is for (`aud`).
    pub audience: Vec<String>,
    /// When it ends (`exp`).
    pub expires: Option<Timestamp>,
    /// When it begins (`nbf`).
    pub not_before: Option<Timestamp>,
    /// When it was made (`iat`).
    pub issued: Option<Timestamp>,
    /// Every claim.
    pub all: Map<String, Value>,
}

impl Claims {
    pub(in crate::auth) fn read(payload: &[u8]) -> Result<Self, Refusal> {
        let all = json::object(payload)?;
        let issuer = text(&all, "iss", MAX_TEXT_BYTES)?.ok_or_else(|| Refusal::Missing("iss".into()))?;
        Ok(Self {
            issuer,
            subject: text(&all, "sub", MAX_SUBJECT_BYTES)?,
            audience: audience(&all)?,
            expires: time(&all, "exp", f64::floor)?,
            not_before: time(&all, "nbf", f64::ceil)?,
            issued: time(&all, "iat", f64::ceil)?,
            all,
        })
    }

    /// The claim at a path, as in `realm_access.roles`: a claim of that whole name, else member by member.
    pub fn at(&self, path: &str) -> Option<&Value> {
        claim_at(&self.all, path)
    }
}

/// The claim at a path in `claims`, as [`Claims::at`] finds it.
pub fn claim_at<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(claim) = claims.get(path) {
        return Some(claim);
    }
    let mut steps = path.split('.');
    let first = claims.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

fn text(claims: &Map<String, Value>, name: &str, most: usize) -> Result<Option<String>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if is_plain(text, most) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::Claim(name.to_owned())),
    }
}

fn is_plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// One text, or a list of them.
fn audience(claims: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::Claim("aud".to_owned());
    let items = match claims.get("aud") {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= MAX_AUDIENCES => items.iter().collect(),
        Some(Value::Array(_)) => return Err(wrong()),
        Some(one) => vec![one],
    };
    let texts = items.into_iter().map(|item| item.as_str().filter(|text| is_plain(text, MAX_TEXT_BYTES)));
    texts.map(|text| text.map(str::to_owned).ok_or_else(wrong)).collect()
}

/// Seconds since 1970, maybe with a fraction; `round` takes the second that is on the safe side.
fn time(
    claims: &Map<String, Value>,
    name: &str,
    round: fn(f64) -> f64,
) -> Result<Option<Timestamp>, Refusal> {
    let wrong = || Refusal::Claim(name.to_owned());
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = match (value.as_i64(), value.as_f64()) {
        (Some(seconds), _) => seconds,
        // Beyond this a double no longer knows seconds apart, and no clock goes there.
        (None, Some(seconds)) if seconds.abs() < 1e15 => round(seconds) as i64,
        _ => return Err(wrong()),
    };
    Timestamp::from_second(seconds).map(Some).map_err(|_| wrong())
}
