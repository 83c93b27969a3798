//! A growing list in chunks: nothing moves when it grows, and simulated nodes share the chunks that are equal.

use std::array;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

/// Entries of a chunk: few, since a simulated node holds its newest ones alone.
pub(super) const CHUNK_LEN: usize = 16;

/// Chunks settled at once at most: a node that opens with a long list has more to do.
const SETTLED_AT_ONCE: usize = 2;

/// A chunk, to be changed by whoever holds it alone.
pub(super) type Chunk<T> = Arc<[T; CHUNK_LEN]>;

/// Entries by their place.
#[derive(Debug)]
pub(super) struct Chunks<T> {
    /// The last one is filled up with copies.
    parts: Vec<Chunk<T>>,
    len: usize,
    /// Chunks that were handed to [`Self::settle`].
    settled: usize,
}

impl<T: Clone> Chunks<T> {
    /// One entry.
    pub(super) fn of(first: T) -> Self {
        let mut list = Self { parts: Vec::new(), len: 0, settled: 0 };
        list.push(first);
        list
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, entry: T) {
        let place = self.len;
        self.len += 1;
        if place.is_multiple_of(CHUNK_LEN) {
            self.parts.push(Arc::new(array::from_fn(|_| entry.clone())));
        } else {
            self[place] = entry;
        }
    }

    /// Lets each chunk that lies before a place be exchanged for an equal one, once; some calls may be needed.
    pub(super) fn settle(&mut self, before: usize, mut exchange: impl FnMut(&mut Chunk<T>)) {
        for settled in (self.settled..before / CHUNK_LEN).take(SETTLED_AT_ONCE) {
            exchange(&mut self.parts[settled]);
            self.settled = settled + 1;
        }
    }
}

impl<T> Index<usize> for Chunks<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        &self.parts[place / CHUNK_LEN][place % CHUNK_LEN]
    }
}

impl<T: Clone> IndexMut<usize> for Chunks<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        &mut Arc::make_mut(&mut self.parts[place / CHUNK_LEN])[place % CHUNK_LEN]
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

    fn all(list: &Chunks<usize>) -> Vec<usize> {
        (0..list.len()).map(|place| list[place]).collect()
    }

    #[test]
    fn entries_stay_at_their_places() {
        for len in [1, 15, 16, 17, 100] {
            let mut list = numbers(len);
            assert_eq!(all(&list), (0..len).collect::<Vec<_>>());
            list[len / 2] = 1_000;
            assert_eq!(all(&list).iter().filter(|number| **number == 1_000).count(), 1);
        }
    }

    #[test]
    fn a_change_is_seen_by_nobody_who_shares_the_chunk() {
        let (mut alice, mut bob) = (numbers(50), numbers(50));
        let mut shared = Vec::new();
        alice.settle(33, |chunk| shared.push(Arc::clone(chunk)));
        assert_eq!(shared.len(), 2);
        bob.settle(33, |chunk| *chunk = shared.remove(0));
        assert!(Arc::ptr_eq(&alice.parts[1], &bob.parts[1]));
        bob[20] = 1_000;
        assert_eq!((alice[20], bob[20]), (20, 1_000));
        assert!(Arc::ptr_eq(&alice.parts[0], &bob.parts[0]));
    }

    #[test]
    fn each_chunk_is_settled_once_when_it_is_full() {
        let mut list = numbers(100);
        let mut settled = Vec::new();
        for (before, expected) in
            [(0, 0), (15, 0), (16, 1), (31, 1), (32, 2), (16, 2), (99, 4), (99, 6), (99, 6)]
        {
            list.settle(before, |chunk| settled.push(chunk[0] / CHUNK_LEN));
            assert_eq!(settled, (0..expected).collect::<Vec<_>>());
        }
    }
}
