//! Coming back after a stop: the stored headers become the tree again, the newest checkpoint the state, and from
//! there blocks are undone or replayed to the committed tip by the same functions that connect new ones.

use std::sync::Arc;

use super::chain::Chain;
use super::headers::{Body, GENESIS, Index};
use super::ledger::Ledger;
use crate::consensus::fork_choice::Candidate;
use crate::consensus::violation::Violation;
use crate::primitives::Height;
use crate::storage::{ChainReader, Checkpoint, StorageError, StoredChain};

/// Blocks replayed between two reports of progress.
const PROGRESS_BLOCKS: u32 = 64;

/// Told how many blocks of how many are replayed.
pub type Progress<'a> = &'a mut dyn FnMut(u32, u32);

/// How far the committed branch could be replayed.
enum Replayed {
    All,
    Missing(Index),
    Broke(Index, Violation),
}

impl<R: ChainReader> Chain<R> {
    /// Takes over what a store knows. A checkpoint that does not lead to the tip is left aside; a block that cannot
    /// be replayed ends the chain there, and what follows is fetched again.
    pub(super) fn restore(
        &mut self,
        stored: StoredChain,
        progress: Progress<'_>,
    ) -> Result<(), StorageError> {
        self.restore_headers(&stored);
        let path = self.restored_path(&stored);
        self.link_all(&path);
        let from_checkpoint = match stored.checkpoint {
            Some(checkpoint) => self.start_from_checkpoint(checkpoint, &path)?,
            None => false,
        };
        let mut replayed = self.replay(&path, progress)?;
        if from_checkpoint && matches!(replayed, Replayed::Broke(..)) {
            self.active = vec![GENESIS];
            self.ledger = Arc::new(Ledger::genesis(Arc::clone(&self.params)));
            replayed = self.replay(&path, progress)?;
        }
        match replayed {
            Replayed::All => {}
            Replayed::Missing(index) => self.headers.lose_body(index),
            Replayed::Broke(index, violation) => {
                self.headers.invalidate(index, violation);
            }
        }
        self.collect_candidates();
        Ok(())
    }

    fn restore_headers(&mut self, stored: &StoredChain) {
        for each in &stored.headers {
            if let Some(parent) = self.headers.find(&each.header.previous)
                && self.headers.find(&each.id.hash).is_none()
            {
                let record = self.headers.get(parent).child(&each.header, each.id.hash);
                self.headers.insert(parent, self.reader.share_header(record));
            }
        }
        for (id, violation) in &stored.invalid {
            if let Some(index) = self.headers.find(&id.hash) {
                self.headers.invalidate(index, *violation);
            }
        }
        for id in &stored.bodies {
            if let Some(index) = self.headers.find(&id.hash) {
                self.headers.set_body(index, Body::Checked { order: 0 });
            }
        }
    }

    /// The committed branch, genesis first.
    fn restored_path(&self, stored: &StoredChain) -> Vec<Index> {
        let tip = stored.tip.and_then(|id| self.headers.find(&id.hash)).unwrap_or(GENESIS);
        let mut path: Vec<_> =
            std::iter::successors(Some(tip), |index| self.headers.get(*index).parent).collect();
        path.reverse();
        path
    }

    /// Gives every body its place in the order of checking: the committed branch was first, as far as anyone knows.
    /// All have theirs before any is linked, since with a block everything that hangs on it is linked.
    fn link_all(&mut self, path: &[Index]) {
        let others = self.headers.indexes().collect::<Vec<_>>();
        for index in path.iter().chain(&others).copied().filter(|index| *index != GENESIS) {
            if self.headers.get(index).body == (Body::Checked { order: 0 }) {
                self.headers.set_body(index, Body::Checked { order: self.next_order });
                self.next_order += 1;
            }
        }
        for index in others {
            let entry = self.headers.get(index);
            if let (false, Body::Checked { order }) = (entry.linked, entry.body) {
                self.headers.link(index, order);
            }
        }
    }

    /// Begins at the checkpoint's block, undone to where its branch meets the committed one. False: from genesis.
    fn start_from_checkpoint(
        &mut self,
        checkpoint: Checkpoint,
        path: &[Index],
    ) -> Result<bool, StorageError> {
        let Some(mut at) = checkpoint.at.and_then(|id| self.headers.find(&id.hash)) else { return Ok(false) };
        let height = self.headers.height(at);
        let root = checkpoint.root;
        let mut ledger = Ledger::from_checkpoint(Arc::clone(&self.params), checkpoint, height);
        // The blocks that follow check it too, but there may be none.
        if root.is_some_and(|root| ledger.committed_root() != root) || !ledger.money_adds_up() {
            return Ok(false);
        }
        while path.get(self.headers.height(at).0 as usize) != Some(&at) {
            let id = self.headers.id(at);
            let (Some(block), Some(undo)) = (self.body(at)?, self.reader.undo(id)?) else { return Ok(false) };
            ledger.disconnect(&block, &undo);
            let Some(parent) = self.headers.get(at).parent else { return Ok(false) };
            at = parent;
        }
        self.active = path[..=self.headers.height(at).0 as usize].to_vec();
        self.ledger = Arc::new(ledger);
        Ok(true)
    }

    /// Connects the rest of the committed branch.
    fn replay(&mut self, path: &[Index], progress: Progress<'_>) -> Result<Replayed, StorageError> {
        let total = path.len().saturating_sub(self.active.len()) as u32;
        for (done, index) in path[self.active.len().min(path.len())..].iter().enumerate() {
            if (done as u32).is_multiple_of(PROGRESS_BLOCKS) {
                progress(done as u32, total);
            }
            let Some(block) = self.body(*index)? else { return Ok(Replayed::Missing(*index)) };
            if let Err(violation) = self.execute(&block) {
                return Ok(Replayed::Broke(*index, violation));
            }
            self.active.push(*index);
        }
        progress(total, total);
        Ok(Replayed::All)
    }

    fn collect_candidates(&mut self) {
        self.candidates.clear();
        let tip = self.tip();
        for index in self.headers.indexes() {
            let entry = self.headers.get(index);
            let Body::Checked { order } = entry.body else { continue };
            if entry.linked && entry.violation.is_none() && entry.work() >= self.headers.work(tip) {
                self.candidates.insert(Candidate { work: entry.work(), first_checked: order.into() }, index);
            }
        }
    }

    /// Height of the followed branch.
    pub(super) fn height(&self) -> Height {
        self.headers.height(self.tip())
    }
}
