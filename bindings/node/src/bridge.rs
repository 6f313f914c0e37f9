//! The way back into JavaScript: work runs on the runtime under a number, and its outcome is told under that number to one function.
//!
//! One function for all instead of one for each promise: a promise of Node-API costs several times the call.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use futures_util::{FutureExt as _, future::BoxFuture};
use heptad::{Error, ErrorKind};
use napi::{
    Status,
    bindgen_prelude::{Either3, FnArgs, Null},
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue},
};
use napi_derive::napi;
use tokio::task::AbortHandle;

use crate::{
    outcome::{Now, Outcome},
    platform::{How, Platform},
    runtime::runtime,
};

/// Number, whether it failed, text, where large integers are.
type Told = FnArgs<(u32, bool, Option<String>, Option<String>)>;

/// It is called with these values alone, and does not keep the process alive.
type Settle = ThreadsafeFunction<Told, UnknownReturnValue, Told, Status, false, true>;

/// What runs, and whom to tell.
pub(crate) struct Tasks {
    settle: Settle,
    running: Mutex<HashMap<u32, AbortHandle>>,
}

impl Tasks {
    fn running(&self) -> MutexGuard<'_, HashMap<u32, AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, id: u32, outcome: Outcome) {
        let settled = outcome.settled();
        let told = (id, settled.failed, settled.text, settled.large).into();
        // Where JavaScript has ended nobody waits any more.
        let _ = self.settle.call(told, ThreadsafeFunctionCallMode::NonBlocking);
    }

    /// Runs `work` and tells what comes of it.
    pub(crate) fn run(self: &Arc<Self>, id: u32, work: BoxFuture<'static, Outcome>) -> Now {
        let runtime = match runtime() {
            Ok(runtime) => runtime,
            Err(error) => {
                self.tell(id, Outcome::failed(&error));
                return Either3::A(Null);
            }
        };
        let tasks = Arc::clone(self);
        // The lock is held until the task is known, so that it cannot end before.
        let mut running = self.running();
        let task = runtime.spawn(async move {
            let outcome = whole(work).await;
            tasks.running().remove(&id);
            tasks.tell(id, outcome);
        });
        running.insert(id, task.abort_handle());
        Either3::A(Null)
    }

    /// The same, where much is done without waiting for anything: then no other thread is woken for it.
    pub(crate) fn try_run(self: &Arc<Self>, id: u32, work: BoxFuture<'static, Outcome>) -> Now {
        let mut work = whole(work);
        let first = runtime().map(|runtime| {
            let _entered = runtime.enter();
            work.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        });
        match first {
            Ok(Poll::Ready(outcome)) => outcome.now(),
            Ok(Poll::Pending) => self.run(id, work),
            Err(error) => Outcome::failed(&error).now(),
        }
    }

    /// Gives up the work of that number. Nothing is told of it any more.
    pub(crate) fn cancel(&self, id: u32) {
        if let Some(task) = self.running().remove(&id) {
            task.abort();
        }
    }
}

/// `work`, whose panic is an outcome.
fn whole(work: BoxFuture<'static, Outcome>) -> BoxFuture<'static, Outcome> {
    let panicked = || Outcome::failed(&Error::new(ErrorKind::Internal, "an operation panicked"));
    AssertUnwindSafe(work).catch_unwind().map(move |outcome| outcome.unwrap_or_else(|_| panicked())).boxed()
}

/// The bridge of one JavaScript thread.
#[napi]
pub struct Bridge(Arc<Tasks>);

#[napi]
impl Bridge {
    /// `settle(id, failed, text, large)` is told what comes of work that was not done at once.
    #[napi(constructor)]
    pub fn new(settle: Settle) -> Self {
        Self(Arc::new(Tasks { settle, running: Mutex::default() }))
    }

    /// Opens a platform: it is there when that is settled.
    #[napi(catch_unwind)]
    pub fn open(
        &self,
        id: u32,
        path: Option<String>,
        config_file: Option<String>,
        settings: Vec<Vec<String>>,
        environment: bool,
    ) -> Platform {
        let settings = settings.into_iter().filter_map(|pair| <[String; 2]>::try_from(pair).ok());
        let how = How { path, config_file, settings: settings.collect(), environment };
        Platform::coming(&self.0, id, how.open().boxed())
    }

    /// Gives up the work of that number.
    #[napi(catch_unwind)]
    pub fn cancel(&self, id: u32) {
        self.0.cancel(id);
    }
}
