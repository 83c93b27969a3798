//! Bodies of blocks, in files of their own that only grow.
//!
//! A body travels once: the commit encodes it into an entry, the journal makes that durable, and the thread behind the
//! journal hands the same bytes to `writer`, which appends them here and says where they lie. That place goes into the
//! database, and whoever asks for the block reads it through `files`.
//!
//! At opening `scan` finds what a kill left after the last sync, `found` tells the database of it, and `lost` deals with
//! bodies that are damaged or gone. `compact` takes out what no place names.

pub(super) mod compact;
pub(super) mod files;
pub(super) mod found;
pub(super) mod lost;
pub(super) mod scan;
pub(super) mod writer;
