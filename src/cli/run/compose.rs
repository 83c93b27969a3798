//! The composition root: store → node → network → miner → RPC, each started from what stands before it.

use std::path::Path;
use std::sync::Arc;

use super::disk_guard;
use super::kept_bans;
use super::miner::{NodeMiner, faucet_key};
use super::opening::{self, OpenedNode};
use super::settings::Settings;
use crate::cli::failure::{Failure, Outcome};
use crate::consensus::params::NetworkKind;
use crate::network::{self, NetworkConfig, NetworkError, NetworkHandle, NodeKey, PeerRecords};
use crate::primitives::{List, Transaction, codec};
use crate::rpc::{RpcConfig, RpcContext, RpcServer, RpcStartError, TransactionIndex};
use crate::runtime::{self, NetworkCommand, NodeHandle, Threads};
use crate::storage::{Records, WalletIndex};

/// The node's key, in its data folder.
const NODE_KEY_FILE: &str = "node.key";

/// The record of good peers' addresses.
const PEERS_RECORD: &str = "peers";

/// The record of transactions that waited when the node stopped.
const MEMPOOL_RECORD: &str = "mempool";

/// Bytes of waiting transactions that are kept over a restart; the rest is with the peers.
const MEMPOOL_BYTES_MAX: usize = 8 << 20;

/// A whole running node.
#[derive(Debug)]
pub(super) struct RunningNode {
    pub(super) handle: NodeHandle,
    pub(super) network: NetworkHandle,
    pub(super) rpc: RpcServer,
    pub(super) threads: Threads,
    pub(super) records: Records,
    pub(super) settings: Settings,
}

/// Starts everything. What was started is stopped again when a later part does not start.
pub(super) async fn start(mut settings: Settings) -> Outcome<RunningNode> {
    let (params, folders, index) =
        (Arc::clone(&settings.params), settings.data_folders.clone(), settings.index);
    // The folders to choose from lie beside each other.
    if let Some(folder) = folders.first() {
        disk_guard::require_room(folder)?;
    }
    let opened = tokio::task::spawn_blocking(move || opening::open(&params, &folders, index)).await;
    let OpenedNode { running, records, index, folder } = opened.expect("opening does not panic")?;
    settings.data_folders = vec![folder.clone()];

    let handle = running.handle;
    restore_mempool(&handle, &records).await;
    let network = start_network(&settings, &folder, &handle, &records, running.network_commands).await?;
    tokio::spawn(disk_guard::watch(handle.clone(), folder.clone()));
    tokio::spawn(kept_bans::watch(handle.clone(), records.clone()));
    let miner = Arc::new(NodeMiner::start(&handle, settings.mining));
    let rpc = start_rpc(&settings, &folder, context(&settings, &folder, &handle, miner, index)).await?;
    Ok(RunningNode { handle, network, rpc, threads: running.threads, records, settings })
}

async fn start_network(
    settings: &Settings,
    folder: &Path,
    handle: &NodeHandle,
    records: &Records,
    commands: tokio::sync::mpsc::Receiver<NetworkCommand>,
) -> Outcome<NetworkHandle> {
    let config = NetworkConfig {
        genesis: settings.params.genesis_hash(),
        key: NodeKey::load_or_create(&folder.join(NODE_KEY_FILE))?,
        listen: settings.listen_addresses.clone(),
        bootstrap: settings.bootstrap.clone(),
        connect: settings.connect.clone(),
        mdns: settings.mdns,
        rendezvous: Some(network::default_rendezvous()),
        records: Arc::new(KeptPeers(records.clone())),
    };
    Ok(network::start(config, handle.clone(), commands).await?)
}

/// What the methods of RPC answer from.
fn context(
    settings: &Settings,
    folder: &Path,
    handle: &NodeHandle,
    miner: Arc<NodeMiner>,
    index: Option<WalletIndex>,
) -> RpcContext {
    let is_development = settings.params.kind == NetworkKind::Development;
    RpcContext {
        node: handle.clone(),
        mining: Some(miner),
        index: index.map(|index| Arc::new(index) as Arc<dyn TransactionIndex>),
        faucet: if is_development { faucet_key() } else { None },
        data_dir: folder.to_owned(),
    }
}

async fn start_rpc(settings: &Settings, folder: &Path, context: RpcContext) -> Outcome<RpcServer> {
    let config =
        RpcConfig { bind: settings.rpc_bind.address, data_dir: folder.to_owned(), allowed_hosts: Vec::new() };
    Ok(RpcServer::start(config, context).await?)
}

/// What waited at the last stop waits again, if it still can.
async fn restore_mempool(handle: &NodeHandle, records: &Records) {
    let saved = records.get(MEMPOOL_RECORD).ok().flatten();
    let Some(saved) =
        saved.and_then(|bytes| codec::decode::<List<Arc<Transaction>>>(&bytes, MEMPOOL_BYTES_MAX).ok())
    else {
        return;
    };
    match runtime::restore_mempool(handle, saved.0).await {
        Ok(0) | Err(_) => {}
        Ok(count) => tracing::info!(count, "transactions wait again"),
    }
}

/// Keeps what waits, as far as there is room. Failing at this costs nothing that peers do not have.
pub(super) fn save_mempool(records: &Records, mempool: Vec<Arc<Transaction>>) {
    let mut bytes = size_of::<u64>();
    let fits = |transaction: &Arc<Transaction>| {
        bytes += codec::encoded_len(transaction);
        bytes <= MEMPOOL_BYTES_MAX
    };
    let kept: List<Arc<Transaction>> = mempool.into_iter().take_while(fits).collect();
    // The store is closed by now, so nobody else would write it out.
    let saved = records.put(MEMPOOL_RECORD, &codec::encode(&kept)).and_then(|()| records.sync());
    if let Err(error) = saved {
        tracing::warn!("the waiting transactions could not be kept: {error}");
    }
}

/// Addresses of good peers among the store's records.
#[derive(Debug)]
struct KeptPeers(Records);

impl PeerRecords for KeptPeers {
    fn load(&self) -> Option<Vec<u8>> {
        self.0.get(PEERS_RECORD).ok().flatten()
    }

    fn save(&self, record: Vec<u8>) {
        if let Err(error) = self.0.put(PEERS_RECORD, &record) {
            tracing::warn!("the addresses of peers could not be kept: {error}");
        }
    }
}

impl From<NetworkError> for Failure {
    fn from(error: NetworkError) -> Self {
        // These errors say themselves what to do.
        Self::new(error, "").because("network-failed")
    }
}

impl From<RpcStartError> for Failure {
    fn from(error: RpcStartError) -> Self {
        Self::new(error, "give another --rpc-bind").because("rpc-failed")
    }
}
