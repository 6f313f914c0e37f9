//! From claims to a principal.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Refusal, claim_at};
use crate::auth::role;

/// The most entries of a claim of roles.
const MOST_ROLES: usize = 256;

/// How the claims of an issuer become a principal: its id, and roles beside those assigned to it here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mapping {
    /// The claim that says who it is.
    pub subject: String,
    /// What stands before it in the principal's id, so that two issuers, or an issuer and an assignment made for somebody else, never mean the same. By default
    /// the issuer's name and `#`.
    pub prefix: String,
    /// The claim with roles, as in `realm_access.roles`: a list of texts, or one text with spaces between, at most 256 in either; anything else
    /// is refused, for a role may be a denial. Without it roles are only those assigned here.
    pub roles: Option<String>,
    /// What stands before them in the names of roles here.
    pub role_prefix: String,
}

impl Mapping {
    /// Names principals `<issuer>#<sub>`, and takes no roles from claims.
    pub fn of(issuer: &str) -> Self {
        Self { subject: "sub".into(), prefix: format!("{issuer}#"), roles: None, role_prefix: String::new() }
    }

    /// The same, taking roles from the claim at `path`, each with `prefix` before its name. A name that is no role here means nothing.
    #[must_use]
    pub fn roles(mut self, path: impl Into<String>, prefix: impl Into<String>) -> Self {
        (self.roles, self.role_prefix) = (Some(path.into()), prefix.into());
        self
    }

    /// The same, with another text before the subject in the ids of principals.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The id of the principal and the names of roles that the claims ask for; whether these exist is not known yet.
    ///
    /// # Errors
    /// [`Refusal`], where the claim with the subject is missing or no plain text, or where the one with roles is neither missing nor what it must be.
    pub fn apply(&self, claims: &Map<String, Value>) -> Result<(String, BTreeSet<String>), Refusal> {
        let subject = match claim_at(claims, &self.subject) {
            None | Some(Value::Null) => return Err(Refusal::Missing(self.subject.clone())),
            Some(Value::String(text)) if plausible(text) => text,
            Some(_) => return Err(Refusal::Claim(self.subject.clone())),
        };
        let roles = match &self.roles {
            Some(path) => named(claim_at(claims, path)).ok_or_else(|| Refusal::Claim(path.clone()))?,
            None => Vec::new(),
        };
        let roles = roles.into_iter().map(|name| format!("{}{name}", self.role_prefix));
        let roles = roles.filter(|name| role::check_name(name).is_ok()).collect();
        Ok((format!("{}{subject}", self.prefix), roles))
    }
}

/// The names of roles; `None` where there are too many, or something else: what is not understood may be a denial.
fn named(claim: Option<&Value>) -> Option<Vec<&str>> {
    let names: Vec<&str> = match claim {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().map(Value::as_str).collect::<Option<_>>()?,
        Some(Value::String(text)) => text.split_ascii_whitespace().collect(),
        Some(_) => return None,
    };
    (names.len() <= MOST_ROLES).then_some(names)
}

fn plausible(subject: &str) -> bool {
    (1..=255).contains(&subject.len()) && !subject.chars().any(char::is_control)
}
