//! The keys in memory, and opening with them. Nothing here waits.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::{
    Plain,
    chain::Chain,
    envelope::{self, Header, Place, Salt},
    session::cipher_of,
};
use crate::{
    crypto::{Cipher, Fault, SecretKey},
    error::{Error, Result},
    store::{Entry, Record, StreamId, Value},
};

/// How many ciphers of past sessions are kept ready.
const MOST_CIPHERS: usize = 1024;

pub(super) struct Vault {
    pub(super) plain: Plain,
    keys: RwLock<HashMap<u32, Arc<SecretKey>>>,
    ciphers: Mutex<HashMap<(u32, Salt), Arc<Cipher>>>,
}

impl Vault {
    pub(super) fn new(plain: Plain) -> Self {
        Self { plain, keys: RwLock::default(), ciphers: Mutex::default() }
    }

    pub(super) fn key(&self, number: u32) -> Option<Arc<SecretKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    pub(super) fn keep(&self, number: u32, key: Arc<SecretKey>) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(number, key);
    }

    /// The number of the data key of a sealed value; 0 for a plain one, where plain ones are read.
    pub(super) fn number_of(&self, place: Place<'_>, value: &Value) -> Result<u32, Fault> {
        match envelope::parse(value, place) {
            Ok(parsed) => Ok(parsed.header.key),
            Err(Fault::NotEncrypted) if self.plain == Plain::Read => Ok(0),
            Err(fault) => Err(fault),
        }
    }

    /// The data key that is needed to open `value` and is not here.
    pub(super) fn missing(&self, place: Place<'_>, value: &Value) -> Option<u32> {
        // What has no readable header fails when it is opened.
        let number = envelope::parse(value, place).ok()?.header.key;
        self.key(number).is_none().then_some(number)
    }

    pub(super) fn open(&self, place: Place<'_>, value: &Value) -> Result<(Value, Option<Header>), Fault> {
        let parsed = match envelope::parse(value, place) {
            Err(Fault::NotEncrypted) if self.plain == Plain::Read => return Ok((value.clone(), None)),
            parsed => parsed?,
        };
        let cipher = self.cipher(parsed.header.key, &parsed.header.salt).ok_or(Fault::MissingKey)?;
        Ok((envelope::open(&cipher, &parsed, place, value)?, Some(parsed.header)))
    }

    pub(super) fn open_record(&self, record: &mut Record) -> Result<()> {
        let opened = self.open(Place::Record(&record.key), &record.value);
        record.value = opened.map_err(|fault| unopened(fault, "record").with("key", &record.key))?.0;
        Ok(())
    }

    /// Opens entries that follow each other, and checks that they are the ones that were appended, in that order.
    pub(super) fn open_entries(
        &self,
        stream: &StreamId,
        entries: &mut [Entry],
        chain: &mut Chain,
    ) -> Result<()> {
        for entry in entries {
            let opened = self.open(Place::Entry(stream), &entry.value).and_then(|(value, header)| {
                chain.add(entry.offset, header.as_ref())?;
                Ok(value)
            });
            let named = |fault| unopened(fault, "entry").with("stream", stream).with("offset", entry.offset);
            entry.value = opened.map_err(named)?;
        }
        Ok(())
    }

    fn cipher(&self, number: u32, salt: &Salt) -> Option<Arc<Cipher>> {
        let mut ciphers = self.ciphers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cipher) = ciphers.get(&(number, *salt)) {
            return Some(Arc::clone(cipher));
        }
        let cipher = Arc::new(cipher_of(&*self.key(number)?, salt));
        if ciphers.len() >= MOST_CIPHERS {
            ciphers.clear();
        }
        ciphers.insert((number, *salt), Arc::clone(&cipher));
        Some(cipher)
    }
}

/// The error of a value that cannot be opened.
pub(super) fn unopened(fault: Fault, what: &str) -> Error {
    fault.error(match fault {
        Fault::MissingKey => {
            format!("the data key of this {what} is not in the store: it was retired or removed")
        }
        Fault::WrongKey => format!("this {what} was encrypted with another key"),
        Fault::Truncated => format!("this {what}, or what should follow it, was cut off"),
        Fault::NotEncrypted => format!(
            "this {what} is not encrypted, though the store is: it was not written through the encryption"
        ),
        Fault::NewerFormat => format!("this {what} has a format that a newer Heptad knows"),
        _ => format!("this {what} is not the one that was written here: it was changed, moved or repeated"),
    })
}
