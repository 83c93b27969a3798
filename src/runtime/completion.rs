//! What comes back to the core from its own threads, ahead of everything else and on a queue of its own: so a queue
//! of inputs that is full cannot hold up what would empty it.

use crate::node::Input;

/// News from the verify pool or the writer.
#[derive(Debug)]
pub(super) enum Completion {
    /// A check is done, or commits are durable.
    Input(Input),
    /// The writer ended: by an error, which asked the node to stop, or by a bug.
    WriterGone,
}
