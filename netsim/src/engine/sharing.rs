//! Heavy checks, done once for all nodes of the world: a check is a pure function, so its result may be shared.
//!
//! A body's result is shared only with the very same body: it is compared as a whole, not by a hash that somebody
//! else computed. A signature's is shared by the hash of the whole transaction, signature included.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use cairn::consensus::check_block::CheckedBlock;
use cairn::consensus::params::Params;
use cairn::consensus::violation::Violation;
use cairn::node::verify::execute;
use cairn::node::{Verified, VerifyJob};
use cairn::primitives::{Block, LeafHash};
use foldhash::fast::FixedState;

/// Bodies whose result is kept; the oldest is forgotten.
const BODIES_MAX: usize = 4_096;
/// Signatures whose result is kept; all are forgotten at once.
const SIGNATURES_MAX: usize = 1 << 20;

/// A body and what was found.
type CheckedBody = (Arc<Block>, Result<CheckedBlock, Violation>);

/// Checks what cores ask for.
#[derive(Debug)]
pub(crate) struct Checker {
    params: Arc<Params>,
    is_sharing: bool,
    /// By the commitment that the header carries.
    bodies: HashMap<[u8; 32], CheckedBody, FixedState>,
    bodies_by_age: VecDeque<[u8; 32]>,
    signatures: HashMap<LeafHash, bool, FixedState>,
}

impl Checker {
    pub(crate) fn new(params: Arc<Params>, is_sharing: bool) -> Self {
        Self {
            params,
            is_sharing,
            bodies: HashMap::default(),
            bodies_by_age: VecDeque::new(),
            signatures: HashMap::default(),
        }
    }

    /// Does a job, or finds that it was done before.
    pub(crate) fn check(&mut self, job: VerifyJob) -> Verified {
        if !self.is_sharing {
            return execute(&job, &self.params);
        }
        match job {
            VerifyJob::Body(block) => Verified::Body(self.body(block)),
            VerifyJob::Signatures(blocks) => {
                let holds = |(block, positions): &(_, Vec<u32>)| self.block_signatures(block, positions);
                Verified::Signatures(blocks.iter().map(holds).collect())
            }
            VerifyJob::Transactions(transactions) => {
                let known = |leaf: &LeafHash| self.signatures.get(leaf).copied();
                let unknown: Vec<_> = transactions
                    .iter()
                    .filter(|(_, hashes)| known(&hashes.leaf).is_none())
                    .cloned()
                    .collect();
                let leaves: Vec<_> = unknown.iter().map(|(_, hashes)| hashes.leaf).collect();
                if let Verified::Transactions(verdicts) =
                    execute(&VerifyJob::Transactions(unknown), &self.params)
                {
                    self.remember(leaves.into_iter().zip(verdicts));
                }
                let holds = |leaf: &LeafHash| self.signatures.get(leaf).copied().unwrap_or_default();
                Verified::Transactions(transactions.iter().map(|(_, hashes)| holds(&hashes.leaf)).collect())
            }
        }
    }

    fn body(&mut self, block: Arc<Block>) -> Result<CheckedBlock, Violation> {
        let key = block.header.commitment.0;
        if let Some((known, result)) = self.bodies.get(&key)
            && *known == block
        {
            return result.clone();
        }
        let job = VerifyJob::Body(Arc::clone(&block));
        let Verified::Body(result) = execute(&job, &self.params) else {
            unreachable!("a body is answered by a body")
        };
        if self.bodies.insert(key, (block, result.clone())).is_none() {
            self.bodies_by_age.push_back(key);
        }
        if self.bodies_by_age.len() > BODIES_MAX {
            let oldest = self.bodies_by_age.pop_front();
            oldest.and_then(|key| self.bodies.remove(&key));
        }
        result
    }

    fn block_signatures(&mut self, block: &CheckedBlock, positions: &[u32]) -> bool {
        let leaf = |position: &u32| block.hashes()[*position as usize].leaf;
        let unknown: Vec<u32> = positions
            .iter()
            .copied()
            .filter(|position| !self.signatures.contains_key(&leaf(position)))
            .collect();
        if !unknown.is_empty() {
            let transactions = unknown.iter().map(|position| {
                let position = *position as usize;
                (Arc::new(block.transactions()[position].clone()), block.hashes()[position])
            });
            let job = VerifyJob::Transactions(transactions.collect());
            if let Verified::Transactions(verdicts) = execute(&job, &self.params) {
                self.remember(unknown.iter().map(leaf).zip(verdicts));
            }
        }
        positions.iter().all(|position| self.signatures.get(&leaf(position)) == Some(&true))
    }

    fn remember(&mut self, verdicts: impl Iterator<Item = (LeafHash, bool)>) {
        if self.signatures.len() > SIGNATURES_MAX {
            self.signatures.clear();
        }
        self.signatures.extend(verdicts);
    }
}

#[cfg(test)]
mod tests {
    use cairn::consensus::testing::{TestChain, dev_key, payment};
    use cairn::primitives::transaction::TransactionHashes;
    use cairn::primitives::{Address, Amount};

    use super::*;

    fn checker() -> (Checker, TestChain) {
        let params = Params::named("dev").unwrap();
        (Checker::new(Arc::new(params.clone()), true), TestChain::new(params))
    }

    fn is_valid(checker: &mut Checker, block: &Block) -> bool {
        let Verified::Body(result) = checker.check(VerifyJob::Body(Arc::new(block.clone()))) else {
            panic!("a body is answered by a body");
        };
        result.is_ok()
    }

    #[test]
    fn a_changed_body_under_a_known_header_is_checked_anew() {
        let (mut checker, chain) = checker();
        let pay = payment(&dev_key(0), &chain.params, 0, Address([7; 32]), Amount(5));
        let block = chain.mine(Address::default(), vec![pay]).as_ref().clone();
        let mut other = block.clone();
        other.transactions[0].fee = Amount(1);
        for _ in 0..2 {
            assert!(is_valid(&mut checker, &block));
            assert!(!is_valid(&mut checker, &other));
        }
    }

    #[test]
    fn a_bad_signature_is_not_covered_by_the_good_one_of_the_same_transaction() {
        let (mut checker, chain) = checker();
        let good = payment(&dev_key(0), &chain.params, 0, Address([7; 32]), Amount(5));
        let mut bad = good.clone();
        bad.signature.0[3] ^= 1;
        let genesis = chain.params.genesis_hash();
        let hashed = |each: &cairn::primitives::Transaction| {
            (Arc::new(each.clone()), TransactionHashes::of(each, &genesis))
        };
        for _ in 0..2 {
            let job = VerifyJob::Transactions(vec![hashed(&good), hashed(&bad)]);
            let Verified::Transactions(verdicts) = checker.check(job) else {
                panic!("transactions are answered by transactions");
            };
            assert_eq!(verdicts, [true, false]);
        }
        let mined = chain.mine(Address::default(), vec![good.clone(), bad]);
        let block = CheckedBlock::trusted(mined, &chain.params);
        let job = VerifyJob::Signatures(vec![(block.clone(), vec![0, 1]), (block, vec![0])]);
        let Verified::Signatures(verdicts) = checker.check(job) else {
            panic!("signatures are answered by signatures");
        };
        assert_eq!(verdicts, [false, true]);
    }
}
