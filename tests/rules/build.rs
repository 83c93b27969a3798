//! Blocks and transactions to order: everything right, but for what a case wants to be wrong.

use std::sync::{Arc, LazyLock};

use cairn::consensus::next_bits;
use cairn::consensus::testing::{TEST_FEE, TestChain, dev_key, easy_params, solve, test_key};
use cairn::primitives::merkle::transaction_root;
use cairn::primitives::{
    Action, Address, Amount, Anchor, Block, Coinbase, Header, Height, List, Output, SecretKey, Text,
    Timestamp, Transaction, TransactionRoot, Transfer,
};

/// Earns the blocks that nobody in particular mines.
pub(crate) const MINER: Address = Address([7; 32]);
/// Earns those of the other branch.
pub(crate) const RIVAL: Address = Address([8; 32]);
/// Gets money and never spends any.
pub(crate) const DAVE: Address = Address([0xda; 32]);
/// What [`erin`] holds on [`young`].
pub(crate) const ERINS: u64 = 100_000;
/// What [`alice`] and every other rich one begins with.
pub(crate) const RICH: u64 = 1_000_000_000_000;

/// Rich from the start; has sent two transactions on [`young`].
pub(crate) fn alice() -> SecretKey {
    dev_key(0)
}

/// Rich from the start; has sent nothing.
pub(crate) fn bob() -> SecretKey {
    dev_key(1)
}

/// Mined block 4 of [`young`] and has nothing else: her reward matures in block 14.
pub(crate) fn carol() -> SecretKey {
    test_key(3)
}

/// Holds [`ERINS`] pebbles on [`young`]; has sent nothing.
pub(crate) fn erin() -> SecretKey {
    test_key(5)
}

/// Holds nothing.
pub(crate) fn frank() -> SecretKey {
    test_key(6)
}

/// Where a key's money is.
pub(crate) fn address(key: &SecretKey) -> Address {
    Address::of(&key.public_key())
}

/// The network without a block.
pub(crate) fn genesis() -> TestChain {
    static GENESIS: LazyLock<TestChain> = LazyLock::new(|| TestChain::new(easy_params("rules")));
    GENESIS.clone()
}

/// Twelve blocks, half an interval apart: harder than the limit by now, with some money moved and no reward matured
/// but those of the first two.
pub(crate) fn young() -> TestChain {
    static YOUNG: LazyLock<TestChain> = LazyLock::new(|| {
        let mut chain = genesis();
        for height in 1..=12 {
            let payment = match height {
                3 => vec![payment(&chain, &alice(), 0, |_| ())],
                5 => vec![payment(&chain, &alice(), 1, |each| *each.output(0) = to(&erin(), ERINS))],
                _ => Vec::new(),
            };
            let miner = if height == 4 { address(&carol()) } else { MINER };
            let block = draft(&chain).seconds(5).miner(miner).transactions(payment).block();
            connect(&mut chain, &block);
        }
        chain
    });
    YOUNG.clone()
}

/// [`young`] and empty blocks up to a height.
pub(crate) fn up_to(height: u32) -> TestChain {
    grown(young(), (height - 12) as usize, MINER)
}

/// A chain and so many empty blocks more.
pub(crate) fn grown(chain: TestChain, blocks: usize, miner: Address) -> TestChain {
    grown_by(chain, blocks, miner, 10)
}

/// The same, with so many seconds from block to block.
pub(crate) fn grown_by(mut chain: TestChain, blocks: usize, miner: Address, seconds: i64) -> TestChain {
    for _ in 0..blocks {
        let block = draft(&chain).seconds(seconds).miner(miner).block();
        connect(&mut chain, &block);
    }
    chain
}

/// A chain without its last blocks.
pub(crate) fn cut(mut chain: TestChain, blocks: usize) -> TestChain {
    for _ in 0..blocks {
        assert!(chain.shrink(), "a chain has that many blocks");
    }
    chain
}

/// The blocks of a chain above a height.
pub(crate) fn above(chain: &TestChain, height: usize) -> Vec<Block> {
    chain.blocks[height..].iter().map(|(block, _)| block.block().as_ref().clone()).collect()
}

/// Puts a valid block on a chain.
pub(crate) fn connect(chain: &mut TestChain, block: &Block) {
    chain.connect(Arc::new(block.clone())).expect("what a case builds on is valid");
}

/// The chain with one block more, and that block.
pub(crate) fn with(chain: &TestChain, block: Draft<'_>) -> (TestChain, Block) {
    let block = block.block();
    let mut chain = chain.clone();
    connect(&mut chain, &block);
    (chain, block)
}

type Edit<'a, T> = Box<dyn FnOnce(&mut T) + 'a>;

/// The next block of a chain, to be changed before it is sealed.
pub(crate) struct Draft<'a> {
    chain: &'a TestChain,
    seconds: i64,
    miner: Address,
    transactions: Vec<Transaction>,
    coinbase: Edit<'a, Coinbase>,
    header: Edit<'a, Header>,
    has_work: bool,
}

/// An empty block on a chain, an interval after its tip.
pub(crate) fn draft(chain: &TestChain) -> Draft<'_> {
    Draft {
        chain,
        seconds: 10,
        miner: MINER,
        transactions: Vec::new(),
        coinbase: Box::new(|_| ()),
        header: Box::new(|_| ()),
        has_work: true,
    }
}

impl<'a> Draft<'a> {
    /// Seconds after the parent.
    pub(crate) fn seconds(self, seconds: i64) -> Self {
        Self { seconds, ..self }
    }

    pub(crate) fn miner(self, miner: Address) -> Self {
        Self { miner, ..self }
    }

    pub(crate) fn transactions(self, transactions: Vec<Transaction>) -> Self {
        Self { transactions, ..self }
    }

    /// Changes what the header commits to.
    pub(crate) fn coinbase(self, edit: impl FnOnce(&mut Coinbase) + 'a) -> Self {
        Self { coinbase: Box::new(edit), ..self }
    }

    /// Changes what the work is done on.
    pub(crate) fn header(self, edit: impl FnOnce(&mut Header) + 'a) -> Self {
        Self { header: Box::new(edit), ..self }
    }

    /// With a nonce whose hash is above the target.
    pub(crate) fn without_work(self) -> Self {
        Self { has_work: false, ..self }
    }

    /// Seals it with real work over whatever it is by now, if its bits are a target.
    pub(crate) fn block(self) -> Block {
        let (tip, grandparent) = (self.chain.tip(), self.chain.facts.iter().rev().nth(1));
        let leaves: Vec<_> = self.transactions.iter().map(Transaction::leaf_hash).collect();
        let mut coinbase = Coinbase {
            version: 1,
            height: tip.height.next(),
            transaction_root: transaction_root(&leaves),
            state_root: self.chain.expected_state_root(),
            miner: self.miner,
            extra_nonce: [0; 16],
            tag: List::default(),
        };
        (self.coinbase)(&mut coinbase);
        let mut header = Header {
            version: 1,
            previous: tip.hash,
            commitment: coinbase.commitment(),
            time: Timestamp(u32::try_from(i64::from(tip.time.0) + self.seconds).expect("a time of this age")),
            bits: next_bits(&self.chain.params, &tip, grandparent),
            nonce: 0,
        };
        (self.header)(&mut header);
        if !self.has_work {
            spoil_work(&mut header);
        } else if header.bits.target().is_ok() {
            header = solve(header);
        }
        Block { header, coinbase, transactions: List(self.transactions) }
    }
}

fn spoil_work(header: &mut Header) {
    let target = header.bits.target().expect("a good block has a target");
    while target.is_met_by(&header.hash()) {
        header.nonce += 1;
    }
}

/// A transfer of 5 pebbles to [`DAVE`], changed as wanted and only then signed.
pub(crate) fn payment(
    chain: &TestChain,
    from: &SecretKey,
    nonce: u64,
    edit: impl FnOnce(&mut Transaction),
) -> Transaction {
    let outputs = List(vec![Output { to: DAVE, amount: Amount(5) }]);
    let action = Action::Transfer(Transfer { outputs, memo: Text::default() });
    let genesis = chain.params.genesis_hash();
    let mut payment = Transaction::signed(from, &genesis, nonce, TEST_FEE, Height::GENESIS, action);
    edit(&mut payment);
    payment.signature = from.sign(&payment.signing_hash(&genesis).0);
    payment
}

/// An anchor with a label of this length.
pub(crate) fn anchor(chain: &TestChain, from: &SecretKey, nonce: u64, label_bytes: usize) -> Transaction {
    let anchor = Anchor { digest: [0xd1; 32], label: Text("l".repeat(label_bytes)) };
    payment(chain, from, nonce, |each| each.action = Action::Anchor(anchor))
}

/// The payment of an amount to a key.
pub(crate) fn to(key: &SecretKey, amount: u64) -> Output {
    Output { to: address(key), amount: Amount(amount) }
}

/// What a case changes of a transfer.
pub(crate) trait Parts {
    /// The output at a position.
    fn output(&mut self, index: usize) -> &mut Output;
    /// All of the transfer.
    fn transfer(&mut self) -> &mut Transfer;
    /// As many payments of a pebble each.
    fn set_outputs(&mut self, count: usize);
    /// A memo of so many bytes.
    fn set_memo(&mut self, bytes: usize);
}

impl Parts for Transaction {
    fn output(&mut self, index: usize) -> &mut Output {
        &mut self.transfer().outputs[index]
    }

    fn transfer(&mut self) -> &mut Transfer {
        match &mut self.action {
            Action::Transfer(transfer) => transfer,
            Action::Anchor(_) => panic!("the case changes a transfer"),
        }
    }

    fn set_outputs(&mut self, count: usize) {
        self.transfer().outputs = List(vec![Output { to: DAVE, amount: Amount(1) }; count]);
    }

    fn set_memo(&mut self, bytes: usize) {
        self.transfer().memo = Text("m".repeat(bytes));
    }
}

/// The coinbase's root over whatever a block holds.
pub(crate) fn root_of(transactions: &[Transaction]) -> TransactionRoot {
    let leaves: Vec<_> = transactions.iter().map(Transaction::leaf_hash).collect();
    transaction_root(&leaves)
}
