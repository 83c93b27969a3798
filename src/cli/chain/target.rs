//! Where imported blocks go: the core on a folder, or a running node.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cli::failure::{Failure, Outcome};
use crate::cli::node_access::NodeAccess;
use crate::cli::run::OfflineNode;
use crate::consensus::params::Params;
use crate::consensus::violation::Violation;
use crate::node::query::{Answer, BlockOutcome, Query};
use crate::primitives::{Block, BlockHash, BlockId, Height, codec};
use crate::rpc::types::HeaderInfo;
use crate::rpc::{ClientError, code};
use crate::runtime::NodeStopped;

/// Blocks on their way to the core at once, so that it can check and store them in groups: at most 128 MiB.
const FOLDER_AHEAD: usize = 32;

/// What checks blocks and keeps them.
#[derive(Debug)]
pub(super) enum Target {
    /// The core, on a folder without a node.
    Folder(OfflineNode),
    /// A running node.
    Node(Box<NodeAccess>),
}

/// What became of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is kept, on the best chain or beside it.
    Added,
    /// It had been here before.
    Known,
    /// It breaks this rule, or one before it does.
    Refused(String),
}

/// A block on which others were built, and the rule it breaks.
#[derive(Debug)]
pub(super) struct Culprit {
    pub(super) id: BlockId,
    pub(super) violation: String,
}

impl Target {
    /// The core on a folder that no other process has.
    pub(super) fn folder(params: &Arc<Params>, folder: &Path) -> Outcome<Self> {
        Ok(Self::Folder(OfflineNode::open_to_fill(params, folder)?))
    }

    /// How many blocks may be on their way. One after another to a node: over several connections they might overtake
    /// each other.
    pub(super) fn ahead(&self) -> usize {
        match self {
            Self::Folder(_) => FOLDER_AHEAD,
            Self::Node(_) => 1,
        }
    }

    /// Hands in a block.
    pub(super) async fn submit(&self, block: Block) -> Outcome<Verdict> {
        match self {
            Self::Folder(offline) => {
                let outcome = offline.handle().submit_block(Arc::new(block)).await;
                Ok(verdict(outcome.map_err(stopped)?))
            }
            Self::Node(node) => submit_to(node, &block).await,
        }
    }

    /// The best block.
    pub(super) async fn tip(&self) -> Outcome<BlockId> {
        match self {
            Self::Folder(offline) => Ok(offline.handle().view().tip.id),
            Self::Node(node) => {
                let info = node.client.blockchain_info().await?;
                Ok(BlockId { height: info.blocks, hash: info.bestblockhash })
            }
        }
    }

    /// Of the ancestors of a refused block, the one that breaks a rule itself; none when nothing is known of it.
    pub(super) async fn culprit(&self, parent: BlockHash) -> Outcome<Option<Culprit>> {
        let mut hash = parent;
        loop {
            let Some(known) = self.known(hash).await? else { return Ok(None) };
            match known.violation {
                Some(violation) if violation == Violation::InvalidParent.name() => hash = known.previous,
                Some(violation) => {
                    let id = BlockId { height: known.height, hash };
                    return Ok(Some(Culprit { id, violation }));
                }
                None => return Ok(None),
            }
        }
    }

    /// Ends what was begun.
    pub(super) async fn close(self) {
        match self {
            Self::Folder(offline) => offline.close("the import is done").await,
            Self::Node(_) => {}
        }
    }

    async fn known(&self, hash: BlockHash) -> Outcome<Option<Known>> {
        match self {
            Self::Folder(offline) => {
                let answer = offline.handle().query(Query::BlockByHash(hash)).await;
                let Answer::BlockPlace(place) = answer.map_err(stopped)? else {
                    return Ok(None);
                };
                Ok(place.map(|place| Known {
                    height: place.header.id.height,
                    previous: place.header.header.previous,
                    violation: place.violation.map(|violation| violation.name().to_owned()),
                }))
            }
            Self::Node(node) => match node.client.request("getblockheader", json!([hash])).await {
                Ok(HeaderInfo { height, previousblockhash, violation, .. }) => {
                    Ok(Some(Known { height, previous: previousblockhash, violation }))
                }
                Err(ClientError::Refused { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// What is known of a header.
struct Known {
    height: Height,
    previous: BlockHash,
    violation: Option<String>,
}

fn verdict(outcome: BlockOutcome) -> Verdict {
    match outcome {
        BlockOutcome::Connected | BlockOutcome::SideBranch => Verdict::Added,
        BlockOutcome::Duplicate => Verdict::Known,
        BlockOutcome::Invalid(violation) => Verdict::Refused(violation.name().to_owned()),
    }
}

async fn submit_to(node: &NodeAccess, block: &Block) -> Outcome<Verdict> {
    let hex = hex::encode(codec::encode(block));
    match node.client.request::<Value>("submitblock", json!([hex])).await {
        Ok(word) if word == "duplicate" => Ok(Verdict::Known),
        Ok(_) => Ok(Verdict::Added),
        Err(ClientError::Refused { code: code::REJECTED, reason, .. }) => Ok(Verdict::Refused(reason)),
        Err(error) => Err(error.into()),
    }
}

fn stopped(stopped: NodeStopped) -> Failure {
    let reason = stopped.reason.unwrap_or_else(|| "the core stopped".to_owned());
    Failure::new(reason, "what was said to be added is kept; import the rest again")
}
