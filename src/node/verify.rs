//! Heavy checks: pure functions over a [`VerifyJob`], for whoever runs the core: a pool of threads, or a simulation.

use std::ops::Range;

use super::effect::VerifyJob;
use super::input::Verified;
use crate::consensus::check_block::check_block_in_isolation;
use crate::consensus::params::Params;
use crate::primitives::Transaction;
use crate::primitives::keys::verify;
use crate::primitives::transaction::{TransactionHashes, signature_checks};

/// Does the whole job.
pub fn execute(job: &VerifyJob, params: &Params) -> Verified {
    conclude(job, &bad_signatures(job, 0..signature_count(job), params), params)
}

/// Signatures that a job must check. Where they stand in the job, over all its blocks, numbers them from 0.
pub fn signature_count(job: &VerifyJob) -> usize {
    match job {
        VerifyJob::Body(_) => 0,
        VerifyJob::Signatures(blocks) => blocks.iter().map(|(_, indexes)| indexes.len()).sum(),
        VerifyJob::Transactions(transactions) => transactions.len(),
    }
}

/// The numbers of the bad signatures within a part of the job.
pub fn bad_signatures(job: &VerifyJob, part: Range<usize>, params: &Params) -> Vec<usize> {
    let start = part.start;
    match verify(&signature_checks(signed(job, part), &params.genesis_hash())) {
        Ok(()) => Vec::new(),
        Err(bad) => bad.into_iter().map(|position| start + position).collect(),
    }
}

/// The job's result, once the numbers of all its bad signatures are known.
pub fn conclude(job: &VerifyJob, bad: &[usize], params: &Params) -> Verified {
    match job {
        VerifyJob::Body(block) => Verified::Body(check_block_in_isolation(block.clone(), params)),
        VerifyJob::Signatures(blocks) => {
            let mut end = 0;
            let holds = blocks.iter().map(|(_, indexes)| {
                let start = end;
                end += indexes.len();
                !bad.iter().any(|number| (start..end).contains(number))
            });
            Verified::Signatures(holds.collect())
        }
        VerifyJob::Transactions(transactions) => {
            Verified::Transactions((0..transactions.len()).map(|number| !bad.contains(&number)).collect())
        }
    }
}

/// What is signed within a part of the job.
fn signed(job: &VerifyJob, part: Range<usize>) -> Vec<(&Transaction, &TransactionHashes)> {
    match job {
        VerifyJob::Body(_) => Vec::new(),
        VerifyJob::Signatures(blocks) => blocks
            .iter()
            .flat_map(|(block, indexes)| indexes.iter().map(move |index| (block, *index as usize)))
            .skip(part.start)
            .take(part.len())
            .map(|(block, index)| block.hashed(index).expect("the core names positions of the block"))
            .collect(),
        VerifyJob::Transactions(transactions) => {
            transactions[part].iter().map(|(transaction, hashes)| (transaction.as_ref(), hashes)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::consensus::check_block::CheckedBlock;
    use crate::consensus::testing::{TestChain, dev_key, payment};
    use crate::consensus::violation::Violation;
    use crate::primitives::transaction::TransactionHashes;
    use crate::primitives::{Address, Amount, Transaction};

    fn chain() -> TestChain {
        TestChain::new(Params::named("dev").unwrap())
    }

    fn payments(params: &Params, count: u64) -> Vec<Transaction> {
        let alice = dev_key(0);
        (0..count).map(|nonce| payment(&alice, params, nonce, Address([7; 32]), Amount(5))).collect()
    }

    fn block(chain: &TestChain, count: u64, tampered: &[usize]) -> (CheckedBlock, Vec<u32>) {
        let mut transactions = payments(&chain.params, count);
        for index in tampered {
            transactions[*index].signature.0[3] ^= 1;
        }
        let block = CheckedBlock::trusted(chain.mine(Address::default(), transactions), &chain.params);
        (block, (0..count as u32).collect())
    }

    #[test]
    fn a_bad_signature_condemns_its_own_block_alone() {
        let chain = chain();
        let blocks =
            vec![block(&chain, 3, &[]), block(&chain, 4, &[3]), block(&chain, 0, &[]), block(&chain, 2, &[])];
        let Verified::Signatures(verdicts) = execute(&VerifyJob::Signatures(blocks), &chain.params) else {
            panic!("signatures are answered by signatures");
        };
        assert_eq!(verdicts, [true, false, true, true]);
    }

    #[test]
    fn only_the_named_positions_are_checked() {
        let chain = chain();
        let (block, _) = block(&chain, 4, &[1]);
        let job = VerifyJob::Signatures(vec![(block.clone(), vec![0, 2, 3]), (block, vec![1])]);
        let Verified::Signatures(verdicts) = execute(&job, &chain.params) else {
            panic!("signatures are answered by signatures");
        };
        assert_eq!(verdicts, [true, false]);
    }

    #[test]
    fn parts_of_a_job_find_together_what_the_whole_finds() {
        let chain = chain();
        let genesis = chain.params.genesis_hash();
        let mut transactions = payments(&chain.params, 12);
        transactions[2].signature.0[0] ^= 1;
        transactions[9].signature.0[0] ^= 1;
        let with_hashes =
            |each: Transaction| (Arc::new(each.clone()), TransactionHashes::of(&each, &genesis));
        let job = VerifyJob::Transactions(transactions.into_iter().map(with_hashes).collect());
        let in_parts: Vec<usize> = [0..5, 5..10, 10..12]
            .into_iter()
            .flat_map(|part| bad_signatures(&job, part, &chain.params))
            .collect();
        assert_eq!(in_parts, bad_signatures(&job, 0..signature_count(&job), &chain.params));
        let Verified::Transactions(verdicts) = conclude(&job, &in_parts, &chain.params) else {
            panic!("transactions are answered by transactions");
        };
        assert_eq!(verdicts.iter().filter(|good| **good).count(), 10);
        assert!(!verdicts[2] && !verdicts[9]);
    }

    #[test]
    fn a_body_that_is_not_the_headers_is_named() {
        let chain = chain();
        let mut block = chain.mine(Address::default(), Vec::new()).as_ref().clone();
        block.coinbase.extra_nonce[0] ^= 1;
        let Verified::Body(result) = execute(&VerifyJob::Body(Arc::new(block)), &chain.params) else {
            panic!("a body is answered by a body");
        };
        assert_eq!(result.err(), Some(Violation::WrongCommitment));
    }
}
