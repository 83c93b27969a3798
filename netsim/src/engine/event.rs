//! What can happen to a node, small enough that millions may be on their way.

/// Something that happens to a node in one of its lives; a restart makes it void.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) node: u32,
    pub(crate) life: u32,
    pub(crate) what: What,
}

/// What it is. Anything large lies in a slot.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// A gossip message arrives from a neighbour, after so many hops.
    Gossip { from: u32, message: u32, hop: u16 },
    /// A question or an answer arrives from a neighbour.
    Letter { from: u32, slot: u32 },
    /// The core is given an input that comes from nobody else.
    Input { slot: u32 },
    /// The oldest commit on its way reaches the disk.
    Commit,
    /// The core's last wish to be woken comes true, unless it has wished anew since.
    Wake { wish: u32 },
    /// The node's hashing meets its target, unless it was drawn anew since.
    BlockFound { draw: u32 },
    /// The node dials a neighbour again.
    Redial { to: u32 },
    /// The node tells of blocks without parents.
    Orphans,
}

/// Values by a small number that is theirs until they are taken out.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    pub(crate) const fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn put(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.items[slot as usize] = Some(value);
            return slot;
        }
        self.items.push(Some(value));
        self.items.len() as u32 - 1
    }

    pub(crate) fn take(&mut self, slot: u32) -> Option<T> {
        let value = self.items[slot as usize].take();
        if value.is_some() {
            self.free.push(slot);
        }
        value
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.items.get(slot as usize).and_then(Option::as_ref)
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.items.get_mut(slot as usize).and_then(Option::as_mut)
    }
}
