//! Who was refused, and who changed what: entries of one stream.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Kernel,
    error::Result,
    operation::{Principal, Spec},
    store::{Batch, StreamId, Value},
    suggest::shortened,
};

/// The stream of the audit.
pub const AUDIT_STREAM: &str = "auth.audit";
/// How many denials are written in one second: whoever is refused must not fill the disk.
const MOST_DENIALS: u32 = 100;
const WINDOW: Duration = Duration::from_secs(1);
/// Longer names of principals, which come from outside, are cut.
const MAX_NAME_BYTES: usize = 256;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// Somebody called an operation that they may not call.
    Denied,
    /// A key or session was shown that is not one, or ended.
    KeyRefused,
    /// A token was shown that is not believed.
    TokenRefused,
    /// A login was not finished as it was begun, or its provider did not agree.
    LoginRefused,
    /// Somebody signed in: a session was made.
    SignedIn,
    /// A session was exchanged for a new one.
    SessionRefreshed,
    /// A session was ended.
    SessionEnded,
    /// A key was made.
    KeyCreated,
    /// A key was replaced by another.
    KeyRotated,
    /// A key was revoked.
    KeyRevoked,
    /// A role was written.
    RolePut,
    /// A role was removed.
    RoleDeleted,
    /// Somebody was given roles, or none.
    Assigned,
}

/// An entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// What happened.
    pub what: What,
    /// Who did it, or tried to.
    pub principal: String,
    /// To what: an operation, a role, a key, a principal.
    pub subject: String,
    /// The permission that was missing, the reason, or what is new.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// How many denials before this one were too many in their second to be written.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub suppressed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl AuditEntry {
    pub(super) fn new(what: What, by: &str, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        let principal = shortened(by, MAX_NAME_BYTES);
        Self { what, principal, subject: subject.into(), detail: detail.into(), suppressed: 0 }
    }

    /// Adds the entry to the batch of what it tells of.
    pub(super) fn add_to(&self, batch: &mut Batch) -> Result<()> {
        batch.append(stream()?, vec![Value::json(self)?]);
        Ok(())
    }
}

pub(super) fn stream() -> Result<StreamId> {
    StreamId::new(AUDIT_STREAM)
}

/// Counts the denials of the current second.
#[derive(Debug, Default)]
pub(crate) struct Denials(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    began: Option<Duration>,
    written: u32,
    suppressed: u64,
}

impl Denials {
    /// Whether one more may be written now, and how many were not before it.
    fn admit(&self, now: Duration) -> Option<u64> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.began.is_none_or(|began| now.saturating_sub(began) >= WINDOW) {
            (window.began, window.written) = (Some(now), 0);
        }
        if window.written == MOST_DENIALS {
            window.suppressed += 1;
            return None;
        }
        window.written += 1;
        Some(std::mem::take(&mut window.suppressed))
    }
}

/// Writes down that `principal` was refused `spec`.
pub(crate) async fn denied(kernel: &Kernel, principal: &Principal, spec: &Spec) {
    write(kernel, AuditEntry::new(What::Denied, &principal.id, spec.full_name, spec.permission)).await;
}

/// Writes down a refusal. Where that fails, the refusal stands all the same, and the log tells of the failure.
pub(super) async fn write(kernel: &Kernel, mut entry: AuditEntry) {
    let Some(suppressed) = kernel.denials().admit(kernel.clock.monotonic()) else { return };
    entry.suppressed = suppressed;
    let mut batch = Batch::new();
    let written = match entry.add_to(&mut batch) {
        Ok(()) => kernel.store.commit(batch).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        tracing::error!(target: "heptad::audit", %error, "a refusal could not be written down");
    }
}
