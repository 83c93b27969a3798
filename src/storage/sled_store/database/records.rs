//! Small records of other layers, by name: remembered peers, bans, the saved mempool.
//!
//! A record is written under a new generation and becomes current by one put, so that it is replaced whole or not at
//! all, however long it is. It lasts a few seconds later, or when the store is closed.

use std::sync::{Arc, Mutex, PoisonError};

use super::schema::{self, Kind};
use super::table::{Batch, Database};
use super::values;
use crate::primitives::codec;
use crate::storage::chain_store::StorageError;

/// Ends a name inside a key: names do not contain it.
const NAME_END: u8 = 0;

/// Records in a data folder. Clones are the same records.
#[derive(Debug, Clone)]
pub struct Records {
    database: Database,
    writing: Arc<Mutex<()>>,
}

impl Records {
    pub(in crate::storage::sled_store) fn new(database: Database) -> Self {
        Self { database, writing: Arc::default() }
    }

    /// A record's bytes.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StorageError> {
        // Held while reading too: else a put in between could delete the generation that is being read.
        let _guard = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(generation) = self.generation(name)? else { return Ok(None) };
        values::get(&self.database, &parts_key(name, generation), || format!("the record {name}"))
    }

    /// Replaces a record. The name must not contain a zero byte.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        debug_assert!(!name.as_bytes().contains(&NAME_END), "names are constants of the layers above");
        let _guard = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation(name)?.unwrap_or(0) + 1;
        let key = parts_key(name, generation);
        let mut sealed = Vec::with_capacity(bytes.len() + 64);
        values::seal(&key, &mut sealed, |value| value.extend_from_slice(bytes));
        let mut batch = Batch::default();
        values::put_sealed(&self.database, &mut batch, &key, &sealed)?;
        batch.put(&name_key(name), &codec::encode(&generation));
        self.database.apply(batch)?;
        self.remove_parts(name, Some(&key))
    }

    /// Removes a record, if it is there.
    pub fn remove(&self, name: &str) -> Result<(), StorageError> {
        let _guard = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Batch::default();
        batch.remove(&name_key(name));
        self.database.apply(batch)?;
        self.remove_parts(name, None)
    }

    /// Names that begin with `prefix`, ascending.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        let pairs = self.database.prefix(&name_key(prefix));
        pairs.map(|pair| pair.map(|(key, _)| String::from_utf8_lossy(&key[1..]).into_owned())).collect()
    }

    /// Makes all records last now, for what is put after the store was closed.
    pub fn sync(&self) -> Result<(), StorageError> {
        self.database.sync()
    }

    fn generation(&self, name: &str) -> Result<Option<u64>, StorageError> {
        let Some(bytes) = self.database.get(&name_key(name))? else { return Ok(None) };
        schema::decode(&self.database, &bytes, || format!("the record {name}")).map(Some)
    }

    /// Removes every part of a record that does not belong to the key given, also of a put that was cut short.
    fn remove_parts(&self, name: &str, current: Option<&[u8]>) -> Result<(), StorageError> {
        let mut batch = Batch::default();
        for pair in self.database.prefix(&all_parts_key(name)) {
            let (key, _) = pair?;
            if current.is_none_or(|current| !key.starts_with(current)) {
                batch.remove(&key);
                self.database.apply_if_full(&mut batch)?;
            }
        }
        self.database.apply(batch)
    }
}

fn name_key(name: &str) -> Vec<u8> {
    [&Kind::Record.key(), name.as_bytes()].concat()
}

fn all_parts_key(name: &str) -> Vec<u8> {
    [&Kind::RecordPart.key(), name.as_bytes(), &[NAME_END]].concat()
}

fn parts_key(name: &str, generation: u64) -> Vec<u8> {
    [all_parts_key(name).as_slice(), &generation.to_be_bytes()].concat()
}
