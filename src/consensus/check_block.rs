//! The rules of a block's body: alone, and at its place in the chain. What passed the first is a [`CheckedBlock`].

use std::sync::Arc;

use super::check_header::ensure;
use super::check_transaction::{check_expiry, check_transaction_in_isolation};
use super::params::Params;
use super::violation::Violation;
use crate::primitives::block::HEADER_BYTES;
use crate::primitives::codec::encoded_len;
use crate::primitives::keys::SignatureCheck;
use crate::primitives::merkle::transaction_root;
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{
    Address, Amount, Block, BlockHash, BlockId, Coinbase, Header, Height, LeafHash, StateRoot, Transaction,
};

/// Bytes of an encoded block: header, coinbase, count, transactions.
pub const BLOCK_BYTES_MAX: usize = 4_194_304;

/// The coinbase version of this protocol.
pub const COINBASE_VERSION: u16 = 1;

/// Bytes of a coinbase's tag.
pub const TAG_BYTES_MAX: usize = 64;

/// Bytes of the count before the transactions.
const COUNT_BYTES: usize = 8;

/// A block that keeps every rule that needs no context, except signatures, with the hashes that took.
///
/// Made only by [`check_block_in_isolation`] and [`CheckedBlock::trusted`]; a clone shares everything.
#[derive(Debug, Clone)]
pub struct CheckedBlock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    block: Arc<Block>,
    hash: BlockHash,
    hashes: Vec<TransactionHashes>,
    senders: Vec<Address>,
    size: usize,
    total_fees: Amount,
}

/// What a body's rules must know of its place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockContext {
    /// The parent's height and one.
    pub height: Height,
    /// Root of the state after the block's last ancestor at a checkpoint height.
    pub expected_state_root: StateRoot,
}

/// The rules that need nothing but the block. Those that show whether the body is the header's come first, since
/// only then a later failure condemns the header.
pub fn check_block_in_isolation(block: Arc<Block>, params: &Params) -> Result<CheckedBlock, Violation> {
    check_commitment(&block.coinbase, &block.header)?;
    let checked = CheckedBlock::trusted(block, params);
    check_transaction_root(&checked)?;
    check_size(&checked)?;
    check_coinbase_version(checked.coinbase())?;
    check_tag(checked.coinbase())?;
    checked.transactions().iter().try_for_each(check_transaction_in_isolation)?;
    Ok(checked)
}

/// The rules that need the block's place in the chain, except execution, which is [`super::State::apply`].
pub fn check_block_in_context(block: &CheckedBlock, context: &BlockContext) -> Result<(), Violation> {
    check_coinbase_height(block.coinbase(), context.height)?;
    check_state_root(block.coinbase(), context)?;
    block.transactions().iter().try_for_each(|transaction| check_expiry(transaction, context.height))
}

/// The rules of a coinbase that every forwarder of a compact block can check; not its roots.
pub fn check_coinbase_fields(coinbase: &Coinbase, header: &Header, height: Height) -> Result<(), Violation> {
    check_commitment(coinbase, header)?;
    check_coinbase_version(coinbase)?;
    check_coinbase_height(coinbase, height)?;
    check_tag(coinbase)
}

impl CheckedBlock {
    /// A block that was checked before, or made here: hashes are computed, nothing is checked.
    pub fn trusted(block: Arc<Block>, params: &Params) -> Self {
        let genesis = params.genesis_hash();
        let transactions = &block.transactions;
        let hashes: Vec<_> = transactions.iter().map(|each| TransactionHashes::of(each, &genesis)).collect();
        let senders = transactions.iter().map(Transaction::sender_address).collect();
        let transaction_bytes: usize = hashes.iter().map(|hashes| hashes.size as usize).sum();
        // A sum beyond 64 bits is beyond the supply too, so execution refuses such a block before it is paid out.
        let total_fees = transactions.iter().fold(0_u64, |sum, each| sum.saturating_add(each.fee.0));
        Self(Arc::new(Inner {
            hash: block.hash(),
            size: HEADER_BYTES + encoded_len(&block.coinbase) + COUNT_BYTES + transaction_bytes,
            total_fees: Amount(total_fees),
            block,
            hashes,
            senders,
        }))
    }

    /// The block.
    pub fn block(&self) -> &Arc<Block> {
        &self.0.block
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.0.block.header
    }

    /// The coinbase.
    pub fn coinbase(&self) -> &Coinbase {
        &self.0.block.coinbase
    }

    /// The transactions in the order of execution.
    pub fn transactions(&self) -> &[Transaction] {
        &self.0.block.transactions
    }

    /// The header's hash.
    pub fn hash(&self) -> BlockHash {
        self.0.hash
    }

    /// The parent's hash.
    pub fn previous(&self) -> BlockHash {
        self.header().previous
    }

    /// The height its coinbase names: the block's own once [`check_block_in_context`] agreed.
    pub fn height(&self) -> Height {
        self.coinbase().height
    }

    /// Height and hash.
    pub fn id(&self) -> BlockId {
        BlockId { height: self.height(), hash: self.hash() }
    }

    /// The hashes of each transaction.
    pub fn hashes(&self) -> &[TransactionHashes] {
        &self.0.hashes
    }

    /// The sender's address of each transaction.
    pub fn senders(&self) -> &[Address] {
        &self.0.senders
    }

    /// Length of the block's encoding in bytes.
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// Sum of all fees.
    pub fn total_fees(&self) -> Amount {
        self.0.total_fees
    }

    /// The check of the signature at `index`; none beyond the last transaction.
    pub fn signature_check(&self, index: usize) -> Option<SignatureCheck> {
        let transaction = self.transactions().get(index)?;
        Some(self.hashes().get(index)?.signature_check(transaction))
    }

    /// The checks of all signatures but those already known to be good, by the hash of the whole transaction.
    pub fn signature_checks(&self, already_known: impl Fn(&LeafHash) -> bool) -> Vec<SignatureCheck> {
        let pairs = self.hashes().iter().zip(self.transactions());
        pairs
            .filter(|(hashes, _)| !already_known(&hashes.leaf))
            .map(|(hashes, transaction)| hashes.signature_check(transaction))
            .collect()
    }
}

fn check_commitment(coinbase: &Coinbase, header: &Header) -> Result<(), Violation> {
    ensure(coinbase.commitment() == header.commitment, Violation::WrongCommitment)
}

fn check_transaction_root(block: &CheckedBlock) -> Result<(), Violation> {
    let leaves: Vec<LeafHash> = block.hashes().iter().map(|hashes| hashes.leaf).collect();
    ensure(transaction_root(&leaves) == block.coinbase().transaction_root, Violation::WrongTransactionRoot)
}

fn check_size(block: &CheckedBlock) -> Result<(), Violation> {
    ensure(block.size() <= BLOCK_BYTES_MAX, Violation::BlockTooLarge)
}

fn check_coinbase_version(coinbase: &Coinbase) -> Result<(), Violation> {
    ensure(coinbase.version == COINBASE_VERSION, Violation::CoinbaseVersion)
}

fn check_tag(coinbase: &Coinbase) -> Result<(), Violation> {
    ensure(coinbase.tag.len() <= TAG_BYTES_MAX, Violation::TagTooLong)
}

fn check_coinbase_height(coinbase: &Coinbase, height: Height) -> Result<(), Violation> {
    ensure(coinbase.height == height, Violation::CoinbaseHeight)
}

fn check_state_root(coinbase: &Coinbase, context: &BlockContext) -> Result<(), Violation> {
    ensure(coinbase.state_root == context.expected_state_root, Violation::WrongStateRoot)
}
