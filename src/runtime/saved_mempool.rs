//! The pool over a restart: what waited at the stop is offered to the core again.

use std::sync::Arc;

use super::handle::{NodeHandle, NodeStopped};
use crate::node::input::Purpose;
use crate::node::message::GOSSIPED_TRANSACTIONS_MAX;
use crate::primitives::Transaction;

/// Offers saved transactions, in their order; answers how many were admitted again.
pub async fn restore_mempool(
    handle: &NodeHandle,
    saved: Vec<Arc<Transaction>>,
) -> Result<usize, NodeStopped> {
    let mut admitted = 0;
    for batch in saved.chunks(GOSSIPED_TRANSACTIONS_MAX) {
        let verdicts = handle.submit_transactions(batch.to_vec(), Purpose::Restore).await?;
        admitted += verdicts.iter().filter(|verdict| verdict.is_ok()).count();
    }
    Ok(admitted)
}
