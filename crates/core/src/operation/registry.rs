//! All operations of a build, callable by name.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{future::BoxFuture, stream::BoxStream};
use serde_json::Value;

use super::{Context, Spec};
use crate::{
    error::{Error, Result},
    suggest::{did_you_mean, shortened},
};

/// The handle of a system: made of a context, with operations declared by `#[operations]`.
pub trait Handle: Clone + Send + Sync + 'static {
    /// The handle for one caller.
    fn new(context: Context) -> Self;

    /// What the handle was made of.
    fn context(&self) -> &Context;
}

/// What calling an operation by name gives.
pub enum Reply {
    /// One result.
    One(BoxFuture<'static, Result<Value>>),
    /// A stream of results.
    Many(BoxStream<'static, Result<Value>>),
}

/// An operation that can be called by name with JSON in and JSON out.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its declaration.
    pub spec: &'static Spec,
    /// Calls it; written by `#[operations]`.
    #[doc(hidden)]
    pub invoke: fn(Context, Value) -> Reply,
}

/// All operations of a build, by full name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    operations: BTreeMap<&'static str, Operation>,
}

impl Registry {
    /// Adds the operations of a system: `registry.with(Review::OPERATIONS)`.
    ///
    /// # Panics
    /// Where an operation of that name is there already. As with the routes of a web framework this is a mistake in the program, seen the
    /// first time it runs; silently, one system would answer for another.
    #[must_use]
    #[track_caller]
    pub fn with(mut self, operations: &[Operation]) -> Self {
        for operation in operations {
            let spec = operation.spec;
            let earlier = self.operations.insert(spec.full_name, *operation).map(|it| it.spec.summary());
            assert!(
                earlier.is_none(),
                "two operations are called `{}`: “{}” and “{}”; rename one of them",
                spec.full_name,
                earlier.unwrap_or_default(),
                spec.summary()
            );
        }
        self
    }

    /// The names of the systems, in order.
    pub fn systems(&self) -> BTreeSet<&'static str> {
        self.iter().map(|operation| operation.spec.system).collect()
    }

    /// Every operation, ordered by full name.
    pub fn iter(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// The operation called `full_name`, as in `review.scan`.
    pub fn get(&self, full_name: &str) -> Option<&Operation> {
        self.operations.get(full_name)
    }

    /// Calls `full_name` with a JSON request.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) where there is no such operation; what the call itself fails with is in the reply.
    pub fn call(&self, full_name: &str, context: Context, request: Value) -> Result<Reply> {
        let Some(operation) = self.get(full_name) else {
            let hint = did_you_mean(full_name, self.operations.keys().copied());
            let shown = shortened(&full_name.escape_debug().to_string(), 60);
            return Err(Error::not_found(format!("there is no operation `{shown}`{hint}")));
        };
        Ok((operation.invoke)(context, request))
    }
}
