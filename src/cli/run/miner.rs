//! The miner of a node, as RPC sees it: threads that search, or blocks on demand on a development network.

use std::sync::{Mutex, PoisonError};

use super::settings::Mining;
use crate::cli::args::BlockPace;
use crate::consensus::dev_accounts::DEV_ADDRESSES;
use crate::mining::{self, Miner, OnDemandMiner, Pace};
use crate::primitives::{Address, SecretKey, Timestamp};
use crate::rpc::{MiningControl, MiningNow, MiningStatus};
use crate::runtime::NodeHandle;
use crate::wallet::{ChildIndex, UnlockedWallet, Words};

/// The words of the accounts that development networks start with (docs/protocol.md, "Networks").
const DEV_WORDS: &str = "test test test test test test test test test test test junk";

/// What makes blocks in this process.
#[derive(Debug)]
pub(super) struct NodeMiner {
    node: NodeHandle,
    address: Mutex<Option<Address>>,
    searching: Mutex<Option<Miner>>,
    on_demand: Option<OnDemandMiner>,
}

impl NodeMiner {
    /// Begins as the settings say. Must be called from within tokio.
    pub(super) fn start(node: &NodeHandle, mining: Mining) -> Self {
        let on_demand = mining.pace.map(|pace| {
            let miner = OnDemandMiner::new(node.clone());
            // Somebody must earn it: the first of the accounts everybody has the keys of.
            miner.set(pace.into(), mining.address.unwrap_or(DEV_ADDRESSES[0]));
            miner
        });
        let address = Mutex::new(mining.address);
        let started = Self { node: node.clone(), address, searching: Mutex::default(), on_demand };
        if let (Some(address), Ok(threads @ 1..)) = (mining.address, u16::try_from(mining.threads)) {
            started.search(threads, address);
        }
        started
    }

    fn search(&self, threads: u16, address: Address) {
        let mut searching = self.searching.lock().unwrap_or_else(PoisonError::into_inner);
        match searching.as_ref() {
            Some(miner) => miner.set(threads, address),
            None => *searching = Some(Miner::start(self.node.clone(), threads, address)),
        }
    }

    fn address(&self) -> Option<Address> {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MiningControl for NodeMiner {
    fn status(&self) -> MiningStatus {
        let searching = self.searching.lock().unwrap_or_else(PoisonError::into_inner);
        let (threads, hashes_per_second) =
            searching.as_ref().map_or((0, 0.0), |miner| (miner.wish().threads, miner.hash_rate()));
        MiningStatus { threads: threads.into(), address: self.address(), hashes_per_second }
    }

    fn set(&self, threads: u32, address: Option<Address>) -> Result<(), String> {
        let threads = u16::try_from(threads).map_err(|_| format!("{threads} threads are too many"))?;
        let address = address.or_else(|| self.address());
        let Some(address) = address else {
            return if threads == 0 {
                Ok(())
            } else {
                Err("nobody was named who earns what is mined".to_owned())
            };
        };
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
        if self.on_demand.is_none() || threads > 0 {
            self.search(threads, address);
        }
        Ok(())
    }

    fn mine_now(&self, address: Address, count: u32) -> MiningNow<'_> {
        Box::pin(async move {
            mining::mine_now(&self.node, address, count).await.map_err(|error| error.to_string())
        })
    }
}

impl From<BlockPace> for Pace {
    fn from(pace: BlockPace) -> Self {
        match pace {
            BlockPace::Instant => Self::Instant,
            BlockPace::Manual => Self::Manual,
            BlockPace::Every(interval) => Self::Interval(interval),
        }
    }
}

/// The key of the first prefunded account of every development network.
pub(super) fn faucet_key() -> Option<SecretKey> {
    let words: Words = DEV_WORDS.parse().ok()?;
    let account = ChildIndex::try_from(0).ok()?;
    UnlockedWallet::new(words, "", account, Timestamp::default()).secret_key(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faucet_pays_from_a_prefunded_account() {
        let key = faucet_key().unwrap();
        assert!(DEV_ADDRESSES.contains(&Address::of(&key.public_key())));
    }
}
