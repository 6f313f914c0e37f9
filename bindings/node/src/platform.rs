//! The open platform.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture};
use heptad::{
    Error, ErrorKind, Heptad, Result,
    core::operation::{Permission, Principal, Reply},
};
use napi_derive::napi;
use serde_json::Value;

use crate::{
    bridge::Tasks,
    outcome::{Now, Outcome},
    runtime::runtime,
    stream::Stream,
};

/// What is to be opened.
pub(crate) struct How {
    pub(crate) path: Option<String>,
    pub(crate) config_file: Option<String>,
    pub(crate) settings: Vec<[String; 2]>,
    pub(crate) environment: bool,
}

impl How {
    pub(crate) async fn open(self) -> Result<Heptad> {
        let mut builder = Heptad::builder();
        builder = match self.path {
            Some(path) => builder.store(path),
            None => builder.in_memory(),
        };
        if let Some(file) = self.config_file {
            builder = builder.config_file(file);
        }
        if !self.environment {
            builder = builder.ignore_environment();
        }
        for [key, value] in self.settings {
            builder = builder.set(key, value);
        }
        builder.open().await
    }
}

/// Up to how many bytes a request is read in JavaScript's own thread: what is longer must not hold up the event loop.
const SHORT: usize = 16 << 10;

/// A platform, as one principal sees it; none before it is open and after it is closed.
type Place = Arc<Mutex<Option<Heptad>>>;

/// An open platform, as one principal sees it.
#[napi]
pub struct Platform {
    tasks: Arc<Tasks>,
    place: Place,
}

impl Platform {
    /// One that is there when `opening` is settled.
    pub(crate) fn coming(tasks: &Arc<Tasks>, id: u32, opening: BoxFuture<'static, Result<Heptad>>) -> Self {
        let place = Place::default();
        let filled = Arc::clone(&place);
        let work = opening.map(move |opened| match opened {
            Ok(heptad) => {
                *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(heptad);
                Outcome::DONE
            }
            Err(error) => Outcome::failed(&error),
        });
        tasks.run(id, work.boxed());
        Self { tasks: Arc::clone(tasks), place }
    }

    fn heptad(&self) -> Result<Heptad> {
        let closed = || Error::new(ErrorKind::Unavailable, "the platform is closed: open it again");
        self.place.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)
    }

    /// Takes the platform away, and lets go of it where that may wait.
    fn let_go(&self, id: Option<u32>) -> Option<Now> {
        let open = self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
        let runtime = runtime().ok()?;
        let gone = runtime.spawn_blocking(move || drop(open));
        Some(self.tasks.run(id?, gone.map(|_| Outcome::DONE).boxed()))
    }
}

/// Begins an operation.
fn begun(heptad: &Heptad, operation: &str, request: &str) -> Result<Reply> {
    let unread = |error| Error::new(ErrorKind::InvalidInput, format!("the request is not JSON: {error}"));
    let request: Value = serde_json::from_str(request).map_err(unread)?;
    let _entered = runtime()?.enter();
    heptad.call(operation, request)
}

/// What an operation that gives one result comes to.
async fn one(heptad: Heptad, operation: String, request: String) -> Result<Value> {
    match begun(&heptad, &operation, &request)? {
        Reply::One(work) => work.await,
        Reply::Many(_) => {
            let streams = format!("`{operation}` streams: ask for it as a stream");
            Err(Error::new(ErrorKind::InvalidInput, streams))
        }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.let_go(None);
    }
}

#[napi]
impl Platform {
    /// Calls an operation with a request in JSON.
    #[napi(catch_unwind)]
    pub fn call(&self, id: u32, operation: String, request: String) -> Now {
        let heptad = match self.heptad() {
            Ok(heptad) => heptad,
            Err(error) => return Outcome::failed(&error).now(),
        };
        let long = request.len() > SHORT;
        let work = one(heptad, operation, request).map(Outcome::of).boxed();
        if long { self.tasks.run(id, work) } else { self.tasks.try_run(id, work) }
    }

    /// Calls an operation that streams.
    #[napi(catch_unwind)]
    pub fn stream(&self, operation: String, request: String) -> Stream {
        let reply = self.heptad().and_then(|heptad| begun(&heptad, &operation, &request));
        let items = match reply {
            Ok(Reply::Many(items)) => Ok(items),
            Ok(Reply::One(work)) => Ok(futures_util::stream::once(work).boxed()),
            Err(error) => Err(error),
        };
        Stream::of(&self.tasks, items)
    }

    /// The platform as somebody else sees it.
    #[napi(catch_unwind)]
    pub fn as_principal(&self, id: u32, name: String, allow: Vec<String>) -> Self {
        let allow = allow.into_iter().map(Permission::new);
        let heptad = self.heptad().map(|heptad| heptad.as_principal(Principal::new(name, allow)));
        Self::coming(&self.tasks, id, async move { heptad }.boxed())
    }

    /// The platform as whoever shows `credential` sees it.
    #[napi(catch_unwind)]
    pub fn authenticate(&self, id: u32, credential: String) -> Self {
        let heptad = self.heptad();
        Self::coming(&self.tasks, id, async move { heptad?.authenticate(&credential).await }.boxed())
    }

    /// The platform as the principal called `name` sees it, with the roles assigned to them.
    #[napi(catch_unwind)]
    pub fn sign_in(&self, id: u32, name: String) -> Self {
        let heptad = self.heptad();
        Self::coming(&self.tasks, id, async move { heptad?.sign_in(&name).await }.boxed())
    }

    /// Closes this view of the platform. The platform itself is closed with the last of them.
    #[napi(catch_unwind)]
    pub fn close(&self, id: u32) -> Now {
        self.let_go(Some(id)).unwrap_or_else(|| Outcome::DONE.now())
    }
}
