//! What opening a data folder had to repair, for a person to read.

use std::path::PathBuf;

use crate::primitives::BlockId;
use crate::storage::journal::Replayed;

/// What was found and done. Empty after a clean stop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Snapshots of the database that were unfinished or kept it from opening. Nothing is lost with them.
    pub removed: Vec<PathBuf>,
    /// Damaged databases under the names they are kept by, each with what was wrong.
    pub set_aside: Vec<(PathBuf, String)>,
    /// Whether the database had lost what the journal still has, and got it back.
    pub restored: bool,
    /// What came from the journal.
    pub replayed: Replayed,
    /// Blocks whose body was damaged or gone, and came from the journal.
    pub repaired_bodies: usize,
    /// Blocks of the chain whose body was damaged or gone, and is not in the journal either; ascending.
    pub lost_bodies: Vec<BlockId>,
    /// The file in which the first of them lay, and the byte, if that is known.
    pub lost_bodies_at: Option<(PathBuf, u64)>,
    /// How many others were damaged or gone, which are of no branch that counts.
    pub forgotten_bodies: usize,
    /// Headers that cannot be used before others are fetched from peers.
    pub orphans: usize,
}

impl OpenReport {
    /// One plain line for everything out of the ordinary.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for path in &self.removed {
            lines.push(format!(
                "removed {}, with which the database would not open; nothing is lost",
                path.display()
            ));
        }
        for (path, cause) in &self.set_aside {
            let path = path.display();
            lines.push(format!("the database was damaged ({cause}) and is kept as {path}"));
            lines.push(
                "it was built anew from the bodies of blocks and what the journal still has".to_owned(),
            );
        }
        if self.restored {
            lines.push(
                "the database had lost a part of what was written: it was restored from the journal and the bodies"
                    .to_owned(),
            );
        }
        if self.replayed.torn_bytes > 0 {
            let bytes = self.replayed.torn_bytes;
            lines.push(format!(
                "cut {bytes} bytes off the journal: a write that was under way when the node was stopped"
            ));
        }
        if let Some(path) = &self.replayed.removed {
            lines.push(format!(
                "removed {}, which held nothing whole: it was just being made when the node was stopped, or it was \
                 emptied; what was in it is fetched again from peers",
                path.display()
            ));
        }
        for path in &self.replayed.set_aside {
            lines.push(format!(
                "the journal was damaged: what could not be used is kept as {}",
                path.display()
            ));
        }
        self.add_bodies(&mut lines);
        if self.orphans > 0 {
            lines.push(format!(
                "{} blocks are known without their ancestors: they will be fetched again from peers",
                self.orphans
            ));
        }
        lines
    }

    fn add_bodies(&self, lines: &mut Vec<String>) {
        if self.repaired_bodies > 0 {
            lines.push(format!(
                "the bodies of {} blocks were damaged or gone, and were taken from the journal",
                self.repaired_bodies
            ));
        }
        if let Some(first) = self.lost_bodies.first() {
            let count = self.lost_bodies.len();
            let place = self.lost_bodies_at.as_ref();
            let place = place.map_or_else(String::new, |(path, byte)| {
                format!(", the first of them in {} at byte {byte}", path.display())
            });
            lines.push(format!(
                "the bodies of {count} blocks were damaged or gone{place}, and the journal no longer has them: the chain \
                 ends before block #{} {} until peers have sent them again. Without peers, `cairn chain import` takes \
                 them from a file that `cairn chain export` has written on another node",
                first.height, first.hash
            ));
        }
        if self.forgotten_bodies > 0 {
            lines.push(format!(
                "the bodies of {} blocks beside the best chain were damaged or gone: peers are asked for them should \
                 they be needed",
                self.forgotten_bodies
            ));
        }
    }

    pub(super) fn add_replayed(&mut self, replayed: &Replayed, orphans: usize) {
        self.replayed = replayed.clone();
        self.orphans = orphans;
    }
}
