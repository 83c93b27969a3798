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
