//! What the database knows of its chain, read at opening.

use super::entries::{self, tip_key};
use super::schema::{BLOCK_KEY_BYTES, Kind, block_key, block_of};
use super::table::Database;
use super::values;
use crate::consensus::violation::Violation;
use crate::primitives::{BlockHash, BlockId, Height, codec};
use crate::storage::chain_store::{StorageError, StoredChain};
use crate::storage::commit::{Checkpoint, StoredHeader};

/// The chain with such bodies, and how many headers had to be left out because an ancestor is missing.
///
/// That happens only after the database was rebuilt from a journal that no longer reaches back to genesis, and from files
/// of bodies that were damaged as well; they are fetched again from peers, in the order in which they can be used.
pub(in crate::storage::sled_store) fn load_chain(
    database: &Database,
    genesis: BlockHash,
    checkpoint: Option<Checkpoint>,
    mut bodies: Vec<BlockId>,
) -> Result<(StoredChain, usize), StorageError> {
    let (headers, orphans) = load_headers(database, genesis)?;
    let is_known = |id: &BlockId| headers.binary_search_by_key(id, |header| header.id).is_ok();
    bodies.retain(is_known);
    let invalid = load_invalid(database)?.into_iter().filter(|(id, _)| is_known(id)).collect();
    let on_chain = |id: &BlockId| is_known(id) || (id.height == Height::GENESIS && id.hash == genesis);
    let tip = load_tip(database)?;
    if let Some(tip) = tip.filter(|tip| orphans == 0 && !on_chain(tip))
        && load_header(database, tip)?.is_some()
    {
        // Damage inside sled's tree can end a walk through it early.
        return Err(database.damaged("it does not list all the headers that it knows".to_owned()));
    }
    let tip = tip.filter(on_chain);
    let checkpoint = checkpoint.filter(|checkpoint| checkpoint.at.as_ref().is_some_and(on_chain));
    Ok((StoredChain { headers, bodies, invalid, tip, checkpoint }, orphans))
}

/// The blocks whose bodies are here, ascending.
pub(in crate::storage::sled_store) fn load_bodies(database: &Database) -> Result<Vec<BlockId>, StorageError> {
    let mut bodies = Vec::new();
    for pair in database.prefix(&Kind::BodyPlace.key()) {
        bodies.extend(block_of(&pair?.0));
    }
    Ok(bodies)
}

/// The committed tip.
pub(super) fn load_tip(database: &Database) -> Result<Option<BlockId>, StorageError> {
    let Some(bytes) = values::get(database, &tip_key(), || "the tip".to_owned())? else { return Ok(None) };
    let tip = codec::decode(&bytes, bytes.len());
    tip.map(Some).map_err(|error| database.damaged(format!("the tip: {error}")))
}

/// Whether the database has an older tip than one that it must have.
pub(in crate::storage::sled_store) fn is_behind(
    database: &Database,
    tip: BlockId,
) -> Result<bool, StorageError> {
    let Some(found) = load_tip(database)? else { return Ok(true) };
    let headers = (load_header(database, found)?, load_header(database, tip)?);
    Ok(!matches!(headers, (Some(found), Some(tip)) if found.work >= tip.work))
}

/// A header.
pub(in crate::storage::sled_store) fn load_header(
    database: &Database,
    id: BlockId,
) -> Result<Option<StoredHeader>, StorageError> {
    let what = || format!("the header of block {id:?}");
    let Some(bytes) = values::get(database, &block_key(Kind::Header, id), what)? else { return Ok(None) };
    entries::decode_header(id, &bytes).map(Some).ok_or_else(|| database.damaged(what()))
}

/// Headers whose parents are there, in the order of keys, which is by height and then by hash.
fn load_headers(database: &Database, genesis: BlockHash) -> Result<(Vec<StoredHeader>, usize), StorageError> {
    let mut headers: Vec<StoredHeader> = Vec::new();
    let mut orphans = 0;
    for pair in database.prefix(&Kind::Header.key()) {
        let (key, sealed) = pair?;
        let damaged = || database.damaged("a header is not what was written".to_owned());
        let id = block_of(&key).ok_or_else(damaged)?;
        let bytes = values::unseal(&key[..BLOCK_KEY_BYTES], &sealed).ok_or_else(damaged)?;
        let header = entries::decode_header(id, bytes).ok_or_else(damaged)?;
        if has_parent(&headers, &header, genesis) {
            headers.push(header);
        } else {
            orphans += 1;
        }
    }
    Ok((headers, orphans))
}

fn has_parent(headers: &[StoredHeader], header: &StoredHeader, genesis: BlockHash) -> bool {
    let hash = header.header.previous;
    match header.id.height.previous() {
        None => false,
        Some(Height::GENESIS) => hash == genesis,
        Some(height) => headers.binary_search_by_key(&BlockId { height, hash }, |header| header.id).is_ok(),
    }
}

fn load_invalid(database: &Database) -> Result<Vec<(BlockId, Violation)>, StorageError> {
    let mut invalid = Vec::new();
    for pair in database.prefix(&Kind::Invalid.key()) {
        let (key, sealed) = pair?;
        let damaged = || database.damaged("a verdict is not what was written".to_owned());
        let id = block_of(&key).ok_or_else(damaged)?;
        let name = values::unseal(&key[..BLOCK_KEY_BYTES], &sealed).ok_or_else(damaged)?;
        // A rule that this version does not know: the block is checked again.
        let violation = std::str::from_utf8(name).ok().and_then(Violation::from_name);
        invalid.extend(violation.map(|violation| (id, violation)));
    }
    Ok(invalid)
}
