//! The joint with the library: which operations there are, and opening a platform to call them on.

use heptad::{
    Builder, Heptad, Result,
    core::{
        config::STORE_PATH,
        operation::{Context, Registry},
        progress::SharedProgress,
    },
};

use crate::{globals::Globals, log, traces};

/// All operations of this build. Opens nothing.
pub(crate) fn registry() -> Registry {
    heptad::registry()
}

/// An open platform.
pub(crate) struct Platform {
    heptad: Heptad,
}

impl Platform {
    /// Opens the platform that the command line, the environment or the configuration names; else one in memory.
    ///
    /// # Errors
    /// Those of the configuration, and of opening the database.
    pub(crate) async fn open(globals: &Globals, progress: SharedProgress) -> Result<Self> {
        Self::open_with(globals, progress, Heptad::builder()).await
    }

    /// The platform for the operation `name`: where that must work with a damaged database, nothing on the disk is opened.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) async fn open_for(name: &str, globals: &Globals, progress: SharedProgress) -> Result<Self> {
        let builder = Heptad::builder();
        let offline = heptad::core::backup::OFFLINE.contains(&name);
        Self::open_with(globals, progress, if offline { builder.in_memory() } else { builder }).await
    }

    async fn open_with(globals: &Globals, progress: SharedProgress, builder: Builder) -> Result<Self> {
        let mut builder = builder;
        if let Some(file) = &globals.config {
            builder = builder.config_file(file);
        }
        if let Some(path) = &globals.db {
            builder = builder.store(path);
        }
        let config = builder.config()?;
        let (builder, traces) = traces::start(builder, &config)?;
        log::start(globals, &config, traces)?;
        Ok(Self { heptad: builder.open().await?.with_progress(progress) })
    }

    /// The platform itself.
    pub(crate) fn heptad(&self) -> &Heptad {
        &self.heptad
    }

    /// What a call takes with it.
    pub(crate) fn context(&self) -> Context {
        self.heptad.context().clone()
    }

    /// Whether what is written outlives the command.
    pub(crate) fn is_kept(&self) -> bool {
        self.heptad.kernel().config.get(&STORE_PATH).is_some()
    }
}
