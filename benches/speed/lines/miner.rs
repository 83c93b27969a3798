//! The nonce search beside the least that any search must do: two compressions a nonce, nothing looked at.

use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use cairn::mining::search::search;
use cairn::primitives::{BlockHash, Commitment, CompactTarget, Header, Timestamp};
use sha2::block_api::compress256;

use crate::report::Round;
use crate::{Scale, cpu};

const NONCES: u32 = 10_000_000;
const NONCES_TRIAL: u32 = 1_000;
/// A target that no hash meets.
const IMPOSSIBLE: CompactTarget = CompactTarget(0x0101_0000);

pub(crate) fn prepare(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let nonces = if scale == Scale::Full { NONCES } else { NONCES_TRIAL };
    let header = Header {
        version: 1,
        previous: BlockHash([3; 32]),
        commitment: Commitment([4; 32]),
        time: Timestamp(1_767_225_600),
        bits: IMPOSSIBLE,
        nonce: 0,
    };
    let target = IMPOSSIBLE.target().expect("the bits are a target");
    Box::new(move || {
        let miner = cpu::seconds_of(|| {
            assert_eq!(search(&header, 0..=nonces - 1, target, &AtomicBool::new(false)), None);
        });
        let bare = cpu::seconds_of(|| {
            black_box(compressions(nonces));
        });
        let rate = |seconds: f64| f64::from(nonces) / seconds;
        Round::ratio(("nonces by the miner", rate(miner)), ("nonces by the bare loop", rate(bare)), &[])
    })
}

/// Two blocks a nonce, each compressed from a prepared state.
fn compressions(nonces: u32) -> u32 {
    let (mut tail, mut outer) = ([0x55; 64], [0xaa; 64]);
    let mut sum = 0;
    for nonce in 0..nonces {
        tail[12..16].copy_from_slice(&nonce.to_le_bytes());
        let mut inner = [1; 8];
        compress256(&mut inner, &[tail]);
        for (bytes, word) in outer.chunks_exact_mut(4).zip(inner) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        let mut state = [2; 8];
        compress256(&mut state, &[outer]);
        sum ^= state[7];
    }
    sum
}
