//! What is still to happen, by time; what happens at the same time comes in the order in which it was decided.
//!
//! A calendar: buckets of about a millisecond in a ring, a heap for the bucket at hand, and a heap for what is beyond
//! the ring. With tens of thousands of deliveries on their way most of them are only ever pushed to the end of a list.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::event::Event;

/// A bucket is 2^10 microseconds long.
const BUCKET_BITS: u32 = 10;
/// Buckets in the ring: eight seconds, longer than almost any message takes.
const RING_BUCKETS: usize = 1 << 13;
/// Events for which an emptied list keeps its room: a flood fills some lists with a thousand times as many.
const SPARE_EVENTS_MAX: usize = 64;

/// All that is still to happen.
#[derive(Debug)]
pub(crate) struct Queue {
    sequence: u64,
    /// The bucket that `present` holds; all later ones within reach are in the ring.
    cursor: u64,
    present: BinaryHeap<Reverse<Entry>>,
    ring: Vec<Vec<Reverse<Entry>>>,
    in_ring: usize,
    /// Emptied lists, to be used again.
    spare: Vec<Vec<Reverse<Entry>>>,
    far: BinaryHeap<Reverse<Entry>>,
}

/// An event with its place in the order of things.
#[derive(Debug)]
struct Entry {
    at_us: u64,
    sequence: u64,
    event: Event,
}

impl Queue {
    /// An empty queue.
    pub(crate) fn new() -> Self {
        Self {
            sequence: 0,
            cursor: 0,
            present: BinaryHeap::new(),
            ring: (0..RING_BUCKETS).map(|_| Vec::new()).collect(),
            in_ring: 0,
            spare: Vec::new(),
            far: BinaryHeap::new(),
        }
    }

    /// Adds something that happens at this moment, in microseconds.
    pub(crate) fn add(&mut self, at_us: u64, event: Event) {
        self.sequence += 1;
        self.place(Reverse(Entry { at_us, sequence: self.sequence, event }));
    }

    /// Takes out what happens next with its moment, unless that is after `until_us`.
    pub(crate) fn next(&mut self, until_us: u64) -> Option<(u64, Event)> {
        while self.present.is_empty() {
            if !self.turn() {
                return None;
            }
        }
        if self.present.peek()?.0.at_us > until_us {
            return None;
        }
        let Reverse(entry) = self.present.pop()?;
        Some((entry.at_us, entry.event))
    }

    fn place(&mut self, entry: Reverse<Entry>) {
        let bucket = entry.0.at_us >> BUCKET_BITS;
        if bucket <= self.cursor {
            self.present.push(entry);
        } else if bucket - self.cursor < RING_BUCKETS as u64 {
            let list = &mut self.ring[bucket as usize % RING_BUCKETS];
            if list.capacity() == 0 {
                *list = self.spare.pop().unwrap_or_default();
            }
            list.push(entry);
            self.in_ring += 1;
        } else {
            self.far.push(entry);
        }
    }

    /// Goes on to the next bucket that may hold something. False: nothing is left.
    fn turn(&mut self) -> bool {
        if self.in_ring > 0 {
            self.cursor += 1;
        } else {
            let Some(Reverse(first)) = self.far.peek() else { return false };
            self.cursor = first.at_us >> BUCKET_BITS;
        }
        let slot = self.cursor as usize % RING_BUCKETS;
        let list = std::mem::take(&mut self.ring[slot]);
        if !list.is_empty() {
            self.in_ring -= list.len();
            let emptied = std::mem::replace(&mut self.present, list.into()).into_vec();
            if emptied.capacity() <= SPARE_EVENTS_MAX {
                self.spare.push(emptied);
            }
        }
        while self.far.peek().is_some_and(|entry| self.is_within_reach(entry.0.at_us)) {
            if let Some(entry) = self.far.pop() {
                self.place(entry);
            }
        }
        true
    }

    fn is_within_reach(&self, at_us: u64) -> bool {
        (at_us >> BUCKET_BITS) < self.cursor + RING_BUCKETS as u64
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at_us, self.sequence) == (other.at_us, other.sequence)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at_us, self.sequence).cmp(&(other.at_us, other.sequence))
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha12Rng;

    use super::*;
    use crate::engine::event::What;

    fn event(number: u32) -> Event {
        Event { node: number, life: 0, what: What::Wake { wish: number } }
    }

    #[test]
    fn events_come_by_time_and_equal_times_in_the_order_of_adding_as_in_a_sorted_list() {
        let mut random = ChaCha12Rng::seed_from_u64(1);
        let mut queue = Queue::new();
        let mut model: Vec<(u64, u32)> = Vec::new();
        let mut now = 0;
        for number in 0..20_000 {
            let reach = [1, 2_000, 1 << 22, 1 << 34][random.random_range(0..4)];
            let at = now + random.random_range(0..reach);
            queue.add(at, event(number));
            model.push((at, number));
            if random.random_range(0..3) > 0 {
                let first = *model.iter().min().unwrap();
                model.retain(|entry| *entry != first);
                let (at, event) = queue.next(u64::MAX).unwrap();
                assert_eq!((at, event.node), first);
                now = at;
            }
            model.truncate(200);
            if model.len() == 200 {
                (queue, model) = (Queue::new(), Vec::new());
            }
        }
    }

    #[test]
    fn nothing_comes_before_it_is_due() {
        let mut queue = Queue::new();
        queue.add(5_000_000_000, event(1));
        assert!(queue.next(4_999_999_999).is_none());
        queue.add(7, event(2));
        assert_eq!(queue.next(7).map(|(at, event)| (at, event.node)), Some((7, 2)));
        assert_eq!(queue.next(5_000_000_000).map(|(at, _)| at), Some(5_000_000_000));
        assert!(queue.next(u64::MAX).is_none());
    }
}
