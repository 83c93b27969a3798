//! A node, the branches that it was shown, and what must have become of them.

use std::collections::BTreeMap;

use cairn::consensus::testing::TestChain;
use cairn::consensus::{Params, ParamsOverride, PrefundOverride, Violation};
use cairn::primitives::{Amount, Block, BlockHash, Work, codec};

use crate::dice::Dice;
use crate::host::Host;
use crate::people::PEOPLE;
use crate::transcript::{Step, Transcript, export};

/// Branches that grow side by side.
const BRANCHES_MAX: usize = 5;

/// Everything of one run.
pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) host: Host,
    /// Valid chains that the node was shown whole.
    pub(crate) branches: Vec<TestChain>,
    /// Valid blocks that the node was shown, in that order.
    blocks: Vec<Block>,
    by_hash: BTreeMap<BlockHash, usize>,
    /// The chain up to the node's tip, executed a second time.
    mirror: TestChain,
    transcript: Transcript,
    name: String,
    /// How often each verdict was given.
    pub(crate) verdicts: BTreeMap<&'static str, u64>,
    /// Blocks that left the best chain.
    pub(crate) disconnected: u64,
}

impl World {
    /// A network and a node of it, both by this seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let genesis = TestChain::new(some_params(seed, &mut dice));
        let name = format!("reference-{seed:04}");
        Self {
            host: Host::new(&genesis.params),
            transcript: Transcript::begin(&name, &genesis),
            mirror: genesis.clone(),
            branches: vec![genesis],
            blocks: Vec::new(),
            by_hash: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            disconnected: 0,
            name,
            dice,
        }
    }

    /// Shows the node a block; answers what it said.
    pub(crate) fn deliver(&mut self, case: &str, block: &Block) -> &'static str {
        self.deliver_bytes(case, &codec::encode(block), block.hash())
    }

    /// The same with bytes that may be no block.
    pub(crate) fn deliver_bytes(&mut self, case: &str, bytes: &[u8], hash: BlockHash) -> &'static str {
        let now = self.host.now();
        let verdict = self.host.deliver(bytes);
        *self.verdicts.entry(verdict).or_default() += 1;
        self.follow(case);
        let mut invalid = self.host.found_invalid();
        invalid.retain(|(found, _)| *found != hash);
        let chain = &self.mirror;
        self.transcript.write(&Step { case, now, delivered: Some((bytes, verdict)), invalid, chain });
        verdict
    }

    /// Lets the node's clock go on.
    pub(crate) fn wait_until(&mut self, case: &str, moment: cairn::primitives::Timestamp) {
        self.host.wait_until(moment);
        self.follow(case);
        let (now, invalid) = (self.host.now(), self.host.found_invalid());
        self.transcript.write(&Step { case, now, delivered: None, invalid, chain: &self.mirror });
    }

    /// Puts a valid block on a branch, which the node is shown or will be at once.
    pub(crate) fn connect(&mut self, chain: &mut TestChain, block: &Block) {
        chain.connect(block.clone().into()).unwrap_or_else(|violation| {
            panic!("{}: a block that should be valid breaks {}", self.name, violation.name())
        });
        self.by_hash.insert(block.hash(), self.blocks.len());
        self.blocks.push(block.clone());
    }

    /// The place of one of the branches: mostly of the best.
    pub(crate) fn some_branch(&mut self) -> usize {
        if self.dice.percent(55) {
            self.best_branch()
        } else {
            self.dice.below(self.branches.len() as u64) as usize
        }
    }

    /// The place of the branch with most work.
    pub(crate) fn best_branch(&self) -> usize {
        let places = 0..self.branches.len();
        places.max_by_key(|place| self.branches[*place].tip().work).expect("there is always a branch")
    }

    /// Adds a branch; the one with the least work gives way.
    pub(crate) fn add_branch(&mut self, chain: TestChain) {
        self.branches.push(chain);
        if self.branches.len() > BRANCHES_MAX {
            let places = 0..self.branches.len();
            let least = places.min_by_key(|place| self.branches[*place].tip().work);
            self.branches.swap_remove(least.expect("there is always a branch"));
        }
    }

    /// The node must be at a tip with as much work as the best branch has.
    pub(crate) fn assert_at_best(&self, case: &str) {
        let most: Work = self.branches[self.best_branch()].tip().work;
        assert_eq!(self.mirror.tip().work, most, "{}: {case}: the node follows a lesser branch", self.name);
    }

    /// Some block that the node knows.
    pub(crate) fn some_known(&mut self) -> Option<Block> {
        (!self.blocks.is_empty()).then(|| self.dice.pick(&self.blocks).clone())
    }

    /// Ends the run: every valid block as an exported chain. The blocks of a burst come in any order, so those are
    /// sorted by height.
    pub(crate) fn end(&mut self) {
        let mut blocks: Vec<_> = self.blocks.iter().collect();
        blocks.sort_by_key(|block| block.coinbase.height);
        export(&self.name, &self.mirror, blocks.into_iter());
    }

    /// How many valid blocks the node was shown.
    pub(crate) fn valid_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Brings the mirror to where the node is.
    fn follow(&mut self, case: &str) {
        let mut ahead = Vec::new();
        let mut at = self.host.tip();
        while self.mirror.facts.iter().rev().all(|facts| facts.hash != at) {
            let place = self.by_hash.get(&at).copied();
            let place = place.unwrap_or_else(|| {
                panic!("{}: {case}: the node follows {at}, which is not valid", self.name)
            });
            ahead.push(place);
            at = self.blocks[place].header.previous;
        }
        while self.mirror.tip().hash != at {
            assert!(self.mirror.shrink(), "the fork is on the chain");
            self.disconnected += 1;
        }
        for place in ahead.into_iter().rev() {
            let block = self.blocks[place].clone();
            let connected: Result<_, Violation> = self.mirror.connect(block.into());
            connected.expect("a node's chain keeps every rule");
        }
    }
}

/// Different in everything that parameters can say, with money for everybody who signs.
fn some_params(seed: u64, dice: &mut Dice) -> Params {
    let is_development = seed % 4 == 3;
    let name = if is_development { format!("dev-{seed}") } else { format!("reference-{seed}") };
    let kind = Params::named(&name).expect("this is a good name").kind.address_kind();
    let rich = Amount::MAX.0 - 2_099_999_986_350_000 - 1_000_000_000_000;
    let prefund = PEOPLE.iter().enumerate().filter(|(place, _)| *place == 0 || dice.percent(60));
    let prefund = prefund.map(|(place, person)| PrefundOverride {
        address: person.address().to_text(kind),
        amount: Amount(if place == 0 { rich } else { 1 << (place % 30) }),
    });
    let overrides = ParamsOverride {
        prefund: Some(prefund.collect()),
        interval_seconds: Some([10, 1, 60, 7][dice.below(4) as usize]),
        retarget: (!is_development || dice.percent(30)).then_some(true),
        first_bits: Some([0x207f_ffff, 0x2001_0000, 0x203f_0000][dice.below(3) as usize]),
        limit_bits: Some(0x207f_ffff),
        maturity: Some([1, 2, 10, 70][dice.below(4) as usize]),
        future_limit_seconds: Some([120, 1, 3_600][dice.below(3) as usize]),
    };
    Params::with_overrides(&name, &overrides).expect("these numbers keep every rule")
}
