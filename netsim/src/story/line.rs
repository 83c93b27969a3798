//! One line of a trace: something that happened at some moment, as JSON.

use serde::{Deserialize, Serialize};

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, in virtual microseconds since the beginning.
    pub at_us: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened. Hashes are as people see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// A node found a block.
    Found {
        /// Who.
        node: usize,
        /// The block.
        block: String,
        /// Its parent.
        parent: String,
        /// Its height.
        height: u32,
        /// Its transactions.
        transactions: Vec<String>,
    },
    /// A block arrived at a node by gossip, for the first time there.
    Arrived {
        /// Where.
        node: usize,
        /// Which neighbour forwarded it.
        from: usize,
        /// The block.
        block: String,
        /// Over how many links it came.
        hop: u16,
    },
    /// A node follows another tip.
    Tip {
        /// Who.
        node: usize,
        /// Blocks that joined its chain, lowest first.
        connected: Vec<String>,
        /// Blocks that left its chain, highest first.
        disconnected: Vec<String>,
    },
    /// A node found that a block breaks a rule.
    Invalid {
        /// Who.
        node: usize,
        /// The block.
        block: String,
        /// The rule.
        violation: String,
    },
    /// A transaction entered a pool.
    Admitted {
        /// Whose.
        node: usize,
        /// The transaction.
        transaction: String,
        /// Whether a client of this node sent it.
        from_client: bool,
    },
    /// A transaction left a pool and is not on the chain.
    Dropped {
        /// Whose.
        node: usize,
        /// The transaction.
        transaction: String,
        /// Why, in kebab case.
        reason: String,
    },
    /// Something the scenario did, or else worth a mark.
    Incident {
        /// In a few words.
        words: String,
    },
}
