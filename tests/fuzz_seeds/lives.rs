//! Lives of a node as the stateful targets read them: a byte for the step, then what the step takes.

use std::sync::Arc;

use cairn::consensus::testing::{TestChain, dev_key, payment};
use cairn::node::compact::compact_block;
use cairn::node::message::{Status, SyncRequest, SyncResponse};
use cairn::primitives::codec::encode;
use cairn::primitives::{Address, Amount, List};

use super::made::{Seeds, of};
use super::targets::chain;

const MINE: u8 = 0;
const SUBMIT: u8 = 5;
const GOSSIP: u8 = 8;
const LIE: u8 = 10;
const TELL: u8 = 12;
const ANSWER: u8 = 13;
const CLAIM: u8 = 15;
const PAY: u8 = 16;
const PASS: u8 = 18;
const STEP_CLOCK: u8 = 19;
const MINE_TEMPLATE: u8 = 20;
const RESTART: u8 = 21;
const HOLD_UP: u8 = 22;
const COME: u8 = 23;

/// Lives of the target `chain`: a byte for the chain to begin with, then the steps.
pub(crate) fn chains() -> Seeds {
    // Parent (0 is the newest block), seconds after it, content, fault.
    let mine = |parent: u8, content: u8, fault: u8| [MINE, parent, 0, content, fault].to_vec();
    let submit = |at: u8, how: u8| [SUBMIT, at, how].to_vec();
    let sound = 15;
    let grown: Vec<u8> = [MINE_TEMPLATE; 6].into_iter().flat_map(|step| [step, PAY, 1, 0, 9]).collect();
    let fork =
        [mine(0, 2, 0), submit(0, sound), mine(1, 3, 0), mine(0, 0, 0), submit(0, sound), submit(1, sound)];
    let early =
        [mine(0, 1, 0), mine(0, 1, 0), mine(0, 1, 0), submit(0, sound), submit(1, sound), submit(2, sound)];
    let invalid_middle =
        [mine(0, 1, 0), mine(0, 3, 28), mine(0, 0, 0), submit(2, sound), submit(1, sound), submit(0, sound)];
    let other_body = [mine(0, 3, 0), submit(0, 0), submit(0, 1), submit(0, 2), submit(0, sound)];
    let gossip =
        [mine(0, 3, 0), [GOSSIP, 0, 1].into(), mine(0, 2, 0), [GOSSIP, 0, 255].into(), [PASS, 9].into()];
    let liar = [
        [COME, 0].to_vec(),
        mine(0, 1, 26),
        mine(0, 0, 0),
        [CLAIM, 0, 0].into(),
        [ANSWER, 0, 6, 0].into(),
        [ANSWER, 0, 4, 0].into(),
        [LIE, 0, 255, 30].into(),
        [PASS, 8].into(),
    ];
    // The honest peer tells of a block by ids and does not have the rest; the liar fills in other transactions.
    let other_filling = [
        [COME, 0].to_vec(),
        mine(0, 2, 0),
        mine(0, 2, 0),
        [CLAIM, 0, 0].into(),
        [GOSSIP, 1, 0].into(),
        // It owes four answers: where it stands, its pool, headers, and these.
        [ANSWER, 3, 5, 0].into(),
        submit(1, sound),
    ];
    let held_up = [
        [HOLD_UP, 15].to_vec(),
        mine(0, 1, 0),
        submit(0, 0),
        submit(0, sound),
        [TELL, 0].into(),
        [RESTART, 0].into(),
        [STEP_CLOCK, 0, 12].into(),
        submit(0, sound),
    ];
    let life = |base: u8, steps: &[Vec<u8>]| [&[base][..], &steps.concat()].concat();
    vec![
        of("grows-by-templates", [&[2][..], &grown].concat()),
        of("fork-and-back", life(1, &fork)),
        of("children-first", life(0, &early)),
        of("invalid-in-the-middle", life(1, &invalid_middle)),
        of("other-bodies", life(3, &other_body)),
        of("gossip", life(2, &gossip)),
        of("liar", life(1, &liar)),
        of("other-filling", life(1, &other_filling)),
        of("held-up", life(2, &held_up)),
        of("any-1", any(1)),
        of("any-2", any(2)),
        of("any-3", any(3)),
    ]
}

/// Lives of the target `messages`: kind, length, bytes of each message of a liar.
pub(crate) fn messages() -> Seeds {
    let mut chain = TestChain::clone(&chain::base(1));
    let pay = payment(&dev_key(0), &chain.params, 0, Address([9; 32]), Amount(5));
    let ours = chain.tip();
    let block = chain.grow(Address([8; 32]), vec![pay.clone()]).expect("the key has money");
    let told = compact_block(block.block(), &[pay.leaf_hash()], 9, |index, _| index > 0);
    let claim = SyncRequest::Status(Status {
        genesis: chain.params.genesis_hash(),
        block_one: chain.facts[1].hash,
        tip: chain.tip().hash,
        height: chain.tip().height,
        work: chain.tip().work.plus(chain.tip().work),
        time: 1_777_225_600,
    });
    let locator = List(vec![ours.hash, chain.facts[3].hash]);
    let ask = SyncRequest::Headers { locator, maximum: 100 };
    let headers = SyncResponse::Headers(List(vec![*block.header()]));
    let blocks = SyncResponse::Blocks(List(vec![Arc::clone(block.block())]));
    let missing = SyncResponse::BlockTransactions(List(vec![Arc::new(pay.clone())]));
    let frame =
        |kind: u8, message: Vec<u8>| [&[kind][..], &(message.len() as u16).to_le_bytes(), &message].concat();
    let (claim, headers, blocks) =
        (frame(0, encode(&claim)), frame(2, encode(&headers)), frame(2, encode(&blocks)));
    let (told, missing) = (frame(5, encode(&told)), frame(2, encode(&missing)));
    let wait = vec![7, 0xff, 0x0f];
    vec![
        of("claim-and-prove", [claim.clone(), headers, blocks.clone(), wait.clone()].concat()),
        of("claim-and-lie", [claim, blocks, wait].concat()),
        of("tell-and-fill", [told, missing].concat()),
        of("ask", [frame(0, encode(&ask)), frame(1, encode(&SyncRequest::Mempool))].concat()),
        of("pay", frame(6, encode(&List(vec![pay])))),
    ]
}

/// Steps that mean nothing in particular.
fn any(number: u8) -> Vec<u8> {
    let mut bytes = vec![0; 500];
    blake3::Hasher::new().update(&[number]).finalize_xof().fill(&mut bytes);
    bytes
}
