//! A node that dies in the middle of a reorganisation: whichever commit was the last that lasted, it comes back to a
//! whole branch, and to the best one once it has the blocks again.

use cairn::consensus::testing::TestChain;
use cairn::storage::ChainStore;

use crate::build::{MINER, RIVAL, above, alice, cut, draft, grown, payment, with, young};
use crate::host::Host;
use crate::shelf::Shelf;
use crate::stage::{Stage, Verdict};

/// Two branches from block 12, the other one heavier by a block and longer than what is connected in one go; in each
/// Alice pays.
fn branches() -> (TestChain, TestChain) {
    let pay = |seconds| {
        let base = young();
        let payment = payment(&base, &alice(), 2, |_| ());
        with(&base, draft(&base).seconds(seconds).transactions(vec![payment])).0
    };
    (grown(pay(10), 70, MINER), grown(pay(11), 75, RIVAL))
}

#[test]
fn a_node_that_dies_in_the_middle_of_a_reorganisation_comes_back_whole() {
    let (ours, theirs) = branches();
    let mut host = Host::new(&ours.params);
    for block in above(&ours, 0).into_iter().chain(above(&theirs, 12)) {
        host.submit_block(block);
    }
    assert_eq!(host.tip(), theirs.tip().hash);
    let commits = std::mem::take(&mut host.commits);
    for lasting in (0..=commits.len()).step_by(7).chain([commits.len() - 1, commits.len()]) {
        let mut shelf = Shelf::default();
        shelf.commit(&commits[..lasting]).unwrap();
        let mut host = Host::on(&ours.params, shelf);
        for block in above(&ours, 0).into_iter().chain(above(&theirs, 12)) {
            let verdict = host.submit_block(block);
            assert!(
                matches!(verdict, Verdict::Accepted | Verdict::Known),
                "{verdict} after {lasting} commits"
            );
        }
        assert_eq!(host.tip(), theirs.tip().hash, "after {lasting} commits");
        let supply = host.supply();
        assert_eq!(supply.circulating.0 + supply.maturing.0, supply.prefund.0 + supply.issued.0);
    }
}

#[test]
fn a_branch_that_came_first_on_equal_work_stays_first_whichever_commit_was_the_last() {
    let (ours, theirs) = branches();
    let theirs = cut(theirs, 5);
    let mut host = Host::new(&ours.params);
    for block in above(&ours, 0).into_iter().chain(above(&theirs, 12)) {
        host.submit_block(block);
    }
    assert_eq!(ours.tip().work, theirs.tip().work);
    assert_eq!(host.tip(), ours.tip().hash);
    let commits = std::mem::take(&mut host.commits);
    for lost in 0..3 {
        let mut shelf = Shelf::default();
        shelf.commit(&commits[..commits.len() - lost]).unwrap();
        assert_eq!(Host::on(&ours.params, shelf).tip(), ours.tip().hash, "without the last {lost} commits");
    }
}
