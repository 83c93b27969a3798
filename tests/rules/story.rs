//! A case as it is told: what is delivered, what must become of it, and where the chain must be afterwards.

use std::collections::BTreeSet;

use cairn::consensus::testing::TestChain;
use cairn::consensus::{Accounts, Violation};
use cairn::primitives::codec::encode;
use cairn::primitives::{Block, BlockHash, Timestamp, Transaction};

use crate::mirror::Mirror;
use crate::stage::{Stage, Verdict};
use crate::transcript::{Step, Transcript};

/// A case being played.
pub(crate) struct Story<'a> {
    stage: &'a mut dyn Stage,
    mirror: Mirror,
    transcript: Transcript,
    /// Every rule that was named so far.
    pub(crate) named: BTreeSet<&'static str>,
}

impl<'a> Story<'a> {
    /// Begins at the genesis of `chain`; `name` is the transcript's.
    pub(crate) fn new(stage: &'a mut dyn Stage, chain: &TestChain, name: &str) -> Self {
        let transcript = Transcript::begin(name, &chain.params);
        Self { stage, mirror: Mirror::new(chain), transcript, named: BTreeSet::new() }
    }

    /// Delivers the blocks of a chain above a height, each of which must be accepted.
    pub(crate) fn deliver_chain(&mut self, chain: &TestChain, above: usize) {
        for block in crate::build::above(chain, above) {
            self.deliver("a good block", &block, Verdict::Accepted);
        }
    }

    /// Delivers one block, and says what must become of it.
    pub(crate) fn deliver(&mut self, says: &str, block: &Block, expected: Verdict) {
        self.deliver_any_of(says, block, expected, &[]);
    }

    /// The same for a block that breaks several rules, of which others may be named elsewhere.
    pub(crate) fn deliver_any_of(
        &mut self,
        says: &str,
        block: &Block,
        expected: Verdict,
        any_of: &[Violation],
    ) {
        self.mirror.note(block);
        self.step(says, Some((&encode(block), block.hash())), expected, any_of);
    }

    /// Delivers a body under a header whose fate is decided: the one that came first counts.
    pub(crate) fn deliver_without_noting(&mut self, says: &str, block: &Block, expected: Verdict) {
        self.step(says, Some((&encode(block), block.hash())), expected, &[]);
    }

    /// Hands the node a transaction, which must be admitted, or refused for a reason.
    pub(crate) fn send(&mut self, transaction: &Transaction, expected: Result<(), &str>) {
        assert_eq!(self.stage.send(&encode(transaction)), expected.map_err(str::to_owned));
    }

    /// Hands the node bytes that are no transaction.
    pub(crate) fn send_bytes(&mut self, says: &str, bytes: &[u8]) {
        assert_eq!(self.stage.send(bytes), Err("undecodable".to_owned()), "{says}");
    }

    /// Delivers bytes that are no block.
    pub(crate) fn deliver_bytes(&mut self, says: &str, bytes: &[u8]) {
        self.step(says, Some((bytes, BlockHash::ZERO)), Verdict::Undecodable, &[]);
    }

    /// Lets the clock go on to a moment.
    pub(crate) fn wait_until(&mut self, says: &str, moment: Timestamp) {
        self.stage.wait_until(moment);
        self.step(says, None, Verdict::Accepted, &[]);
    }

    /// The node's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.stage.now()
    }

    /// Seconds by which it may go on by itself during a few calls.
    pub(crate) fn drift_seconds(&self) -> u32 {
        self.stage.drift_seconds()
    }

    /// Stops the node and starts it on what it kept.
    pub(crate) fn restart(&mut self) {
        self.stage.restart();
    }

    /// Makes its store lose the undo records that are so many blocks below the tip.
    pub(crate) fn forget_undo_below(&mut self, blocks: u32) {
        self.stage.forget_undo_below(blocks);
    }

    /// Asserts that the node stands at the tip of a chain, with every account and all money as they are there.
    pub(crate) fn assert_at(&mut self, chain: &TestChain) {
        self.assert_tip(chain.tip().hash);
        for (address, account) in chain.state.accounts().sorted() {
            let shown = self.stage.account(address);
            assert_eq!((shown.confirmed, shown.nonce), (account.balance, account.nonce), "{address:?}");
        }
        let supply = self.stage.supply();
        let maturing: u64 = chain.state.maturing().iter().map(|reward| reward.amount.0).sum();
        assert_eq!(supply.accounts, chain.state.accounts().len() as u64);
        assert_eq!(u128::from(supply.circulating.0), chain.state.accounts().total());
        assert_eq!(supply.maturing.0, maturing);
        assert_eq!(supply.circulating.0 + supply.maturing.0, supply.prefund.0 + supply.issued.0);
    }

    /// Asserts which block is the tip.
    pub(crate) fn assert_tip(&mut self, expected: BlockHash) {
        self.stage.come_to(expected);
        assert_eq!(self.stage.tip(), expected, "the best chain is another");
        self.mirror.follow(expected);
    }

    /// Ends the case: the node's state is that of its tip, by a second execution of the same blocks.
    pub(crate) fn end(mut self) -> BTreeSet<&'static str> {
        let mirror = self.mirror.chain().clone();
        self.assert_at(&mirror);
        self.named
    }

    fn step(
        &mut self,
        says: &str,
        delivered: Option<(&[u8], BlockHash)>,
        expected: Verdict,
        any_of: &[Violation],
    ) {
        let now = self.stage.now();
        let verdict = delivered.map(|(bytes, _)| self.stage.deliver(bytes));
        let tip = self.stage.tip();
        self.mirror.follow(tip);
        let others = self.stage.found_invalid();
        self.named.extend(verdict.and_then(Verdict::violation).map(Violation::name));
        self.named.extend(others.iter().map(|(_, violation)| violation.name()));
        if let Some(verdict) = verdict {
            assert_eq!(verdict, expected, "{says}");
        }
        let own = delivered.map(|(_, hash)| hash);
        self.transcript.write(&Step {
            says,
            now: if delivered.is_some() { now } else { self.stage.now() },
            block: delivered.map(|(bytes, _)| bytes),
            verdict: verdict.unwrap_or(expected),
            any_of,
            invalid: others.into_iter().filter(|(hash, _)| Some(*hash) != own).collect(),
            tip: self.mirror.chain(),
        });
    }
}
