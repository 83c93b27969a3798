//! Checkpoints of the state in the database, by generations.
//!
//! A checkpoint writes whole account groups that changed under a new generation, and becomes current by one last
//! record. What it supersedes is deleted only when that record is durable. Loading takes the newest of each group.
//! A checkpoint saves time at opening and nothing else: blocks and undo records lead to the same state.

use std::collections::BTreeMap;

use super::schema::{Kind, get_one};
use super::table::{Batch, Database};
use super::values;
use crate::consensus::Account;
use crate::consensus::MaturingReward;
use crate::primitives::codec::{self, Decode, DecodeError, Encode};
use crate::primitives::{Address, BlockId, Height, List, StateRoot};
use crate::storage::chain_store::StorageError;
use crate::storage::commit::{Checkpoint, CheckpointDelta};

/// Stands for the queue of rewards among the groups; groups of accounts have 12 bits.
const MATURING_GROUP: u16 = u16::MAX;
/// Bytes of a group's key, before the number of its part.
const GROUP_KEY_BYTES: usize = 11;

/// The record that makes a generation current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Current {
    generation: u64,
    at: BlockId,
}

/// What the state of a generation must hash to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Root {
    generation: u64,
    root: StateRoot,
}

/// Which generation of each group counts.
#[derive(Debug, Default)]
pub(in crate::storage::sled_store) struct Checkpoints {
    current: Option<Current>,
    generations: BTreeMap<u16, u64>,
    /// Generation and group of what was replaced since the last sync, or before it.
    superseded: Vec<(u64, u16)>,
    durable: Option<BlockId>,
}

impl Checkpoints {
    /// Finds the current checkpoint and removes what an unfinished one left behind.
    pub(in crate::storage::sled_store) fn load(
        database: &Database,
    ) -> Result<(Self, Option<Checkpoint>), StorageError> {
        let current: Option<Current> = get_one(database, Kind::CurrentCheckpoint)?;
        let newest_generation = current.map_or(0, |current| current.generation);
        let mut checkpoints = Self { current, durable: current.map(|current| current.at), ..Self::default() };
        let mut sealed: BTreeMap<u16, Vec<u8>> = BTreeMap::new();
        let mut unfinished = Batch::default();
        // Keys ascend by generation, then group, then part.
        for pair in database.prefix(&Kind::CheckpointGroup.key()) {
            let (key, part) = pair?;
            let Some((generation, group)) = parse_key(&key) else { continue };
            if generation > newest_generation {
                unfinished.remove(&key);
                database.apply_if_full(&mut unfinished)?;
                continue;
            }
            match checkpoints.generations.insert(group, generation) {
                Some(older) if older == generation => {}
                Some(older) => {
                    checkpoints.superseded.push((older, group));
                    sealed.remove(&group);
                }
                None => {}
            }
            sealed.entry(group).or_default().extend_from_slice(&part);
        }
        database.apply(unfinished)?;
        let Some(current) = current else { return Ok((checkpoints, None)) };
        let checkpoint = checkpoints.decode(database, current, sealed)?;
        Ok((checkpoints, Some(checkpoint)))
    }

    /// Writes the next checkpoint, which is current when this returns.
    pub(in crate::storage::sled_store) fn write(
        &mut self,
        database: &Database,
        delta: &CheckpointDelta,
    ) -> Result<(), StorageError> {
        let generation = self.current.map_or(1, |current| current.generation + 1);
        let mut batch = Batch::default();
        let mut sealed = Vec::new();
        let mut put = |group: u16, encoded: &[u8]| {
            let key = group_key(generation, group);
            sealed.clear();
            values::seal(&key, &mut sealed, |bytes| bytes.extend_from_slice(encoded));
            values::put_sealed(database, &mut batch, &key, &sealed)
        };
        // An empty group replaces one that is kept; where none is, there is nothing to say.
        let is_news =
            |group: u16, accounts: &[_]| !accounts.is_empty() || self.generations.contains_key(&group);
        let mut written = vec![MATURING_GROUP];
        for (group, accounts) in delta.groups.iter().filter(|(group, accounts)| is_news(*group, accounts)) {
            put(*group, &codec::encode(accounts))?;
            written.push(*group);
        }
        put(MATURING_GROUP, &codec::encode(&delta.maturing))?;
        let current = Current { generation, at: delta.at };
        batch.put(&Kind::CurrentCheckpoint.key(), &codec::encode(&current));
        batch.put(&Kind::CheckpointRoot.key(), &codec::encode(&Root { generation, root: delta.root }));
        database.apply(batch)?;
        self.current = Some(current);
        for group in written {
            let older = self.generations.insert(group, generation);
            self.superseded.extend(older.map(|older| (older, group)));
        }
        Ok(())
    }

    /// Deletes what is superseded, now that all that was written is durable.
    pub(in crate::storage::sled_store) fn after_sync(
        &mut self,
        database: &Database,
    ) -> Result<(), StorageError> {
        let mut batch = Batch::default();
        for (generation, group) in self.superseded.drain(..) {
            values::remove(database, &mut batch, &group_key(generation, group))?;
        }
        self.durable = self.current.map(|current| current.at);
        database.apply(batch)
    }

    /// Height of the checkpoint that a loss of power would leave.
    pub(in crate::storage::sled_store) fn durable_height(&self) -> Option<Height> {
        self.durable.map(|at| at.height)
    }

    fn decode(
        &self,
        database: &Database,
        current: Current,
        sealed: BTreeMap<u16, Vec<u8>>,
    ) -> Result<Checkpoint, StorageError> {
        let root: Option<Root> = get_one(database, Kind::CheckpointRoot)?;
        let root = root.filter(|root| root.generation == current.generation).map(|root| root.root);
        let mut checkpoint = Checkpoint { at: Some(current.at), root, ..Checkpoint::default() };
        for (group, sealed) in sealed {
            let damaged =
                || database.damaged(format!("group {group} of the checkpoint is not what was written"));
            let key = group_key(self.generations[&group], group);
            let bytes = values::unseal(&key, &sealed).ok_or_else(damaged)?;
            if group == MATURING_GROUP {
                checkpoint.maturing = decode_all::<MaturingReward>(bytes).map_err(|_| damaged())?;
            } else {
                checkpoint.accounts.extend(decode_all::<(Address, Account)>(bytes).map_err(|_| damaged())?);
            }
        }
        Ok(checkpoint)
    }
}

fn decode_all<T: Decode<()>>(bytes: &[u8]) -> Result<Vec<T>, DecodeError> {
    codec::decode::<List<T>>(bytes, bytes.len()).map(|list| list.0)
}

fn group_key(generation: u64, group: u16) -> [u8; GROUP_KEY_BYTES] {
    let mut key = [Kind::CheckpointGroup as u8; GROUP_KEY_BYTES];
    key[1..9].copy_from_slice(&generation.to_be_bytes());
    key[9..].copy_from_slice(&group.to_be_bytes());
    key
}

fn parse_key(key: &[u8]) -> Option<(u64, u16)> {
    let (generation, rest) = key.get(1..)?.split_first_chunk()?;
    let group = rest.first_chunk()?;
    Some((u64::from_be_bytes(*generation), u16::from_be_bytes(*group)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{Amount, BlockHash};
    use crate::storage::sled_store::database::table::temporary;

    fn accounts(first: u8, count: u16, balance: u64) -> Vec<(Address, Account)> {
        let account = Account { balance: Amount(balance), nonce: 0 };
        let address = |i: u16| {
            let mut bytes = [first; 32];
            bytes[1..3].copy_from_slice(&i.to_be_bytes());
            Address(bytes)
        };
        (0..count).map(|i| (address(i), account)).collect()
    }

    fn delta(height: u32, groups: Vec<(u16, Vec<(Address, Account)>)>) -> CheckpointDelta {
        let at = BlockId { height: Height(height), hash: BlockHash([height as u8; 32]) };
        let reward = MaturingReward { earned_at: Height(height), miner: Address([1; 32]), amount: Amount(9) };
        CheckpointDelta { at, root: StateRoot([height as u8; 32]), groups, maturing: vec![reward] }
    }

    fn groups_on_disk(database: &Database) -> usize {
        database.prefix(&Kind::CheckpointGroup.key()).count()
    }

    #[test]
    fn a_checkpoint_half_written_is_ignored_and_removed() {
        let (_folder, database) = temporary();
        let mut checkpoints = Checkpoints::default();
        let first = delta(64, vec![(1, accounts(1, 2_000, 5)), (2, accounts(2, 3, 6))]);
        checkpoints.write(&database, &first).unwrap();
        checkpoints.after_sync(&database).unwrap();
        let whole = groups_on_disk(&database);
        // All of a second checkpoint but the record that makes it current.
        let current = database.get(&Kind::CurrentCheckpoint.key()).unwrap().unwrap();
        checkpoints.write(&database, &delta(128, vec![(1, accounts(1, 9, 7))])).unwrap();
        let mut batch = Batch::default();
        batch.put(&Kind::CurrentCheckpoint.key(), &current);
        database.apply(batch).unwrap();

        let (mut reloaded, loaded) = Checkpoints::load(&database).unwrap();
        let loaded = loaded.unwrap();
        assert_eq!(
            (loaded.at, loaded.root),
            (Some(first.at), None),
            "the root of another is not taken for its own"
        );
        assert_eq!(loaded.maturing, first.maturing);
        assert_eq!(
            loaded.accounts,
            first.groups.iter().flat_map(|(_, accounts)| accounts.clone()).collect::<Vec<_>>()
        );
        assert_eq!(groups_on_disk(&database), whole);

        reloaded.write(&database, &delta(192, vec![(1, Vec::new())])).unwrap();
        let (_, loaded) = Checkpoints::load(&database).unwrap();
        assert_eq!(loaded.unwrap().accounts, accounts(2, 3, 6));
    }

    #[test]
    fn what_is_superseded_goes_only_after_a_sync() {
        let (_folder, database) = temporary();
        let mut checkpoints = Checkpoints::default();
        checkpoints
            .write(&database, &delta(64, vec![(1, accounts(1, 10, 5)), (2, accounts(2, 10, 5))]))
            .unwrap();
        checkpoints.write(&database, &delta(128, vec![(1, accounts(1, 10, 6))])).unwrap();
        assert_eq!(groups_on_disk(&database), 3 + 2, "two groups, one of them newer, and the rewards twice");
        assert_eq!(checkpoints.durable_height(), None);
        checkpoints.after_sync(&database).unwrap();
        assert_eq!(groups_on_disk(&database), 2 + 1);
        assert_eq!(checkpoints.durable_height(), Some(Height(128)));
        let (_, loaded) = Checkpoints::load(&database).unwrap();
        assert_eq!(loaded.as_ref().unwrap().root, Some(StateRoot([128; 32])));
        let expected: Vec<_> = accounts(1, 10, 6).into_iter().chain(accounts(2, 10, 5)).collect();
        assert_eq!(loaded.unwrap().accounts, expected);
    }
}
