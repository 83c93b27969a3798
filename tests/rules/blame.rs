//! Who pays for a bad block: each one-block case again, gossiped by one peer and served by another. What each rule leads
//! to is in `consequence.rs`.

use std::sync::Arc;

use cairn::consensus::Violation;
use cairn::consensus::Violation::InvalidParent;
use cairn::consensus::testing::TestChain;
use cairn::node::compact::compact_block;
use cairn::node::effect::Verdict::{Accept, Ignore, Reject};
use cairn::node::message::{Gossip, Status, SyncRequest, SyncResponse};
use cairn::primitives::{Block, BlockHash, Header, List, PeerId, Transaction, Work};

use crate::build::{draft, young};
use crate::case::{Case, Play, Pool};
use crate::cases;
use crate::consequence::{BANNED, Consequence, DISCONNECTED, consequence};
use crate::host::Host;
use crate::stage::Stage;

pub(crate) const BOB: PeerId = PeerId([2; 32]);
pub(crate) const CAROL: PeerId = PeerId([3; 32]);

/// The cases of one block that break a rule: their sentence, chain, block and rule.
fn scenes() -> impl Iterator<Item = (&'static str, TestChain, Block, Violation)> {
    cases::all().filter_map(|case| {
        let violation = case.violations().next()?;
        let (chain, block) = case.scene()?;
        Some((case.says, chain, block, violation))
    })
}

/// A node at a chain's tip, which two peers share.
pub(crate) fn host_at(chain: &TestChain) -> Host {
    let mut host = Host::new(&chain.params);
    for (block, _) in &chain.blocks {
        host.submit_block(block.block().as_ref().clone());
    }
    for peer in [BOB, CAROL] {
        host.meet(peer, status_of(chain));
    }
    host.asked.clear();
    host
}

fn status_of(chain: &TestChain) -> Status {
    let tip = chain.tip();
    Status {
        genesis: chain.params.genesis_hash(),
        block_one: chain.facts.get(1).map_or(BlockHash::ZERO, |facts| facts.hash),
        tip: tip.hash,
        height: tip.height,
        work: tip.work,
        time: 0,
    }
}

/// A block told by short ids alone.
pub(crate) fn compact(block: &Block) -> Gossip {
    let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
    Gossip::Block(Arc::new(compact_block(block, &leaves, 9, |_, _| false)))
}

/// Answers the first question of each kind that a peer is asked, from one block; what is asked again is left open.
fn serve(host: &mut Host, peer: PeerId, block: &Block) {
    for answer in [headers_of, body_of, transactions_of] {
        let open = host.asked.iter().enumerate().filter(|(_, (asked, _, _))| *asked == peer);
        let mut answers = open.filter_map(|(at, (_, _, question))| Some((at, answer(block, question)?)));
        if let Some((at, answer)) = answers.next() {
            let (_, request, _) = host.asked.remove(at);
            host.answer(peer, request, answer);
        }
    }
}

fn headers_of(block: &Block, question: &SyncRequest) -> Option<SyncResponse> {
    matches!(question, SyncRequest::Headers { .. }).then(|| SyncResponse::Headers(List(vec![block.header])))
}

fn body_of(block: &Block, question: &SyncRequest) -> Option<SyncResponse> {
    let SyncRequest::Blocks { hashes } = question else { return None };
    (hashes.first() == Some(&block.hash())).then(|| SyncResponse::Blocks(List(vec![Arc::new(block.clone())])))
}

fn transactions_of(block: &Block, question: &SyncRequest) -> Option<SyncResponse> {
    let SyncRequest::BlockTransactions { indexes, .. } = question else { return None };
    let wanted = indexes.iter().filter_map(|index| block.transactions.get(*index as usize));
    Some(SyncResponse::BlockTransactions(wanted.cloned().map(Arc::new).collect()))
}

/// Answers what a peer is asked for a block that it gossiped.
fn complete(host: &mut Host, peer: PeerId, block: &Block) {
    let asked = host.asked.iter().position(|(asked, _, question)| {
        *asked == peer && matches!(question, SyncRequest::BlockTransactions { .. })
    });
    if let Some(at) = asked {
        let (_, request, question) = host.asked.remove(at);
        let answer = transactions_of(block, &question).expect("transactions were asked for");
        host.answer(peer, request, answer);
    }
}

fn assert_paid(host: &Host, peer: PeerId, points: i64, says: &str) {
    assert_eq!(host.score(peer).unwrap_or(points), points, "{says}");
    assert_eq!(host.banned.contains(&peer), points <= BANNED, "{says}");
    assert_eq!(host.hung_up.contains(&peer), points == DISCONNECTED, "{says}");
}

fn assert_header(host: &mut Host, block: &Block, expected: &Consequence, violation: Violation, says: &str) {
    let place = host.place(block.hash());
    assert_eq!(place.is_some(), expected.kept, "{says}: whether its header is kept");
    let marked = place.and_then(|place| place.violation);
    assert_eq!(marked, expected.poisoned.then_some(violation), "{says}: what its header is marked with");
}

#[test]
fn gossip_of_a_bad_block_costs_its_forwarder_only_what_every_forwarder_could_have_seen() {
    for (says, chain, block, violation) in scenes() {
        let expected = consequence(violation);
        let mut host = host_at(&chain);
        assert_eq!(host.gossip(BOB, compact(&block)), Some(expected.gossip), "{says}");
        complete(&mut host, BOB, &block);
        assert_paid(&host, BOB, expected.forwarder, says);
        assert_paid(&host, CAROL, 0, says);
        assert_eq!(host.tip(), chain.tip().hash, "{says}");
        if expected.poisoned && expected.gossip == Accept {
            assert_header(&mut host, &block, &expected, violation, says);
            assert_eq!(host.gossip(CAROL, compact(&block)), Some(Ignore), "{says}: from a second forwarder");
            assert_paid(&host, CAROL, 0, says);
        } else {
            let marked = host.place(block.hash()).and_then(|place| place.violation);
            assert_eq!(marked, None, "{says}: nothing is marked that no body condemned");
        }
    }
}

#[test]
fn a_bad_block_by_sync_costs_who_could_have_known_and_poisons_what_is_its_own_fault() {
    for (says, chain, block, violation) in scenes() {
        let expected = consequence(violation);
        let mut host = host_at(&chain);
        let status = status_of(&chain);
        let tip = Status { tip: block.hash(), height: status.height.next(), ..status };
        host.meet(BOB, Status { work: Work(ruint::aliases::U256::MAX), ..tip });
        serve(&mut host, BOB, &block);
        assert_paid(&host, BOB, expected.server, says);
        assert_paid(&host, CAROL, 0, says);
        assert_header(&mut host, &block, &expected, violation, says);
        assert_eq!(host.tip(), chain.tip().hash, "{says}");
    }
}

#[test]
fn the_good_body_from_a_second_peer_is_taken_after_a_bad_one_from_the_first() {
    let spoiled = cases::all().filter_map(|case| match case.play {
        Play::Spoiled { block, .. } => Some((case, block)),
        Play::Block { .. } | Play::Payment { .. } | Play::Story { .. } => None,
    });
    for (case, good) in spoiled {
        let chain = young();
        let (good, (_, bad)) = (good(&chain), case.scene().expect("a spoiled block has a scene"));
        let mut host = host_at(&chain);
        for (peer, block) in [(BOB, &bad), (CAROL, &good)] {
            let status = Status { tip: good.hash(), height: good.coinbase.height, ..status_of(&chain) };
            host.meet(peer, Status { work: Work(ruint::aliases::U256::MAX), ..status });
            serve(&mut host, peer, block);
        }
        assert_paid(&host, BOB, DISCONNECTED, case.says);
        assert_paid(&host, CAROL, 0, case.says);
        assert_eq!(host.tip(), good.hash(), "{}", case.says);
    }
}

#[test]
fn a_bad_transaction_by_gossip_costs_its_forwarder_only_what_every_forwarder_could_have_seen() {
    for Case { says, play } in cases::all() {
        let Play::Payment { on, payment, expected, pool } = play else { continue };
        let (chain, reason) = (on(), pool.answer(*expected).err());
        let violation = reason.and_then(Violation::from_name);
        let (verdict, points) = match (pool, violation) {
            (Pool::Admitted, _) => (Accept, 0),
            (_, Some(violation)) if is_visible(violation) => (Reject, -10),
            (Pool::SameRule | Pool::Refused(_), _) => (Ignore, 0),
        };
        let mut host = host_at(&chain);
        let transactions = Gossip::Transactions(List(vec![Arc::new(payment(&chain))]));
        assert_eq!(host.gossip(BOB, transactions), Some(verdict), "{says}");
        assert_eq!(host.score(BOB), Some(points), "{says}");
        assert_paid(&host, CAROL, 0, says);
    }
}

/// Whether every forwarder of a transaction could have seen it, without knowing the accounts.
fn is_visible(violation: Violation) -> bool {
    !matches!(
        violation,
        Violation::Expired | Violation::NonceTooLow | Violation::NonceGap | Violation::InsufficientBalance
    )
}

#[test]
fn a_block_ahead_of_the_clock_costs_nobody_and_is_not_fetched_again_when_it_is_due() {
    let chain = young();
    let mut host = host_at(&chain);
    let time = host.now().plus(chain.params.future_limit_seconds + 30);
    let early = draft(&chain).header(|header| header.time = time).block();
    assert_eq!(host.gossip(BOB, compact(&early)), Some(Ignore));
    assert_eq!(host.gossip(CAROL, compact(&early)), Some(Ignore), "from a second forwarder");
    host.wait_until(host.now().plus(26));
    assert_eq!(host.tip(), chain.tip().hash, "not yet due");
    host.asked.clear();
    host.wait_until(host.now().plus(4));
    assert_eq!(host.tip(), early.hash());
    let fetches = |question: &SyncRequest| !matches!(question, SyncRequest::Status(_));
    assert!(host.asked.iter().all(|(_, _, question)| !fetches(question)), "{:?}", host.asked);
    for peer in [BOB, CAROL] {
        assert_paid(&host, peer, 0, "ahead of the clock");
    }
}

#[test]
fn headers_ahead_of_the_clock_cost_who_serves_them_nothing_and_their_body_is_fetched_once() {
    let chain = young();
    let mut host = host_at(&chain);
    let time = host.now().plus(chain.params.future_limit_seconds + 30);
    let early = draft(&chain).header(|header| header.time = time).block();
    let tip = Status { tip: early.hash(), height: early.coinbase.height, ..status_of(&chain) };
    let tip = Status { work: Work(ruint::aliases::U256::MAX), ..tip };
    host.meet(BOB, tip);
    serve(&mut host, BOB, &early);
    assert!(host.place(early.hash()).is_none(), "its header is not taken yet");
    assert!(!host.asked.iter().any(|(_, _, question)| matches!(question, SyncRequest::Blocks { .. })));
    host.wait_until(host.now().plus(30));
    assert_eq!(host.tip(), chain.tip().hash, "nobody asked again yet");
    host.meet(BOB, tip);
    serve(&mut host, BOB, &early);
    assert_eq!(host.tip(), early.hash());
    assert_paid(&host, BOB, 0, "ahead of the clock");
}

#[test]
fn a_hundred_headers_on_an_invalid_block_cost_nobody_and_are_all_marked() {
    let chain = young();
    let gap = crate::build::payment(&chain, &crate::build::alice(), 3, |_| ());
    let bad = draft(&chain).transactions(vec![gap]).block();
    let mut pattern = crate::build::with(&chain, draft(&chain)).0;
    let mut headers: Vec<Header> = vec![bad.header];
    for _ in 0..100 {
        let previous = headers[headers.len() - 1].hash();
        headers.push(draft(&pattern).header(|header| header.previous = previous).block().header);
        pattern = crate::build::grown(pattern, 1, crate::build::MINER);
    }
    let mut host = host_at(&chain);
    let tip = headers[100].hash();
    let height = pattern.tip().height;
    host.meet(BOB, Status { tip, height, work: pattern.tip().work, ..status_of(&chain) });
    let at = host.asked.iter().position(|(_, _, asked)| matches!(asked, SyncRequest::Headers { .. }));
    let (_, request, _) = host.asked.remove(at.expect("more work was claimed"));
    host.answer(BOB, request, SyncResponse::Headers(List(headers.clone())));
    serve(&mut host, BOB, &bad);
    let marked: Vec<_> = headers.iter().map(|header| host.place(header.hash())?.violation).collect();
    assert_eq!(marked[0], Some(Violation::NonceGap));
    assert!(marked[1..].iter().all(|violation| *violation == Some(InvalidParent)), "{marked:?}");
    assert_paid(&host, BOB, 0, "headers on an invalid block");
    let status = Status { tip, height, work: pattern.tip().work, ..status_of(&chain) };
    host.meet(CAROL, status);
    assert_paid(&host, CAROL, 0, "a claim of an invalid branch");
    assert_eq!(host.tip(), chain.tip().hash);
}

#[test]
fn who_builds_on_a_block_that_is_known_as_invalid_has_other_rules() {
    let chain = young();
    let gap = crate::build::payment(&chain, &crate::build::alice(), 3, |_| ());
    let bad = draft(&chain).transactions(vec![gap]).block();
    let pattern = crate::build::with(&chain, draft(&chain)).0;
    let child = draft(&pattern).header(|header| header.previous = bad.hash()).block();
    let mut host = host_at(&chain);
    host.submit_block(bad);
    let expected = consequence(InvalidParent);
    assert_eq!(host.gossip(CAROL, compact(&child)), Some(expected.gossip));
    assert_paid(&host, CAROL, expected.forwarder, "forwarders need not have seen the bad block");
    let tip = Status { tip: child.hash(), height: child.coinbase.height, ..status_of(&chain) };
    host.meet(BOB, Status { work: Work(ruint::aliases::U256::MAX), ..tip });
    serve(&mut host, BOB, &child);
    assert_paid(&host, BOB, expected.server, "the best chain of an honest node is valid");
    assert_eq!(host.place(child.hash()).is_some(), expected.kept);
}
