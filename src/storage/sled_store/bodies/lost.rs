//! Bodies that were damaged or are gone: taken from the journal as far as it has them, else marked, so that the chain
//! ends before them until peers have sent them again.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::{self, BodyFiles, Place, place_of};
use super::writer::BodyWriter;
use crate::primitives::{BlockId, codec};
use crate::storage::chain_store::{StorageError, StoredChain};
use crate::storage::journal;
use crate::storage::sled_store::database::entries;
use crate::storage::sled_store::database::schema::{Kind, block_key, block_of, decode};
use crate::storage::sled_store::database::table::{Batch, Database};

/// What a person can do about a body that is not what was written.
const NEXT_STEP: &str = "Start the node again: it takes the body from its journal or from peers, or from a file that \
                         another node has exported (`cairn chain import`)";

/// Bodies of which something may be wrong.
#[derive(Debug, Default)]
pub(in crate::storage::sled_store) struct Suspects {
    ids: BTreeSet<BlockId>,
    /// How many of them have a place, and do not lie there whole.
    broken: usize,
}

/// What became of suspects.
#[derive(Debug, Default)]
pub(in crate::storage::sled_store) struct Settled {
    /// Those that are here and whole, ascending.
    pub(in crate::storage::sled_store) whole: Vec<BlockId>,
    /// How many were broken and no longer are.
    pub(in crate::storage::sled_store) repaired: usize,
    /// Those that are not here.
    pub(in crate::storage::sled_store) lost: BTreeSet<BlockId>,
}

/// Where a chain ends that has lost bodies.
#[derive(Debug, Default)]
pub(in crate::storage::sled_store) struct Ended {
    /// The lost ones up to its old tip, ascending.
    pub(in crate::storage::sled_store) needed: Vec<BlockId>,
    /// Where the first of them lay, if that is known.
    pub(in crate::storage::sled_store) first_place: Option<Place>,
    /// How many others were lost, on which nothing depends.
    pub(in crate::storage::sled_store) forgotten: usize,
}

/// The error for a body that was read and is not what was written; remembered for the next opening.
pub(in crate::storage::sled_store) fn damaged(
    database: &Database,
    files: &BodyFiles,
    id: BlockId,
    place: Place,
) -> StorageError {
    let mut batch = Batch::default();
    batch.put(&block_key(Kind::LostBody, id), &place.encode());
    // Should this fail as well, the next run finds the damage again.
    let marked = database.apply(batch);
    tracing::debug!(?marked, "a damaged body was noted");
    StorageError::Damaged {
        path: files.path_of(place.at.segment),
        cause: format!(
            "the body of block #{} {} at byte {} is not what was written",
            id.height, id.hash, place.at.offset
        ),
        next_step: NEXT_STEP.to_owned(),
    }
}

impl Suspects {
    /// Finds what an earlier run has noted, and what the files are too short to hold; gives back the blocks of all other
    /// bodies too, ascending.
    pub(in crate::storage::sled_store) fn find(
        database: &Database,
        files: &BodyFiles,
    ) -> Result<(Self, Vec<BlockId>), StorageError> {
        let lengths = files.lengths()?;
        let (mut suspects, mut others) = (Self::default(), Vec::new());
        for pair in database.prefix(&Kind::BodyPlace.key()) {
            let (key, place) = pair?;
            let place = decode(database, &place, || "the place of a body".to_owned())?;
            if lengths.cover(place) {
                others.extend(block_of(&key));
            } else {
                suspects.ids.extend(block_of(&key));
            }
        }
        for pair in database.prefix(&Kind::LostBody.key()) {
            suspects.ids.extend(block_of(&pair?.0));
        }
        for id in &suspects.ids {
            if let Some(place) = place_of(database, *id)?
                && !files.is_whole(*id, place)?
            {
                suspects.broken += 1;
            }
        }
        if !suspects.ids.is_empty() {
            others.retain(|id| !suspects.ids.contains(id));
        }
        Ok((suspects, others))
    }

    /// Finds bodies of the chain of which a damaged database no longer says anything; `None` if there are none.
    pub(in crate::storage::sled_store) fn forgotten(
        chain: &StoredChain,
        lost: &BTreeSet<BlockId>,
    ) -> Option<Self> {
        let has_body = |id: &BlockId| chain.bodies.binary_search(id).is_ok();
        let ids: BTreeSet<_> = chain
            .best_chain()
            .map(|header| header.id)
            .filter(|id| !has_body(id) && !lost.contains(id))
            .collect();
        let broken = ids.len();
        (broken > 0).then_some(Self { ids, broken })
    }

    /// Takes what the journal has of them, wherever it is whole.
    pub(in crate::storage::sled_store) fn take_from(
        &self,
        journal_folder: &Path,
        database: &Database,
        bodies: &mut BodyWriter,
    ) -> Result<(), StorageError> {
        if self.broken == 0 {
            return Ok(());
        }
        journal::visit(journal_folder, &mut |payload| {
            for entry in entries::entries(payload).flatten() {
                if let Some(id) = entries::body_named(&entry)
                    && self.ids.contains(&id)
                    && bodies.is_missing(database, id)?
                {
                    let place = bodies.append(entry.bytes)?;
                    bodies.write()?;
                    let mut batch = Batch::default();
                    files::put_place(database, &mut batch, id, place)?;
                    database.apply(batch)?;
                }
            }
            Ok(())
        })
    }

    /// Forgets those that are whole by now, and the places of the others.
    pub(in crate::storage::sled_store) fn settle(
        self,
        database: &Database,
        files: &BodyFiles,
    ) -> Result<Settled, StorageError> {
        let (mut batch, mut settled) = (Batch::default(), Settled::default());
        let mut still_broken = 0;
        for id in self.ids {
            let place = place_of(database, id)?;
            let is_whole = place.map_or(Ok(false), |place| files.is_whole(id, place))?;
            if is_whole {
                settled.whole.push(id);
                batch.remove(&block_key(Kind::LostBody, id));
            } else {
                still_broken += usize::from(place.is_some());
                // Where it lay is told at each start until it is here again.
                if let Some(place) = place {
                    batch.put(&block_key(Kind::LostBody, id), &place.encode());
                } else if database.get(&block_key(Kind::LostBody, id))?.is_none() {
                    batch.put(&block_key(Kind::LostBody, id), &[]);
                }
                batch.remove(&block_key(Kind::BodyPlace, id));
                settled.lost.insert(id);
            }
            database.apply_if_full(&mut batch)?;
        }
        database.apply(batch)?;
        settled.repaired = self.broken - still_broken;
        Ok(settled)
    }
}

/// Lets a chain end before the first body that it has lost, without a checkpoint above it: from there nobody would miss
/// the body, and no block above would ever connect. Lost ones that are not below its old tip are forgotten.
pub(in crate::storage::sled_store) fn end_before(
    database: &Database,
    chain: &mut StoredChain,
    lost: &BTreeSet<BlockId>,
) -> Result<Ended, StorageError> {
    let mut needed: Vec<_> = chain
        .best_chain()
        .filter(|header| lost.contains(&header.id))
        .map(|header| (header.id, header.parent()))
        .collect();
    needed.reverse();
    if let Some((_, tip)) = needed.first() {
        let is_above = |at: BlockId| at.height > tip.height;
        chain.tip = Some(*tip);
        chain.checkpoint = chain.checkpoint.take().filter(|checkpoint| !checkpoint.at.is_some_and(is_above));
    }
    let needed: Vec<_> = needed.into_iter().map(|(id, _)| id).collect();
    let mut ended = Ended::default();
    if let Some(first) = needed.first()
        && let Some(place) = database.get(&block_key(Kind::LostBody, *first))?
    {
        // None where nobody knew.
        ended.first_place = codec::decode(&place, place.len()).ok();
    }
    let mut batch = Batch::default();
    for id in lost.difference(&needed.iter().copied().collect()) {
        batch.remove(&block_key(Kind::LostBody, *id));
        database.apply_if_full(&mut batch)?;
        ended.forgotten += 1;
    }
    database.apply(batch)?;
    ended.needed = needed;
    Ok(ended)
}
