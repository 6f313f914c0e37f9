//! Named keys, one a line.

use super::{super::SecretKey, WrappedKey, wrap};
use crate::{
    crypto::Fault,
    error::{Error, Result},
};

/// A ring has a few keys; more text is something else.
pub(super) const MAX_BYTES: usize = 64 << 10;
const MAX_NAME_BYTES: usize = 64;

/// Keys by name; the last one wraps.
pub(super) struct Keys {
    named: Vec<(String, SecretKey)>,
}

impl Keys {
    /// Reads `name key` pairs, one a line; blank lines and those that begin with `#` are passed over. `place` is for errors.
    pub(super) fn parse(text: &str, place: &str) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(Error::invalid(format!(
                "{place} has {} bytes; a key ring has at most {MAX_BYTES}",
                text.len()
            )));
        }
        let mut named: Vec<(String, SecretKey)> = Vec::new();
        let lines = text.lines().map(str::trim).zip(1..);
        for (line, number) in lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#')) {
            let (name, key) =
                pair(line).map_err(|error| error.with("where", format_args!("{place}:{number}")))?;
            if named.iter().any(|(other, _)| *other == name) {
                let message = format!("the key `{name}` is there twice; a name is never used again");
                return Err(Error::invalid(message).with("where", format_args!("{place}:{number}")));
            }
            named.push((name, key));
        }
        if named.is_empty() {
            return Err(Error::invalid(format!(
                "{place} has no key: a line is a name and 32 bytes in base64"
            )));
        }
        Ok(Self { named })
    }

    pub(super) fn current(&self) -> &str {
        &self.last().0
    }

    pub(super) fn wrap(&self, key: &SecretKey, context: &str) -> Result<WrappedKey> {
        let (name, wrapping) = self.last();
        Ok(WrappedKey { by: name.clone(), bytes: wrap::wrap(wrapping, key, context)? })
    }

    pub(super) fn unwrap(&self, wrapped: &WrappedKey, context: &str) -> Result<SecretKey> {
        let Some((_, wrapping)) = self.named.iter().find(|(name, _)| *name == wrapped.by) else {
            let by = shown(&wrapped.by);
            let message = format!(
                "the key ring has no key `{by}`, which wrapped a data key: put it back in front of the others"
            );
            return Err(Fault::MissingKey.error(message));
        };
        wrap::unwrap(wrapping, &wrapped.bytes, context).map_err(|fault| {
            let by = &wrapped.by;
            fault.error(match fault {
                Fault::WrongKey => {
                    format!("the key `{by}` of the key ring is not the one that wrapped this data key")
                }
                Fault::Truncated => format!("a data key wrapped by `{by}` was cut off"),
                Fault::NewerFormat => {
                    format!("a data key was wrapped by `{by}` in a way that a newer Heptad knows")
                }
                _ => format!("a data key wrapped by `{by}` was changed, or belongs to another store"),
            })
        })
    }

    fn last(&self) -> &(String, SecretKey) {
        self.named.last().expect("`parse` refuses a ring without a key")
    }
}

fn pair(line: &str) -> Result<(String, SecretKey)> {
    let mut words = line.split_whitespace();
    let (Some(name), Some(key), None) = (words.next(), words.next(), words.next()) else {
        return Err(Error::invalid("a line of a key ring is a name and a key in base64"));
    };
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
    if name.len() > MAX_NAME_BYTES || !name.bytes().all(allowed) {
        return Err(Error::invalid(format!(
            "the name of a key has 1 to {MAX_NAME_BYTES} of a-z A-Z 0-9 _ - ."
        )));
    }
    Ok((name.to_owned(), SecretKey::from_base64(key)?))
}

/// A name that came out of a damaged record is not printed whole.
fn shown(name: &str) -> String {
    crate::suggest::shortened(&name.escape_debug().to_string(), MAX_NAME_BYTES)
}
