//! What a batch must look like before any adapter touches it.

use std::collections::HashSet;

use super::{Append, Batch, Capabilities, Change, Key, Value, key::MAX_NAME_BYTES};
use crate::error::{Error, ErrorKind, Result};

/// Up to here comparing all pairs of keys is cheaper than a hash set.
const FEW_KEYS: usize = 8;

impl Batch {
    /// Checks what needs no look at the store: sizes, keys changed twice, malformed producers. Every adapter calls it first.
    ///
    /// # Errors
    /// [`LimitExceeded`](ErrorKind::LimitExceeded) or [`InvalidInput`](ErrorKind::InvalidInput), as [`Store::commit`](super::Store::commit)
    /// says.
    pub fn check(&self, capabilities: &Capabilities) -> Result<()> {
        let mut size = Size::default();
        for change in self.changes() {
            size.changes += 1;
            match change {
                Change::Put(key, value, _) => {
                    size.add(value, capabilities).map_err(|error| error.with("key", key))?;
                }
                Change::Append(append) => {
                    check_producer(append)?;
                    for value in &append.values {
                        size.add(value, capabilities)
                            .map_err(|error| error.with("stream", &append.stream))?;
                    }
                    size.changes += append.values.len();
                }
                Change::Delete(..) | Change::Require(..) | Change::Trim(..) => {}
            }
        }
        size.check(capabilities)?;
        self.check_keys()
    }

    fn check_keys(&self) -> Result<()> {
        let changed = || {
            self.changes().iter().filter_map(|change| match change {
                Change::Put(key, ..) | Change::Delete(key, _) => Some(key),
                Change::Require(..) | Change::Append(_) | Change::Trim(..) => None,
            })
        };
        let twice = if changed().count() <= FEW_KEYS {
            changed().enumerate().find(|(index, key)| changed().take(*index).any(|other| other == *key))
        } else {
            let mut seen = HashSet::new();
            changed().enumerate().find(|(_, key)| !seen.insert(*key))
        };
        match twice {
            Some((_, key)) => {
                Err(Error::invalid("a batch changes a key at most once").with("key", key as &Key))
            }
            None => Ok(()),
        }
    }
}

#[derive(Default)]
struct Size {
    changes: usize,
    bytes: usize,
}

impl Size {
    fn add(&mut self, value: &Value, capabilities: &Capabilities) -> Result<()> {
        let (bytes, most) = (value.as_bytes().len(), capabilities.max_value_bytes);
        self.bytes += bytes;
        if bytes <= most {
            return Ok(());
        }
        Err(too_large(format!("a value has {bytes} bytes, at most {most} are allowed")))
    }

    fn check(&self, capabilities: &Capabilities) -> Result<()> {
        if self.changes > capabilities.max_batch_len {
            let (changes, most) = (self.changes, capabilities.max_batch_len);
            return Err(too_large(format!(
                "a batch has {changes} changes and entries, at most {most} are allowed"
            )));
        }
        if self.bytes > capabilities.max_batch_bytes {
            let (bytes, most) = (self.bytes, capabilities.max_batch_bytes);
            return Err(too_large(format!("a batch has {bytes} bytes, at most {most} are allowed")));
        }
        Ok(())
    }
}

fn too_large(message: String) -> Error {
    Error::new(ErrorKind::LimitExceeded, message)
}

/// Numbers are below 2^63 because databases keep them as signed integers.
fn check_producer(append: &Append) -> Result<()> {
    let Some(producer) = &append.producer else { return Ok(()) };
    let wrong = if producer.id.is_empty() || producer.id.len() > MAX_NAME_BYTES || producer.id.contains('\0')
    {
        format!("a producer's id has 1 to {MAX_NAME_BYTES} bytes and no NUL")
    } else if producer.sequence == 0 || i64::try_from(producer.sequence).is_err() {
        format!("a producer's sequence is 1 or more and below 2^63, this one is {}", producer.sequence)
    } else if i64::try_from(producer.epoch).is_err() {
        format!("a producer's epoch is below 2^63, this one is {}", producer.epoch)
    } else {
        return Ok(());
    };
    Err(Error::invalid(wrong).with("stream", &append.stream))
}
