//! A row of the table.

use cairn::consensus::Violation;
use cairn::consensus::testing::TestChain;
use cairn::primitives::{Block, BlockHash, Transaction};

use crate::build::{draft, genesis};
use crate::stage::{Stage, Verdict};
use crate::story::Story;

/// A case: what it is about, in a sentence, and what must come of it.
pub(crate) struct Case {
    /// The sentence, small, without a full stop; it names the transcript, too.
    pub(crate) says: &'static str,
    pub(crate) play: Play,
}

/// How a case goes.
pub(crate) enum Play {
    /// One block on top of a chain.
    Block {
        on: fn() -> TestChain,
        block: fn(&TestChain) -> Block,
        expected: Verdict,
        or: &'static [Violation],
    },
    /// A body that is not the header's: it is refused, and the good body under the same header is accepted.
    Spoiled { block: fn(&TestChain) -> Block, spoil: fn(&mut Block), expected: Violation },
    /// A block with one transaction on top of a chain; what the pool says of the same, or of the other in `pool`.
    Payment { on: fn() -> TestChain, payment: fn(&TestChain) -> Transaction, expected: Verdict, pool: Pool },
    /// Several steps, in which these rules are broken.
    Story { tell: fn(&mut Story<'_>), broken: &'static [Violation] },
}

/// What becomes of a transaction that comes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pool {
    /// It waits.
    Admitted,
    /// It is refused for the rule that makes the block invalid.
    SameRule,
    /// It is refused for this reason, of the pool's own or of a rule that is looked at first.
    Refused(&'static str),
}

impl Pool {
    /// What a client is told of a transaction with which a block has this verdict.
    pub(crate) fn answer(self, in_block: Verdict) -> Result<(), &'static str> {
        match (self, in_block) {
            (Self::Admitted, _) => Ok(()),
            (Self::SameRule, Verdict::Refused(violation)) => Err(violation.name()),
            (Self::Refused(reason), _) => Err(reason),
            (Self::SameRule, _) => panic!("the block breaks a rule"),
        }
    }
}

use Play::{Block as OneBlock, Payment, Spoiled, Story as Told};

/// One block on a chain of its own.
pub(crate) const fn block(
    says: &'static str,
    on: fn() -> TestChain,
    block: fn(&TestChain) -> Block,
    expected: Verdict,
) -> Case {
    Case { says, play: OneBlock { on, block, expected, or: &[] } }
}

/// The same for a block that breaks other rules as well.
pub(crate) const fn block_or(
    says: &'static str,
    on: fn() -> TestChain,
    block: fn(&TestChain) -> Block,
    expected: Verdict,
    or: &'static [Violation],
) -> Case {
    Case { says, play: OneBlock { on, block, expected, or } }
}

/// A good block, and what is done to its body once it is sealed.
pub(crate) const fn spoiled(
    says: &'static str,
    block: fn(&TestChain) -> Block,
    spoil: fn(&mut Block),
    expected: Violation,
) -> Case {
    Case { says, play: Spoiled { block, spoil, expected } }
}

/// A transaction, alone in a block and alone on its way to the pool.
pub(crate) const fn payment(
    says: &'static str,
    on: fn() -> TestChain,
    payment: fn(&TestChain) -> Transaction,
    expected: Verdict,
    pool: Pool,
) -> Case {
    Case { says, play: Payment { on, payment, expected, pool } }
}

/// Several steps.
pub(crate) const fn story(
    says: &'static str,
    tell: fn(&mut Story<'_>),
    broken: &'static [Violation],
) -> Case {
    Case { says, play: Told { tell, broken } }
}

impl Case {
    /// The sentence as a name of a file.
    pub(crate) fn slug(&self) -> String {
        let dashed =
            |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
        let dashed: String = self.says.chars().map(dashed).collect();
        dashed.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// The rules that it breaks.
    pub(crate) fn violations(&self) -> impl Iterator<Item = Violation> {
        let (first, more) = match self.play {
            OneBlock { expected, .. } | Payment { expected, .. } => (expected.violation(), &[][..]),
            Spoiled { expected, .. } => (Some(expected), &[][..]),
            Told { broken, .. } => (None, broken),
        };
        first.into_iter().chain(more.iter().copied())
    }

    /// The chain it begins with and the block it is about, unless it is a story.
    pub(crate) fn scene(&self) -> Option<(TestChain, Block)> {
        match self.play {
            OneBlock { on, block, .. } => {
                let chain = on();
                let block = block(&chain);
                Some((chain, block))
            }
            Payment { on, payment, .. } => {
                let chain = on();
                let block = draft(&chain).transactions(vec![payment(&chain)]).block();
                Some((chain, block))
            }
            Spoiled { block, spoil, .. } => {
                let chain = crate::build::young();
                let mut block = block(&chain);
                spoil(&mut block);
                Some((chain, block))
            }
            Told { .. } => None,
        }
    }

    /// Plays it.
    pub(crate) fn play(&self, stage: &mut dyn Stage, transcript: &str) {
        let mut tale = Story::new(stage, &genesis(), transcript);
        match (&self.play, self.scene()) {
            (OneBlock { expected, or, .. }, Some((chain, block))) => {
                tale.deliver_chain(&chain, 0);
                tale.deliver_any_of(self.says, &block, *expected, or);
                tale.assert_tip(tip_after(&chain, &block, *expected));
            }
            (Payment { expected, pool, .. }, Some((chain, block))) => {
                tale.deliver_chain(&chain, 0);
                tale.send(&block.transactions[0], pool.answer(*expected));
                tale.deliver(self.says, &block, *expected);
                tale.assert_tip(tip_after(&chain, &block, *expected));
            }
            (Spoiled { block, expected, .. }, Some((chain, spoiled))) => {
                tale.deliver_chain(&chain, 0);
                tale.deliver(self.says, &spoiled, Verdict::of(*expected));
                tale.assert_tip(chain.tip().hash);
                tale.deliver("the good body under the same header", &block(&chain), Verdict::Accepted);
                tale.assert_tip(spoiled.hash());
            }
            (Told { tell, .. }, _) => tell(&mut tale),
            (_, None) => panic!("every case but a story has a scene"),
        }
        let named = tale.end();
        for violation in self.violations() {
            assert!(named.contains(violation.name()), "{}: {violation:?} was not named", self.says);
        }
    }
}

fn tip_after(chain: &TestChain, block: &Block, verdict: Verdict) -> BlockHash {
    if verdict == Verdict::Accepted { block.hash() } else { chain.tip().hash }
}
