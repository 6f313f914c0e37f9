//! Loading and making data keys.

use std::sync::{Arc, PoisonError};

use super::{
    Active, Encrypted, Plain,
    records::{DataKey, State},
    session::Session,
};
use crate::{
    crypto::{Fault, SecretKey, random},
    error::{Error, ErrorKind, Result},
    store::{Batch, Expect, Page, Value, Version},
};

impl Encrypted {
    /// Reads which store this is, or makes it one.
    pub(super) async fn establish(&mut self) -> Result<()> {
        loop {
            if let Some(record) = self.inner.get(&State::key()?).await? {
                self.store = State::read(&record.value)?.store;
                return self.reload().await;
            }
            self.check_new().await?;
            self.store = random::<16>()?.iter().map(|byte| format!("{byte:02x}")).collect();
            let mut batch = Batch::new();
            batch.put_if(State::key()?, Value::json(&State::new(self.store.clone()))?, Expect::Absent);
            batch.put_if(DataKey::key(1)?, self.new_key(1).await?, Expect::Absent);
            match self.inner.commit(batch).await {
                // Somebody else was faster: theirs is as good.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                outcome => drop(outcome?),
            }
        }
    }

    /// A store that was written before is not silently half encrypted.
    async fn check_new(&self) -> Result<()> {
        let last = self.inner.commit(Batch::new()).await?.version;
        if last == Version::default() || self.vault.plain == Plain::Read {
            return Ok(());
        }
        if self.inner.get(&State::key()?).await?.is_some() {
            return Ok(());
        }
        let message = "the store was written without encryption: choose a new one, or read plain values (`encryption.existing = \"read\"`) and encrypt \
                       its collections one by one";
        Err(Error::new(ErrorKind::InvalidInput, message))
    }

    /// Learns which data key is the current one and begins a session with it.
    pub(super) async fn reload(&self) -> Result<()> {
        // The state first: a key that becomes current after it was read makes the next commit fail, never pass with an old key.
        let state = self.inner.get(&State::key()?).await?;
        let Some(state) = state else {
            return Err(Fault::Tampered.error("the state of the encryption was removed from the store"));
        };
        if State::read(&state.value)?.store != self.store {
            return Err(Fault::Tampered.error("the store under the encryption was exchanged for another"));
        }
        let last = self.inner.scan(DataKey::all(), Page::last(1)).await?.pop();
        let Some(last) = last else {
            return Err(Fault::MissingKey.error("the data keys were removed from the store"));
        };
        let number = DataKey::read(&last)?.number;
        let key = self.load(number).await?;
        let session = Arc::new(Session::begin(number, &key)?);
        self.set_active(Active { number, state: state.version, session });
        Ok(())
    }

    pub(super) fn active(&self) -> Arc<Active> {
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(active.as_ref().expect("`open` ends with a session or with an error"))
    }

    /// The same key with a new session.
    pub(super) fn renew(&self, worn: &Active) -> Result<Arc<Active>> {
        let key = self.vault.key(worn.number).expect("the key of the current session is in the vault");
        let session = Arc::new(Session::begin(worn.number, &key)?);
        Ok(self.set_active(Active { number: worn.number, state: worn.state, session }))
    }

    fn set_active(&self, active: Active) -> Arc<Active> {
        let active = Arc::new(active);
        *self.active.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&active));
        active
    }

    /// The data key with this number, from memory or unwrapped.
    pub(super) async fn load(&self, number: u32) -> Result<Arc<SecretKey>> {
        if let Some(key) = self.vault.key(number) {
            return Ok(key);
        }
        let Some(record) = self.inner.get(&DataKey::key(number)?).await? else {
            let message = format!("data key {number} is not in the store: it was retired or removed");
            return Err(Fault::MissingKey.error(message));
        };
        let key = Arc::new(self.unwrap(&DataKey::read(&record)?).await?);
        self.vault.keep(number, Arc::clone(&key));
        Ok(key)
    }

    pub(super) async fn unwrap(&self, key: &DataKey) -> Result<SecretKey> {
        let context = DataKey::context(&self.store, key.number, key.created);
        self.ring.unwrap(&key.wrapped()?, &context).await.map_err(|error| error.with("data_key", key.number))
    }

    /// The record of a new data key.
    pub(super) async fn new_key(&self, number: u32) -> Result<Value> {
        let created = self.clock.now();
        let context = DataKey::context(&self.store, number, created);
        let wrapped = self.ring.wrap(&SecretKey::generate()?, &context).await?;
        Value::json(&DataKey::new(number, created, wrapped))
    }
}
