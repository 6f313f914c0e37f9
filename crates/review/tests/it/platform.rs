//! A platform in memory whose time stands still, and folders to scan.

use std::{fs, sync::Arc};

use heptad_core::{
    Kernel,
    config::Config,
    events::LocalBus,
    kernel::Ports,
    operation::{Context, Handle, Registry},
    store::memory::MemoryStore,
    telemetry::Metrics,
};
use heptad_review::{Review, model::ScanRequest};
use heptad_testkit::VirtualClock;
use tempfile::TempDir;

pub(crate) fn kernel() -> Kernel {
    let clock = Arc::new(VirtualClock::new());
    let store = Arc::new(MemoryStore::new(clock.clone()));
    Kernel::new(Ports {
        store: store.clone(),
        bus: Arc::new(LocalBus::new(store, clock.clone())),
        search: None,
        llm: Default::default(),
        security: Default::default(),
        clock,
        config: Config::default(),
        metrics: Metrics::new(),
        backup: Default::default(),
        operations: Registry::default().with(Review::OPERATIONS),
    })
}

pub(crate) fn review() -> Review {
    Review::new(Context::owner(kernel()))
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

pub(crate) fn request(folder: &TempDir) -> ScanRequest {
    ScanRequest::new(folder.path().display().to_string())
}
