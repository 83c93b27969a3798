//! Finding the node a command is about: by `--rpc-url`, else by `--data-dir`, else by the network's own data folder.

use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure::{Failure, Outcome};
use super::places;
use super::session::Session;
use crate::consensus::params::Params;
use crate::rpc::types::NodeInfo;
use crate::rpc::{ClientError, RpcClient};

/// A node that answered and belongs to the network that is meant.
#[derive(Debug)]
pub(super) struct NodeAccess {
    /// Calls it.
    pub(super) client: RpcClient,
    /// What it said of itself.
    pub(super) info: NodeInfo,
    /// The session, on the node's network.
    pub(super) session: Session,
}

impl NodeAccess {
    /// Finds the node, and makes sure that it keeps the chain that is meant.
    pub(super) async fn find(session: &Session) -> Outcome<Self> {
        let client = client(session)?;
        let info = client.node_info().await.map_err(|error| unreachable_hint(error, session))?;
        let session = on_the_network_of(&info, session)?;
        Ok(Self { client, info, session })
    }

    /// Where it answers.
    pub(super) fn url(&self) -> &str {
        self.client.url()
    }

    /// Calls a method.
    pub(super) async fn call<T: DeserializeOwned>(&self, method: &str, parameters: Value) -> Outcome<T> {
        self.client.request(method, parameters).await.map_err(Failure::from)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let failure = match &error {
            ClientError::Unreachable { .. } => Self::unreachable(&error, error.hint()),
            ClientError::Refused { .. } | ClientError::BadAnswer(_) => Self::new(&error, error.hint()),
        };
        match error.reason() {
            Some(reason) => failure.because(reason),
            None => failure,
        }
    }
}

fn client(session: &Session) -> Outcome<RpcClient> {
    let made = match &session.common.rpc_url {
        Some(url) => RpcClient::new(url, None),
        None => RpcClient::for_data_dir(&session.data_folder()?),
    };
    made.map_err(|error| unreachable_hint(error, session))
}

/// Says which nodes do run here, when the one that is meant does not.
fn unreachable_hint(error: ClientError, session: &Session) -> Failure {
    let mut failure = Failure::from(error);
    let looked_for_the_default = session.common.rpc_url.is_none() && session.common.data_dir.is_none();
    if looked_for_the_default && let Some(running) = running_networks(&session.params.name) {
        failure.next_step =
            format!("start one with `cairn up`; on this machine nodes run on: {running} (--network)");
    }
    failure
}

/// The networks whose data folders say that a node runs there.
fn running_networks(but: &str) -> Option<String> {
    let folder = places::data_folder(but).ok()?;
    let siblings = std::fs::read_dir(folder.parent()?).ok()?;
    let mut names: Vec<String> = siblings
        .filter_map(Result::ok)
        .filter(|entry| places::rpc_url_file(&entry.path()).exists())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| Path::new(name) != Path::new(but))
        .collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The node's network must be the one that was named. If none was, an address of a node is enough to name one.
fn on_the_network_of(info: &NodeInfo, session: &Session) -> Outcome<Session> {
    if info.genesis_hash == session.params.genesis_hash() {
        return Ok(session.clone());
    }
    let points_at_a_node = session.common.rpc_url.is_some() || session.common.data_dir.is_some();
    if session.network_is_named || !points_at_a_node {
        let expected = &session.params;
        // Networks of one name differ only by what a file said about them.
        let next_step = if info.network == expected.name {
            "give the --chain-spec that the node was started with".to_owned()
        } else {
            format!("give --network {}, or another --rpc-url or --data-dir", info.network)
        };
        return Err(Failure::new(
            format!(
                "the node is on the network {} (genesis {}), not on {} (genesis {})",
                info.network,
                info.genesis_hash,
                expected.name,
                expected.genesis_hash()
            ),
            next_step,
        )
        .because("other-network"));
    }
    let params = Params::named(&info.network)
        .map_err(|error| Failure::new(format!("the node's network: {error}"), "is this a Cairn node?"))?;
    Ok(Session { params: Arc::new(params), ..session.clone() })
}
