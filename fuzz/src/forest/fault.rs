//! What can be wrong with a block that somebody mined on purpose.

use cairn::consensus::testing::{TestChain, payment, solve};
use cairn::primitives::{Amount, Block, CompactTarget, Height, List, SecretKey, Timestamp, Transaction};

use super::PAYEES;

/// What is wrong with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Header(HeaderFault),
    Coinbase(CoinbaseFault),
    /// Does nothing to a block without payments.
    Payment(PaymentFault),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderFault {
    Bits,
    Time,
    Version,
    Work,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CoinbaseFault {
    Height,
    Tag,
    Version,
    StateRoot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaymentFault {
    Signature,
    NonceGap,
    Balance,
    Duplicate,
    Expired,
    ZeroAmount,
}

/// All of them, in the order of the bytes that stand for them.
const FAULTS: [Fault; 14] = [
    Fault::Header(HeaderFault::Bits),
    Fault::Header(HeaderFault::Time),
    Fault::Header(HeaderFault::Version),
    Fault::Header(HeaderFault::Work),
    Fault::Coinbase(CoinbaseFault::Height),
    Fault::Coinbase(CoinbaseFault::Tag),
    Fault::Coinbase(CoinbaseFault::Version),
    Fault::Coinbase(CoinbaseFault::StateRoot),
    Fault::Payment(PaymentFault::Signature),
    Fault::Payment(PaymentFault::NonceGap),
    Fault::Payment(PaymentFault::Balance),
    Fault::Payment(PaymentFault::Duplicate),
    Fault::Payment(PaymentFault::Expired),
    Fault::Payment(PaymentFault::ZeroAmount),
];

/// The byte of the first fault: more than half of all blocks have none.
const FAULTS_FROM: u8 = 18;

impl Fault {
    /// The one that a byte stands for.
    pub(super) fn of(byte: u8) -> Self {
        let number = (byte % 32).checked_sub(FAULTS_FROM).map(usize::from);
        number.map_or(Self::None, |number| FAULTS[number])
    }

    pub(super) const fn is_in_header(self) -> bool {
        matches!(self, Self::Header(_))
    }

    /// Whether everyone who holds the parent can see it without the transactions.
    pub(super) fn is_plain(self) -> bool {
        match self {
            Self::Header(_) => true,
            Self::Coinbase(fault) => fault != CoinbaseFault::StateRoot,
            Self::None | Self::Payment(_) => false,
        }
    }

    /// Spoils a good block and does its work again. Payments were spoilt before.
    pub(super) fn spoil(self, block: &mut Block, parent_time: Timestamp) {
        match self {
            Self::None | Self::Payment(_) => return,
            Self::Header(fault) => match fault {
                HeaderFault::Bits => block.header.bits = CompactTarget(block.header.bits.0 - 1),
                HeaderFault::Time => block.header.time = Timestamp(parent_time.0 - 1),
                HeaderFault::Version => block.header.version = 2,
                HeaderFault::Work => return undo_work(block),
            },
            Self::Coinbase(fault) => match fault {
                CoinbaseFault::Height => block.coinbase.height = block.coinbase.height.next(),
                CoinbaseFault::Tag => block.coinbase.tag = List(vec![b'x'; 65]),
                CoinbaseFault::Version => block.coinbase.version = 2,
                CoinbaseFault::StateRoot => block.coinbase.state_root.0[3] ^= 1,
            },
        }
        block.header.commitment = block.coinbase.commitment();
        block.header = solve(block.header);
    }
}

impl PaymentFault {
    /// Spoils the last of some good payments, which this key made.
    pub(super) fn spoil(self, payments: &mut Vec<Transaction>, key: &SecretKey, chain: &TestChain) {
        let Some(mut last) = payments.pop() else { return };
        let pay = |nonce, amount| payment(key, &chain.params, nonce, PAYEES[0], Amount(amount));
        match self {
            Self::Signature => last.signature.0[0] ^= 1,
            Self::NonceGap => last = pay(last.nonce + 1, 5),
            Self::Balance => last = pay(last.nonce, Amount::MAX.0),
            Self::ZeroAmount => last = pay(last.nonce, 0),
            Self::Duplicate => payments.push(last.clone()),
            Self::Expired => {
                let genesis = chain.params.genesis_hash();
                last = Transaction::signed(key, &genesis, last.nonce, last.fee, Height(1), last.action);
            }
        }
        payments.push(last);
    }
}

fn undo_work(block: &mut Block) {
    let target = block.header.bits.target().expect("a mined block has a target");
    while target.is_met_by(&block.hash()) {
        block.header.nonce += 1;
    }
}
