//! `verifychain`: checks the last blocks again, off the core.

use std::sync::Arc;

use super::api::{Api, ask_node};
use super::errors::{RpcError, RpcResult};
use super::types::{ChainVerification, VerificationProblem};
use crate::consensus::{HeaderContext, HeaderFacts, Params, check_block, check_header};
use crate::node::Query;
use crate::primitives::keys;
use crate::primitives::{Block, Height};
use crate::runtime::NodeHandle;
use crate::storage::StoredHeader;

/// Blocks checked unless told otherwise, as in Bitcoin.
const DEPTH_DEFAULT: u32 = 6;

/// Headers asked from the core at once.
const HEADERS_PER_QUERY: u32 = 2_000;

/// The method.
pub(super) async fn verify(api: &Api, depth: Option<u32>) -> RpcResult<ChainVerification> {
    verify_chain(api.node(), depth.unwrap_or(DEPTH_DEFAULT), |_| {}).await
}

/// Checks the last `depth` blocks again, lowest first; all for 0. Stops at the first problem. `progress` hears how many
/// blocks are checked.
pub async fn verify_chain(
    node: &NodeHandle,
    depth: u32,
    mut progress: impl FnMut(u32) + Send,
) -> RpcResult<ChainVerification> {
    let tip = node.view().tip.id.height;
    let first = match depth {
        0 => Height(1),
        depth => tip.minus(depth - 1).max(Height(1)),
    };
    let mut verification = ChainVerification { ok: true, blocks: 0, signatures: 0, problem: None };
    // Two headers below the first block to check give it its context.
    let mut next = first.minus(2);
    let mut ancestors: Vec<StoredHeader> = Vec::new();
    while next <= tip {
        let count = HEADERS_PER_QUERY.min(tip.since(next) + 1);
        let headers = ask_node!(node, Query::Headers { from: next, count } => Headers);
        if headers.is_empty() {
            break;
        }
        for header in headers {
            next = header.id.height.next();
            if header.id.height >= first {
                let outcome = verify_block(node, header, &ancestors).await?;
                verification.record(&header, outcome);
                progress(verification.blocks);
                if !verification.ok {
                    return Ok(verification);
                }
            }
            ancestors.push(header);
            ancestors.drain(..ancestors.len().saturating_sub(2));
        }
    }
    Ok(verification)
}

/// The number of signatures that hold, or the reason why the block does not.
type Outcome = Result<u64, &'static str>;

async fn verify_block(
    node: &NodeHandle,
    header: StoredHeader,
    ancestors: &[StoredHeader],
) -> RpcResult<Outcome> {
    let Some(block) = node.block(header.id).await? else { return Ok(Err("body-missing")) };
    let params = Arc::clone(node.params());
    let context = header_context(ancestors);
    let check = move || check(&block, &header, context.as_ref(), &params);
    let checked = tokio::task::spawn_blocking(check).await;
    checked.map_err(|error| RpcError::internal("check-failed", error.to_string()))
}

fn header_context(ancestors: &[StoredHeader]) -> Option<HeaderContext> {
    let facts = |stored: &StoredHeader| HeaderFacts {
        height: stored.id.height,
        hash: stored.id.hash,
        time: stored.header.time,
        bits: stored.header.bits,
        work: stored.work,
    };
    let mut from_parent = ancestors.iter().rev().map(facts);
    from_parent.next().map(|parent| HeaderContext { parent, grandparent: from_parent.next() })
}

fn check(
    block: &Arc<Block>,
    stored: &StoredHeader,
    context: Option<&HeaderContext>,
    params: &Params,
) -> Outcome {
    let rules = || {
        let header = &block.header;
        check_header::check_header_in_isolation(header, &header.hash(), params)?;
        if let Some(context) = context {
            check_header::check_header_in_context(header, context, params)?;
        }
        check_block::check_block_in_isolation(Arc::clone(block), params)
    };
    let checked = rules().map_err(crate::consensus::Violation::name)?;
    if checked.hash() != stored.id.hash || checked.height() != stored.id.height {
        return Err("another-block");
    }
    let signatures = checked.signature_checks(&params.genesis_hash(), |_| false);
    keys::verify(&signatures).map_err(|_| crate::consensus::Violation::BadSignature.name())?;
    Ok(signatures.len() as u64)
}

impl ChainVerification {
    fn record(&mut self, header: &StoredHeader, outcome: Outcome) {
        self.blocks += 1;
        match outcome {
            Ok(signatures) => self.signatures += signatures,
            Err(reason) => {
                let (height, hash) = (header.id.height, header.id.hash);
                self.ok = false;
                self.problem = Some(VerificationProblem { height, hash, reason: reason.to_owned() });
            }
        }
    }
}
