//! A small map as two lists in the order of its keys: looking through it costs no jumps, and an empty one no memory.

/// Entries for which an emptied list keeps its room.
const ROOM_KEPT: usize = 4;

/// Entries by ascending key. Made for some hundreds of them: adding one anywhere but at the end moves those behind it.
#[derive(Debug, Clone)]
pub(super) struct SortedMap<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { keys: Vec::new(), values: Vec::new() }
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().map(|place| &self.values[place])
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.place(key).ok().map(|place| &mut self.values[place])
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    /// Adds an entry or replaces it; answers what was replaced.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => Some(std::mem::replace(&mut self.values[place], value)),
            Err(place) => {
                make_room(&mut self.keys);
                make_room(&mut self.values);
                self.keys.insert(place, key);
                self.values.insert(place, value);
                None
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(key).ok()?;
        self.keys.remove(place);
        let removed = self.values.remove(place);
        give_room_back(&mut self.keys);
        give_room_back(&mut self.values);
        Some(removed)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.keys.iter().zip(&self.values)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Entries from a key on.
    pub(super) fn iter_from<'a>(&'a self, key: &K) -> impl Iterator<Item = (&'a K, &'a V)> + use<'a, K, V> {
        let place = self.place(key).unwrap_or_else(|place| place);
        self.keys[place..].iter().zip(&self.values[place..])
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.keys.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.iter_mut()
    }

    /// Where a key is, or where it would be. New keys are mostly the greatest: they need no search.
    fn place(&self, key: &K) -> Result<usize, usize> {
        match self.keys.last() {
            Some(last) if last < key => Err(self.keys.len()),
            Some(_) | None => self.keys.binary_search(key),
        }
    }
}

/// Lets a full list grow by a quarter: doubled ones stay half empty for long.
pub(super) fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 4).max(2));
    }
}

fn give_room_back<T>(list: &mut Vec<T>) {
    if list.capacity() > ROOM_KEPT && list.len() < list.capacity() / 4 {
        list.shrink_to((list.len() * 2).max(ROOM_KEPT));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_tree_of_the_standard_library_holds(
            changes in prop::collection::vec((0_u8..20, prop::option::of(0_u8..9)), 0..200),
        ) {
            let (mut map, mut model) = (SortedMap::default(), BTreeMap::new());
            for (key, value) in changes {
                if let Some(value) = value {
                    prop_assert_eq!(map.insert(key, value), model.insert(key, value));
                } else {
                    prop_assert_eq!(map.remove(&key), model.remove(&key));
                }
                prop_assert_eq!(map.get(&key), model.get(&key));
                prop_assert_eq!(map.contains_key(&key), model.contains_key(&key));
                prop_assert!(map.iter().eq(model.iter()) && map.is_empty() == model.is_empty());
            }
        }
    }
}
