//! A growing list whose old entries lie in chunks that simulated nodes share where they are equal.

use std::array;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::sorted_map::make_room;

/// Entries of a chunk: few, since a simulated node holds its newest ones alone.
pub(super) const CHUNK_LEN: usize = 16;

/// Entries outside chunks above which they stay there: to take some from the front moves the rest.
const LOOSE_MAX: usize = 4_096;

/// A chunk, to be changed by whoever holds it alone.
pub(super) type Chunk<T> = Arc<[T; CHUNK_LEN]>;

/// Entries by their place.
#[derive(Debug)]
pub(super) struct Chunks<T> {
    settled: Vec<Chunk<T>>,
    /// Those after them.
    loose: Vec<T>,
}

impl<T: Clone> Chunks<T> {
    /// One entry.
    pub(super) fn of(first: T) -> Self {
        Self { settled: Vec::new(), loose: vec![first] }
    }

    pub(super) fn len(&self) -> usize {
        self.settled_len() + self.loose.len()
    }

    pub(super) fn push(&mut self, entry: T) {
        make_room(&mut self.loose);
        self.loose.push(entry);
    }

    /// Makes a chunk of the first entries outside chunks, if all of them lie before a place, and lets it be exchanged for
    /// an equal one.
    pub(super) fn settle(&mut self, before: usize, exchange: impl FnOnce(&mut Chunk<T>)) {
        if before >= self.settled_len() + CHUNK_LEN && self.loose.len() <= LOOSE_MAX {
            let mut first = self.loose.drain(..CHUNK_LEN);
            let mut chunk = Arc::new(array::from_fn(|_| first.next().expect("so many are drained")));
            drop(first);
            exchange(&mut chunk);
            make_room(&mut self.settled);
            self.settled.push(chunk);
        }
    }
}

impl<T> Chunks<T> {
    fn settled_len(&self) -> usize {
        self.settled.len() * CHUNK_LEN
    }
}

impl<T> Index<usize> for Chunks<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        match place.checked_sub(self.settled_len()) {
            Some(place) => &self.loose[place],
            None => &self.settled[place / CHUNK_LEN][place % CHUNK_LEN],
        }
    }
}

impl<T: Clone> IndexMut<usize> for Chunks<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        match place.checked_sub(self.settled_len()) {
            Some(place) => &mut self.loose[place],
            None => &mut Arc::make_mut(&mut self.settled[place / CHUNK_LEN])[place % CHUNK_LEN],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(to: usize) -> Chunks<usize> {
        let mut list = Chunks::of(0);
        (1..to).for_each(|number| list.push(number));
        list
    }

    #[test]
    fn entries_stay_at_their_places_in_chunks_and_outside() {
        for settled in 0..4 {
            let mut list = numbers(60);
            (0..settled).for_each(|_| list.settle(59, |_| ()));
            list.push(60);
            assert!((0..61).all(|place| list[place] == place) && list.len() == 61);
            for place in [3, 31, 47, 48, 60] {
                list[place] = 1_000 + place;
                assert_eq!((list[place], list[place - 1]), (1_000 + place, place - 1));
                list[place] = place;
            }
        }
    }

    #[test]
    fn a_change_is_seen_by_nobody_who_shares_the_chunk() {
        let (mut alice, mut bob) = (numbers(50), numbers(50));
        let mut shared = Vec::new();
        (0..2).for_each(|_| alice.settle(33, |chunk| shared.push(Arc::clone(chunk))));
        (0..2).for_each(|_| bob.settle(33, |chunk| *chunk = shared.remove(0)));
        bob[20] = 1_000;
        assert_eq!((alice[20], bob[20]), (20, 1_000));
        assert!(Arc::ptr_eq(&alice.settled[0], &bob.settled[0]));
        assert!(!Arc::ptr_eq(&alice.settled[1], &bob.settled[1]));
    }

    #[test]
    fn one_chunk_after_the_other_is_settled_when_all_of_it_lies_before_the_place() {
        let mut list = numbers(100);
        let mut settled = Vec::new();
        for (before, expected) in [(0, 0), (15, 0), (16, 1), (31, 1), (32, 2), (16, 2), (99, 3), (99, 4)] {
            list.settle(before, |chunk| settled.push(chunk[0] / CHUNK_LEN));
            assert_eq!(settled, (0..expected).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_long_list_is_left_alone() {
        let mut list = numbers(LOOSE_MAX + 1);
        list.settle(100, |_| panic!("nothing is moved"));
        assert!(list.settled.is_empty());
    }
}
