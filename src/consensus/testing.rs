//! Chains for tests, benchmarks and simulations of every layer: easy blocks, and keys with money on `dev`.

use std::sync::{Arc, LazyLock};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

use super::check_block::{BlockContext, CheckedBlock, check_block_in_context, check_block_in_isolation};
use super::dev_accounts::{DEV_ADDRESSES, DEV_PREFUND};
use super::difficulty::next_bits;
use super::facts::HeaderFacts;
use super::params::{DEV_BITS, NetworkKind, Params, ParamsOverride, PrefundOverride};
use super::state::State;
use super::state_root::{STATE_ROOT_INTERVAL, committed_state_height, state_root};
use super::state_tree::StateTree;
use super::undo::Undo;
use super::violation::Violation;
use crate::primitives::merkle::transaction_root;
use crate::primitives::{
    Action, Address, Amount, Block, BlockHash, Coinbase, CompactTarget, Header, Height, List, Output,
    SecretKey, StateRoot, Text, Timestamp, Transaction, Transfer,
};

/// The words whose first ten keys have money on development networks.
pub const DEV_WORDS: &str = "test test test test test test test test test test test junk";

/// What every test payment pays its miner: above the minimum that nodes ask for by default.
pub const TEST_FEE: Amount = Amount(10_000);

/// Cases that proptest tries when nobody says how many.
const PROPTEST_CASES_BY_DEFAULT: u64 = 256;

/// Rounds of PBKDF2 between the words and the seed, by BIP 39.
const SEED_ROUNDS: usize = 2_048;

/// How often a property is tried: so often by default, and more or less in the measure in which the environment
/// variable `PROPTEST_CASES` is above or below proptest's own 256.
pub fn property_cases(by_default: u32) -> u32 {
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse::<u64>().ok());
    let cases =
        u64::from(by_default) * wanted.unwrap_or(PROPTEST_CASES_BY_DEFAULT) / PROPTEST_CASES_BY_DEFAULT;
    u32::try_from(cases).unwrap_or(u32::MAX).max(1)
}

/// The key m/44'/7331'/0'/0'/index' of the well-known words: on `dev` the first ten have money.
pub fn dev_key(index: u32) -> SecretKey {
    static MASTER: LazyLock<[u8; 64]> =
        LazyLock::new(|| hmac_sha512(b"ed25519 seed", &[&seed_of(DEV_WORDS)]));
    let leaf = [44, 7331, 0, 0, index].into_iter().fold(*MASTER, |node, step| hardened_child(&node, step));
    SecretKey::from_seed(leaf.first_chunk().expect("64 bytes begin with 32"))
}

/// A network that retargets like `lan`, from a target that every second hash meets, with money for the dev keys.
pub fn easy_params(name: &str) -> Params {
    let kind = NetworkKind::of(name).expect("a test gives its network a good name");
    let prefund = |address: Address| PrefundOverride {
        address: address.to_text(kind.address_kind()),
        amount: DEV_PREFUND,
    };
    let overrides = ParamsOverride {
        first_bits: Some(DEV_BITS.0),
        limit_bits: Some(DEV_BITS.0),
        prefund: Some(DEV_ADDRESSES.map(prefund).to_vec()),
        ..ParamsOverride::default()
    };
    Params::with_overrides(name, &overrides).expect("these numbers keep every rule")
}

/// PBKDF2 of BIP 39 with an empty passphrase; one block of output is the whole seed.
fn seed_of(words: &str) -> [u8; 64] {
    let mut round = hmac_sha512(words.as_bytes(), &[b"mnemonic", &1_u32.to_be_bytes()]);
    let mut seed = round;
    for _ in 1..SEED_ROUNDS {
        round = hmac_sha512(words.as_bytes(), &[&round]);
        seed.iter_mut().zip(round).for_each(|(sum, byte)| *sum ^= byte);
    }
    seed
}

/// SLIP-0010 for Ed25519: key ‖ chain code of a hardened child.
fn hardened_child(parent: &[u8; 64], index: u32) -> [u8; 64] {
    let (key, chain_code) = parent.split_at(32);
    hmac_sha512(chain_code, &[&[0], key, &(index | 1 << 31).to_be_bytes()])
}

fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> [u8; 64] {
    let mut hmac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// A key without money, one for each number.
pub fn test_key(number: u64) -> SecretKey {
    let mut seed = [0xcc; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    SecretKey::from_seed(&seed)
}

/// A transfer to one address that never expires, with [`TEST_FEE`].
pub fn payment(from: &SecretKey, params: &Params, nonce: u64, to: Address, amount: Amount) -> Transaction {
    let outputs = List(vec![Output { to, amount }]);
    let action = Action::Transfer(Transfer { outputs, memo: Text::default() });
    Transaction::signed(from, &params.genesis_hash(), nonce, TEST_FEE, Height::GENESIS, action)
}

/// A block with real work over whatever is given, valid or not.
pub fn mine_block(
    parent: BlockHash,
    time: Timestamp,
    bits: CompactTarget,
    state_root: StateRoot,
    height: Height,
    miner: Address,
    transactions: Vec<Transaction>,
) -> Block {
    let leaves: Vec<_> = transactions.iter().map(Transaction::leaf_hash).collect();
    let coinbase = Coinbase {
        version: 1,
        height,
        transaction_root: transaction_root(&leaves),
        state_root,
        miner,
        extra_nonce: [0; 16],
        tag: List::default(),
    };
    let commitment = coinbase.commitment();
    let header = solve(Header { version: 1, previous: parent, commitment, time, bits, nonce: 0 });
    Block { header, coinbase, transactions: List(transactions) }
}

/// The header with the first nonce whose hash meets its target. The target should be an easy one.
pub fn solve(mut header: Header) -> Header {
    let target = header.bits.target().expect("a header to be mined has a target");
    while !target.is_met_by(&header.hash()) {
        header.nonce = header.nonce.checked_add(1).expect("an easy target is met within 2^32 hashes");
    }
    header
}

/// A chain that grows one block at a time and keeps what it takes to shrink again.
#[derive(Debug, Clone)]
pub struct TestChain {
    /// The network.
    pub params: Params,
    /// The state after the tip.
    pub state: State,
    /// Its tree, always up to date.
    pub tree: StateTree,
    /// Every header from genesis to the tip.
    pub facts: Vec<HeaderFacts>,
    /// Every block above genesis with its undo record.
    pub blocks: Vec<(CheckedBlock, Undo)>,
    /// State roots after genesis and after every checkpoint height.
    roots: Vec<StateRoot>,
}

impl TestChain {
    /// Genesis of a network.
    pub fn new(params: Params) -> Self {
        let state: State = State::genesis(&params);
        Self {
            tree: StateTree::build(state.accounts().sorted()),
            facts: vec![HeaderFacts::genesis(&params)],
            blocks: Vec::new(),
            roots: vec![params.genesis().coinbase.state_root],
            state,
            params,
        }
    }

    /// The last header.
    pub fn tip(&self) -> HeaderFacts {
        *self.facts.last().expect("genesis is never removed")
    }

    /// The root of the state after the tip.
    pub fn root(&self) -> StateRoot {
        state_root(self.tree.root(), self.state.maturing())
    }

    /// The state root that the next block must carry.
    pub fn expected_state_root(&self) -> StateRoot {
        let committed = committed_state_height(self.tip().height.next());
        self.roots[(committed.0 / STATE_ROOT_INTERVAL) as usize]
    }

    /// The next block, an interval after the tip, with real work; not yet connected.
    pub fn mine(&self, miner: Address, transactions: Vec<Transaction>) -> Arc<Block> {
        let tip = self.tip();
        let grandparent = self.facts.iter().rev().nth(1);
        let bits = next_bits(&self.params, &tip, grandparent);
        let time = tip.time.plus(self.params.interval_seconds);
        let root = self.expected_state_root();
        Arc::new(mine_block(tip.hash, time, bits, root, tip.height.next(), miner, transactions))
    }

    /// Checks and executes a block on the tip; signatures are the caller's business.
    pub fn connect(&mut self, block: Arc<Block>) -> Result<CheckedBlock, Violation> {
        let context = BlockContext {
            height: self.tip().height.next(),
            expected_state_root: self.expected_state_root(),
        };
        let block = check_block_in_isolation(block, &self.params)?;
        check_block_in_context(&block, &context)?;
        let undo = self.state.apply(&block, &self.params)?;
        self.tree.update(&undo.touched(&block).collect::<Vec<_>>(), self.state.accounts());
        self.facts.push(self.tip().child(block.header(), block.hash()));
        self.blocks.push((block.clone(), undo));
        if self.tip().height.0.is_multiple_of(STATE_ROOT_INTERVAL) {
            self.roots.push(self.root());
        }
        Ok(block)
    }

    /// Mines and connects a block.
    pub fn grow(
        &mut self,
        miner: Address,
        transactions: Vec<Transaction>,
    ) -> Result<CheckedBlock, Violation> {
        self.connect(self.mine(miner, transactions))
    }

    /// Takes the tip back; false at genesis.
    pub fn shrink(&mut self) -> bool {
        let Some((block, undo)) = self.blocks.pop() else { return false };
        self.state.undo(&block, &undo);
        self.tree.update(&undo.touched(&block).collect::<Vec<_>>(), self.state.accounts());
        if self.tip().height.0.is_multiple_of(STATE_ROOT_INTERVAL) {
            self.roots.pop();
        }
        self.facts.pop();
        true
    }
}
