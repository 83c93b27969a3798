//! The rules of headers: alone, beside the parent, and against the clock.

use super::difficulty::next_bits;
use super::facts::HeaderFacts;
use super::params::Params;
use super::violation::Violation;
use crate::primitives::{BlockHash, Header, Target, Timestamp};

/// The header version of this protocol.
pub const HEADER_VERSION: u32 = 1;

/// Version bits that miners may roll (BIP 320).
pub const ROLLABLE_VERSION_BITS: u32 = 0x1fff_e000;

/// What a header's rules must know of its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderContext {
    /// The facts about the header's parent.
    pub parent: HeaderFacts,
    /// The facts about the parent's parent; absent when the parent is genesis.
    pub grandparent: Option<HeaderFacts>,
}

/// The rules that need nothing but the header; its work is among them, so nothing is stored for free.
pub fn check_header_in_isolation(
    header: &Header,
    hash: &BlockHash,
    params: &Params,
) -> Result<(), Violation> {
    check_version(header)?;
    let target = check_target_range(header, params)?;
    check_work(hash, target)
}

/// The rules that need the parent and its parent.
pub fn check_header_in_context(
    header: &Header,
    context: &HeaderContext,
    params: &Params,
) -> Result<(), Violation> {
    check_parent(header, context)?;
    check_bits(header, context, params)?;
    check_time_after_parent(header, context)
}

/// The rule that needs the clock; a header that breaks it is kept and tried again when due.
pub fn check_header_time(header: &Header, now: Timestamp, params: &Params) -> Result<(), Violation> {
    ensure(header.time <= now.plus(params.future_limit_seconds), Violation::TimeTooFarAhead)
}

fn check_version(header: &Header) -> Result<(), Violation> {
    ensure(header.version & !ROLLABLE_VERSION_BITS == HEADER_VERSION, Violation::BadVersion)
}

fn check_target_range(header: &Header, params: &Params) -> Result<Target, Violation> {
    let target = header.bits.target().map_err(|_| Violation::TargetOutOfRange)?;
    ensure(target <= params.limit_target(), Violation::TargetOutOfRange)?;
    Ok(target)
}

fn check_work(hash: &BlockHash, target: Target) -> Result<(), Violation> {
    ensure(target.is_met_by(hash), Violation::HashAboveTarget)
}

fn check_parent(header: &Header, context: &HeaderContext) -> Result<(), Violation> {
    ensure(header.previous == context.parent.hash, Violation::UnknownParent)
}

fn check_bits(header: &Header, context: &HeaderContext, params: &Params) -> Result<(), Violation> {
    let expected = next_bits(params, &context.parent, context.grandparent.as_ref());
    ensure(header.bits == expected, Violation::WrongBits)
}

fn check_time_after_parent(header: &Header, context: &HeaderContext) -> Result<(), Violation> {
    ensure(header.time >= context.parent.time, Violation::TimeBeforeParent)
}

/// `Ok` when the rule holds, else its violation.
pub(super) const fn ensure(holds: bool, violation: Violation) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(violation) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::testing::{TestChain, easy_params, solve};
    use crate::primitives::{Address, CompactTarget};

    /// A chain of three blocks and the valid header that follows it.
    fn next_header() -> (TestChain, Header, HeaderContext) {
        let mut chain = TestChain::new(easy_params("stones"));
        for _ in 0..3 {
            chain.grow(Address([1; 32]), Vec::new()).unwrap();
        }
        let header = chain.mine(Address([1; 32]), Vec::new()).header;
        let context = HeaderContext { parent: chain.facts[3], grandparent: Some(chain.facts[2]) };
        (chain, header, context)
    }

    fn in_isolation(header: &Header, chain: &TestChain) -> Result<(), Violation> {
        check_header_in_isolation(header, &header.hash(), &chain.params)
    }

    #[test]
    fn a_mined_header_is_valid() {
        let (chain, header, context) = next_header();
        assert_eq!(in_isolation(&header, &chain), Ok(()));
        assert_eq!(check_header_in_context(&header, &context, &chain.params), Ok(()));
    }

    #[test]
    fn miners_may_roll_only_the_version_bits_kept_for_them() {
        let (chain, header, _) = next_header();
        let rolled = solve(Header { version: HEADER_VERSION | ROLLABLE_VERSION_BITS, ..header });
        assert_eq!(in_isolation(&rolled, &chain), Ok(()));
        for version in [0, 2, 3, HEADER_VERSION | 1 << 29, HEADER_VERSION | 1 << 12] {
            let other = Header { version, ..header };
            assert_eq!(in_isolation(&other, &chain), Err(Violation::BadVersion), "{version:#x}");
        }
    }

    #[test]
    fn bits_that_are_no_target_or_above_the_limit_are_out_of_range() {
        let (chain, header, _) = next_header();
        for bits in [0, 0x2080_0001, 0x0100_0000, 0xff7f_ffff, 0x2100_ffff] {
            let other = Header { bits: CompactTarget(bits), ..header };
            assert_eq!(in_isolation(&other, &chain), Err(Violation::TargetOutOfRange), "{bits:#x}");
        }
    }

    #[test]
    fn a_hash_equal_to_the_target_meets_it_and_one_above_does_not() {
        let (chain, header, _) = next_header();
        let target = header.bits.target().unwrap();
        let on_target = BlockHash(target.0.to_le_bytes());
        let mut above = on_target;
        above.0[31] += 1;
        assert_eq!(check_header_in_isolation(&header, &on_target, &chain.params), Ok(()));
        let refused = check_header_in_isolation(&header, &above, &chain.params);
        assert_eq!(refused, Err(Violation::HashAboveTarget));
    }

    #[test]
    fn another_target_than_the_computed_one_is_refused_even_if_harder() {
        let (chain, header, context) = next_header();
        let harder = Header { bits: CompactTarget(header.bits.0 - 1), ..header };
        let refused = check_header_in_context(&harder, &context, &chain.params);
        assert_eq!(refused, Err(Violation::WrongBits));
    }

    #[test]
    fn time_may_stand_still_but_not_run_backwards() {
        let (chain, header, context) = next_header();
        let parent_time = context.parent.time;
        let same = Header { time: parent_time, ..header };
        let earlier = Header { time: Timestamp(parent_time.0 - 1), ..header };
        assert_eq!(check_header_in_context(&same, &context, &chain.params), Ok(()));
        let refused = check_header_in_context(&earlier, &context, &chain.params);
        assert_eq!(refused, Err(Violation::TimeBeforeParent));
    }

    #[test]
    fn a_header_of_another_parent_does_not_belong_here() {
        let (chain, header, context) = next_header();
        let stray = Header { previous: BlockHash([5; 32]), ..header };
        let refused = check_header_in_context(&stray, &context, &chain.params);
        assert_eq!(refused, Err(Violation::UnknownParent));
    }

    #[test]
    fn a_time_is_too_far_ahead_only_beyond_the_limit() {
        let (chain, header, _) = next_header();
        let limit = chain.params.future_limit_seconds;
        let now = Timestamp(header.time.0 - limit);
        assert_eq!(check_header_time(&header, now, &chain.params), Ok(()));
        let earlier = Timestamp(now.0 - 1);
        let refused = check_header_time(&header, earlier, &chain.params);
        assert_eq!(refused, Err(Violation::TimeTooFarAhead));
    }
}
