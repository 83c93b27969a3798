//! A hash table that can be asked for many keys at once.

use std::hash::{BuildHasher, Hash};
use std::hint::black_box;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Keys that are best asked for at once: enough to hide the memory's delay, few enough to stay near.
pub const AT_ONCE: usize = 64;

/// Values by key, seeded at random so that nobody can choose keys that collide. Nothing may depend on the order of what
/// is in it.
#[derive(Debug, Clone)]
pub struct LookUp<K, V> {
    table: HashTable<(K, V)>,
    hashing: RandomState,
}

impl<K: Hash + Eq, V> LookUp<K, V> {
    /// Number of keys.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.table.find(self.hashing.hash_one(key), |(each, _)| each == key).map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.table.find_mut(self.hashing.hash_one(key), |(each, _)| each == key).map(|(_, value)| value)
    }

    /// The values of some keys, in their order; best of about [`AT_ONCE`].
    ///
    /// A table that is larger than the processor's caches answers with two delays of memory: to where a key may be, and
    /// to what is there. Here all keys wait for the first together, and then for the second.
    pub fn get_each<'a>(&self, keys: impl IntoIterator<Item = &'a K>) -> Vec<Option<&V>>
    where
        K: 'a,
    {
        let hashed: Vec<_> = keys.into_iter().map(|key| (self.hashing.hash_one(key), key)).collect();
        // Nothing is found: only that it was looked for matters.
        black_box(hashed.iter().filter(|(hash, _)| self.table.find(*hash, |_| false).is_some()).count());
        let find = |(hash, key): &(u64, &K)| self.table.find(*hash, |(each, _)| each == *key);
        hashed.iter().map(|hashed| find(hashed).map(|(_, value)| value)).collect()
    }

    /// The place of a key, taken or free.
    pub fn entry(&mut self, key: &K) -> Entry<'_, (K, V)> {
        let hashing = &self.hashing;
        self.table.entry(hashing.hash_one(key), |(each, _)| each == key, |(each, _)| hashing.hash_one(each))
    }

    /// The value of a key, first made if there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        &mut match self.entry(&key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert((key, make())).into_mut(),
        }
        .1
    }

    /// Sets the value of a key; gives back the one it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.entry(&key) {
            Entry::Occupied(mut entry) => Some(std::mem::replace(&mut entry.get_mut().1, value)),
            Entry::Vacant(entry) => {
                entry.insert((key, value));
                None
            }
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let found = self.table.find_entry(self.hashing.hash_one(key), |(each, _)| each == key);
        found.ok().map(|entry| entry.remove().0.1)
    }

    /// All keys with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.table.iter().map(|(key, value)| (key, value))
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<K, V> Default for LookUp<K, V> {
    fn default() -> Self {
        Self { table: HashTable::new(), hashing: RandomState::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_an_ordered_map_holds(changes in prop::collection::vec((0_u8..40, any::<Option<u16>>()), 0..300)) {
            let mut look_up = LookUp::default();
            let mut expected = BTreeMap::new();
            for (key, value) in changes {
                if let Some(value) = value {
                    prop_assert_eq!(look_up.insert(key, value), expected.insert(key, value));
                } else {
                    prop_assert_eq!(look_up.remove(&key), expected.remove(&key));
                }
                prop_assert_eq!(look_up.len(), expected.len());
            }
            let keys: Vec<_> = (0..40).collect();
            let each: Vec<_> = keys.iter().map(|key| expected.get(key)).collect();
            prop_assert_eq!(look_up.get_each(&keys), each);
            prop_assert!(keys.iter().all(|key| look_up.get(key) == expected.get(key)));
            let mut all: Vec<_> = look_up.iter().collect();
            all.sort_unstable();
            prop_assert_eq!(all, expected.iter().collect::<Vec<_>>());
        }
    }
}
