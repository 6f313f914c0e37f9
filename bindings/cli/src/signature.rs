//! What an operation takes, as the command line sees it.

use heptad::core::operation::Spec;

use crate::{
    args::{self, Flag},
    schema::{self, Shape},
};

/// The request of one operation.
pub(crate) struct Signature {
    /// What can be set by a flag or by position.
    pub(crate) flags: Vec<Flag>,
    /// The forms in which the operation itself renders its result: the values of `format` in its request.
    pub(crate) formats: Vec<String>,
}

impl Signature {
    pub(crate) fn of(spec: &Spec) -> Self {
        match schema::read((spec.request)().as_value()) {
            Shape::Object(properties) => Self {
                flags: args::flags(&properties),
                formats: args::formats(&properties).into_iter().map(str::to_owned).collect(),
            },
            _ => Self { flags: Vec::new(), formats: Vec::new() },
        }
    }
}
