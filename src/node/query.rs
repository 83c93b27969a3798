//! What clients can ask the core, answered between blocks, and the answers.

use std::sync::Arc;

use super::template::Template;
use crate::consensus::violation::Violation;
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{Address, Amount, BlockHash, BlockId, Height, Transaction, TransactionId};
use crate::storage::StoredHeader;

/// A question.
#[derive(Debug, Clone)]
pub enum Query {
    /// Answered by [`Answer::Account`].
    Account(Address),
    /// The block of the best chain at a height. Answered by [`Answer::BlockPlace`].
    BlockAt(Height),
    /// Any known block. Answered by [`Answer::BlockPlace`].
    BlockByHash(BlockHash),
    /// Headers of the best chain. Answered by [`Answer::Headers`].
    Headers {
        /// First height.
        from: Height,
        /// How many, at most 2,000.
        count: u32,
    },
    /// All leaf tips. Answered by [`Answer::ChainTips`].
    ChainTips,
    /// All waiting transactions, best fee rate first. Answered by [`Answer::Mempool`].
    Mempool,
    /// A waiting transaction. Answered by [`Answer::MempoolEntry`].
    MempoolEntry(TransactionId),
    /// A template made now, for this purpose. Answered by [`Answer::Template`].
    Template,
    /// Money in existence. Answered by [`Answer::Supply`].
    Supply,
}

/// An answer.
#[derive(Debug, Clone)]
pub enum Answer {
    /// To [`Query::Account`].
    Account(AccountView),
    /// To [`Query::BlockAt`] and [`Query::BlockByHash`].
    BlockPlace(Option<BlockPlace>),
    /// To [`Query::Headers`].
    Headers(Vec<StoredHeader>),
    /// To [`Query::ChainTips`].
    ChainTips(Vec<ChainTip>),
    /// To [`Query::Mempool`].
    Mempool(Vec<MempoolEntry>),
    /// To [`Query::MempoolEntry`].
    MempoolEntry(Option<MempoolEntry>),
    /// To [`Query::Template`].
    Template(Arc<Template>),
    /// To [`Query::Supply`].
    Supply(Supply),
    /// To [`super::Input::SubmitTransactions`], one entry each, in order.
    Transactions(Vec<Result<TransactionId, Rejection>>),
    /// To [`super::Input::SubmitBlock`].
    Block(BlockOutcome),
}

/// An account as its owner wants to see it. Amounts in pebbles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountView {
    /// Spendable after the tip.
    pub confirmed: Amount,
    /// Rewards that mature later.
    pub immature: Amount,
    /// On its way in, in the pool.
    pub pending_in: Amount,
    /// On its way out with fees, in the pool.
    pub pending_out: Amount,
    /// Number of transactions on the chain.
    pub nonce: u64,
    /// The nonce a next transaction must have, after those in the pool.
    pub next_nonce: u64,
    /// Tip of the chain this is true for.
    pub tip: Option<BlockId>,
}

/// A known block and how it stands to the best chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockPlace {
    /// Header, height, hash, cumulative work.
    pub header: StoredHeader,
    /// Blocks of the best chain from here to the tip, this one included; 0 when on a side branch.
    pub confirmations: u32,
    /// The next block of the best chain.
    pub next: Option<BlockHash>,
    /// Whether its body is here.
    pub has_body: bool,
    /// The rule it or an ancestor broke.
    pub violation: Option<Violation>,
}

/// The end of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainTip {
    /// Which.
    pub id: BlockId,
    /// Blocks since it left the best chain; 0 for the tip itself.
    pub branch_length: u32,
    /// As Bitcoin names them: `active valid-fork headers-only invalid`.
    pub status: &'static str,
}

/// A waiting transaction.
#[derive(Debug, Clone)]
pub struct MempoolEntry {
    /// The transaction.
    pub transaction: Arc<Transaction>,
    /// Its hashes and size.
    pub hashes: TransactionHashes,
    /// When it was admitted, in wall-clock milliseconds since 1970.
    pub admitted_wall_ms: u64,
    /// Whether all earlier nonces of its sender are here or on the chain.
    pub ready: bool,
}

/// Money in existence, in pebbles. `circulating + maturing = prefund + issued` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supply {
    /// Sum of all balances.
    pub circulating: Amount,
    /// Sum of all rewards not yet spendable.
    pub maturing: Amount,
    /// What the network began with.
    pub prefund: Amount,
    /// Sum of the subsidies of all blocks of the best chain.
    pub issued: Amount,
    /// Number of accounts.
    pub accounts: u64,
}

/// Why a transaction is not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Its id, if it could be computed.
    pub id: TransactionId,
    /// Why, in kebab case and stable: a violation's name or one of the pool's own reasons.
    pub reason: &'static str,
    /// The same in a sentence, with the numbers that matter.
    pub detail: String,
}

/// What became of a submitted block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockOutcome {
    /// It is the tip, or was for a moment.
    Connected,
    /// It is valid so far as known, on a branch with less work.
    SideBranch,
    /// It was here already.
    Duplicate,
    /// It broke a rule; `unknown-parent` and `time-too-far-ahead` are kept for later.
    Invalid(Violation),
}
