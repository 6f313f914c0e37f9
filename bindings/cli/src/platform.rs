//! The joint with the facade: which operations there are, and opening a platform to call them on.

use heptad::core::{
    Error, ErrorKind, Result,
    operation::{Context, Registry},
    progress::SharedProgress,
};

use crate::globals::Globals;

/// All operations of this build. Opens nothing.
pub(crate) fn registry() -> Registry {
    Registry::default()
}

/// An open platform.
pub(crate) struct Platform {
    context: Context,
    kept: bool,
}

impl Platform {
    /// Opens the platform that the command line, the environment or the configuration names; else one in memory.
    pub(crate) async fn open(_globals: &Globals, _progress: SharedProgress) -> Result<Self> {
        Err(Error::new(ErrorKind::Unsupported, "this build has no operations"))
    }

    /// What a call takes with it.
    pub(crate) fn context(&self) -> Context {
        self.context.clone()
    }

    /// Whether what is written outlives the command.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept
    }

    /// Closes it.
    pub(crate) async fn close(self) {}
}
