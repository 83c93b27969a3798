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
use crate::primitives::transaction::{TransactionHashes, signature_checks};
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
        let hashes = TransactionHashes::of_each(transactions.iter(), &genesis);
        let senders = Address::of_each(transactions.iter().map(|each| &each.sender));
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

    /// The transaction at `index` with its hashes; none beyond the last.
    pub fn hashed(&self, index: usize) -> Option<(&Transaction, &TransactionHashes)> {
        Some((self.transactions().get(index)?, self.hashes().get(index)?))
    }

    /// The checks of all signatures but those already known to be good, by the hash of the whole transaction.
    pub fn signature_checks(
        &self,
        genesis: &BlockHash,
        already_known: impl Fn(&LeafHash) -> bool,
    ) -> Vec<SignatureCheck> {
        let all = self.transactions().iter().zip(self.hashes());
        signature_checks(all.filter(|(_, hashes)| !already_known(&hashes.leaf)), genesis)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::testing::{TestChain, dev_key, payment, solve};
    use crate::primitives::keys::verify;
    use crate::primitives::{Action, List, Text, TransactionRoot, Transfer, codec};

    const MINER: Address = Address([7; 32]);

    fn dev_chain() -> TestChain {
        TestChain::new(Params::named("dev").unwrap())
    }

    /// A valid block with two payments by one sender.
    fn block_of_payments(chain: &TestChain) -> Block {
        let alice = dev_key(0);
        let pay = |nonce| payment(&alice, &chain.params, nonce, Address([2; 32]), Amount(5));
        Block::clone(&chain.mine(MINER, vec![pay(0), pay(1)]))
    }

    /// The block after a change, committed to and mined again: the miner's own doing.
    fn remade(mut block: Block, change: impl FnOnce(&mut Block)) -> Arc<Block> {
        change(&mut block);
        let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
        block.coinbase.transaction_root = transaction_root(&leaves);
        block.header.commitment = block.coinbase.commitment();
        block.header = solve(block.header);
        Arc::new(block)
    }

    fn refusal(chain: &TestChain, block: Arc<Block>) -> Option<Violation> {
        check_block_in_isolation(block, &chain.params).err()
    }

    #[test]
    fn a_mined_block_passes_and_knows_its_hashes_size_and_fees() {
        let chain = dev_chain();
        let block = Arc::new(block_of_payments(&chain));
        let checked = check_block_in_isolation(Arc::clone(&block), &chain.params).unwrap();
        assert_eq!(checked.size(), codec::encode(block.as_ref()).len());
        assert_eq!(checked.total_fees(), Amount(20_000));
        assert_eq!(checked.id(), BlockId { height: Height(1), hash: block.hash() });
        assert_eq!(checked.previous(), chain.params.genesis_hash());
        assert_eq!(checked.hashes()[1].leaf, block.transactions[1].leaf_hash());
        assert_eq!(checked.senders()[1], block.transactions[1].sender_address());
    }

    #[test]
    fn a_body_that_is_not_the_headers_is_told_apart_from_a_bad_block() {
        let chain = dev_chain();
        let mut other_coinbase = block_of_payments(&chain);
        other_coinbase.coinbase.version = 9;
        assert_eq!(refusal(&chain, Arc::new(other_coinbase)), Some(Violation::WrongCommitment));
        let mut other_signature = block_of_payments(&chain);
        other_signature.transactions[0].signature.0[0] ^= 1;
        assert_eq!(refusal(&chain, Arc::new(other_signature)), Some(Violation::WrongTransactionRoot));
        let mut one_less = block_of_payments(&chain);
        one_less.transactions.pop();
        assert_eq!(refusal(&chain, Arc::new(one_less)), Some(Violation::WrongTransactionRoot));
    }

    #[test]
    fn a_coinbase_keeps_its_version_and_the_length_of_its_tag() {
        let chain = dev_chain();
        let version = remade(block_of_payments(&chain), |block| block.coinbase.version = 2);
        assert_eq!(refusal(&chain, version), Some(Violation::CoinbaseVersion));
        let full = remade(block_of_payments(&chain), |block| block.coinbase.tag = List(vec![0xff; 64]));
        assert_eq!(refusal(&chain, full), None);
        let tag = remade(block_of_payments(&chain), |block| block.coinbase.tag = List(vec![0; 65]));
        assert_eq!(refusal(&chain, tag), Some(Violation::TagTooLong));
    }

    #[test]
    fn a_block_with_a_transaction_beyond_its_limits_is_refused_by_that_limit() {
        let chain = dev_chain();
        let free = remade(block_of_payments(&chain), |block| block.transactions[1].fee = Amount::ZERO);
        assert_eq!(refusal(&chain, free), Some(Violation::FeeOutOfRange));
    }

    #[test]
    fn a_block_is_full_at_4194304_bytes_to_the_byte() {
        let chain = dev_chain();
        let empty = Block { transactions: List::default(), ..block_of_payments(&chain) };
        let filler = block_of_payments(&chain).transactions[0].clone();
        let with_memo = |bytes| {
            let transfer =
                Transfer { outputs: List(filler.outputs().to_vec()), memo: Text("m".repeat(bytes)) };
            Transaction { action: Action::Transfer(transfer), ..filler.clone() }
        };
        let room = BLOCK_BYTES_MAX - encoded_len(&empty);
        let (count, longer) = (room / encoded_len(&with_memo(0)), room % encoded_len(&with_memo(0)));
        let packed = |longer| {
            let transactions = (0..count).map(|index| with_memo(usize::from(index < longer))).collect();
            remade(empty.clone(), |block| block.transactions = transactions)
        };
        let full = packed(longer);
        assert_eq!(encoded_len(full.as_ref()), BLOCK_BYTES_MAX);
        assert_eq!(refusal(&chain, full), None);
        assert_eq!(refusal(&chain, packed(longer + 1)), Some(Violation::BlockTooLarge));
    }

    #[test]
    fn a_block_at_another_height_or_on_another_state_is_refused() {
        let chain = dev_chain();
        let checked = CheckedBlock::trusted(Arc::new(block_of_payments(&chain)), &chain.params);
        let right = BlockContext {
            height: Height(1),
            expected_state_root: chain.params.genesis().coinbase.state_root,
        };
        assert_eq!(check_block_in_context(&checked, &right), Ok(()));
        let higher = BlockContext { height: Height(2), ..right };
        assert_eq!(check_block_in_context(&checked, &higher), Err(Violation::CoinbaseHeight));
        let elsewhere = BlockContext { expected_state_root: StateRoot::ZERO, ..right };
        assert_eq!(check_block_in_context(&checked, &elsewhere), Err(Violation::WrongStateRoot));
    }

    #[test]
    fn an_expired_transaction_spoils_its_block() {
        let mut chain = dev_chain();
        chain.grow(MINER, Vec::new()).unwrap();
        let block = remade(block_of_payments(&chain), |block| block.transactions[1].expires_at = Height(1));
        assert_eq!(chain.connect(block).err(), Some(Violation::Expired));
    }

    #[test]
    fn a_forwarder_can_check_the_fields_of_a_coinbase_but_not_its_roots() {
        let chain = dev_chain();
        let Block { header, mut coinbase, .. } = block_of_payments(&chain);
        assert_eq!(check_coinbase_fields(&coinbase, &header, Height(1)), Ok(()));
        let wrong_height = check_coinbase_fields(&coinbase, &header, Height(2));
        assert_eq!(wrong_height, Err(Violation::CoinbaseHeight));
        coinbase.transaction_root = TransactionRoot::ZERO;
        let uncommitted = check_coinbase_fields(&coinbase, &header, Height(1));
        assert_eq!(uncommitted, Err(Violation::WrongCommitment));
        let committed = Header { commitment: coinbase.commitment(), ..header };
        assert_eq!(check_coinbase_fields(&coinbase, &committed, Height(1)), Ok(()));
    }

    #[test]
    fn a_signature_is_spared_only_when_the_whole_transaction_was_seen() {
        let chain = dev_chain();
        let seen = block_of_payments(&chain);
        let known = seen.transactions[0].leaf_hash();
        let forged = remade(seen.clone(), |block| block.transactions[0].signature.0[0] ^= 1);
        let checks = |block: Arc<Block>| {
            let checked = CheckedBlock::trusted(block, &chain.params);
            checked.signature_checks(&chain.params.genesis_hash(), |leaf| *leaf == known)
        };
        let honest = checks(Arc::new(seen));
        assert_eq!((honest.len(), verify(&honest)), (1, Ok(())));
        let forged = checks(forged);
        assert_eq!((forged.len(), verify(&forged)), (2, Err(vec![0])));
    }
}
