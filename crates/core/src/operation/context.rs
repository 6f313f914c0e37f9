//! What travels with a call.

use std::sync::Arc;

use super::Principal;
use crate::{
    Kernel,
    progress::{SharedProgress, Silent},
};

/// The kernel, who is calling, and who watches. A handle is made of one; cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The ports.
    pub kernel: Kernel,
    /// Who is calling.
    pub principal: Arc<Principal>,
    /// Who is told how far long work is.
    pub progress: SharedProgress,
}

impl Context {
    /// The owner calls and nobody watches.
    pub fn owner(kernel: Kernel) -> Self {
        Self { kernel, principal: Arc::new(Principal::owner()), progress: Arc::new(Silent) }
    }

    /// The same for another caller.
    #[must_use]
    pub fn as_principal(mut self, principal: Principal) -> Self {
        self.principal = Arc::new(principal);
        self
    }

    /// The same with somebody watching.
    #[must_use]
    pub fn with_progress(mut self, progress: SharedProgress) -> Self {
        self.progress = progress;
        self
    }
}
