//! Keeps things.

use std::{collections::{BTreeMap, HashMap as Map}, fmt::{self, Write as _}};
use crate::other::*;
pub use serde;
extern crate alloc as memory;

/// The most items.
pub const LIMIT: usize = 10;
static NAMES: &[&str] = &[];

/// A stack.
///
/// It grows.
#[derive(Debug, Clone)]
pub struct Stack<T: Clone> {
    /// What is in it.
    items: Vec<T>,
}

pub struct Pair(u8, u8);

enum Colour { Red, Green { code: u8 } }

union Bits { a: u32, b: f32 }

pub trait Push<T> {
    type Out;
    const MAX: usize = 1;
    fn push(&mut self, item: T) -> Self::Out;
}

impl<T: Clone> Push<T> for Stack<T> {
    type Out = ();

    #[inline]
    fn push(&mut self, item: T) {
        let local = Map::<u8, u8>::new();
        self.items.push(item);
        println!("{}", fmt::format(format_args!("x")));
    }
}

impl Stack<u8> {
    /** Makes one. */
    pub async fn new() -> Self { Self { items: Vec::new() } }
}

mod inner {
    pub(crate) type Alias = u8;
    pub fn deep() { super::helper::<u8>() }
}

macro_rules! square { ($x:expr) => { $x * $x }; }
