//! The last templates given out, so that a solved header and its coinbase lead back to their transactions.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::node::Template;
use crate::primitives::TransactionRoot;
use crate::runtime::NodeHandle;

/// Templates remembered: at one a second, more than a miner needs to hear of a new tip.
const TEMPLATES_MAX: usize = 64;

/// Templates by the root over their transactions, oldest first. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentTemplates(Arc<Mutex<VecDeque<Arc<Template>>>>);

impl RecentTemplates {
    /// Remembers every template that the node makes for miners from now on, until it stops.
    pub(super) fn follow(&self, node: NodeHandle) {
        let ours = self.clone();
        tokio::spawn(async move {
            let mut templates = node.templates();
            templates.mark_changed();
            while tokio::select! { changed = templates.changed() => changed.is_ok(), _ = node.stopped() => false }
            {
                if let Some(template) = templates.borrow_and_update().clone() {
                    ours.remember(template);
                }
            }
        });
    }

    /// Remembers a template; of several with the same transactions the newest.
    pub(super) fn remember(&self, template: Arc<Template>) {
        let mut templates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        templates.retain(|known| known.transaction_root != template.transaction_root);
        if templates.len() == TEMPLATES_MAX {
            templates.pop_front();
        }
        templates.push_back(template);
    }

    /// The template with these transactions: the node's current one, which may be too new to be remembered, or an
    /// earlier one.
    pub(super) fn find(&self, root: TransactionRoot, node: &NodeHandle) -> Option<Arc<Template>> {
        let current = node.templates().borrow().clone();
        if let Some(current) = current {
            // Work on it may be submitted again when there is another by then.
            self.remember(current);
        }
        let templates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        templates.iter().rev().find(|template| template.transaction_root == root).cloned()
    }
}
