//! `tools difficulty next`: aserti3-2d with every parameter given.

use crate::cli::args::DifficultyNextArgs;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::session::Session;
use crate::consensus::difficulty::aserti3_2d;
use crate::primitives::{CompactTarget, Target};

/// Digits of a compact target.
const BITS_DIGITS: usize = 8;

pub(super) fn next(session: &Session, args: &DifficultyNextArgs) -> Outcome {
    let height_delta = args.height.checked_sub(args.anchor_height).ok_or_else(|| {
        Failure::usage(
            format!("--height {} lies below --anchor-height {}", args.height, args.anchor_height),
            "give the height of a block that is not before the anchor",
        )
    })?;
    let time_delta = args.time.checked_sub(args.anchor_parent_time).ok_or_else(|| {
        Failure::usage("--time and --anchor-parent-time are too far apart", "give both in seconds since 1970")
    })?;
    let bits = aserti3_2d(
        target("--anchor-bits", &args.anchor_bits)?,
        time_delta,
        height_delta,
        args.interval,
        args.half_life,
        target("--limit-bits", &args.limit_bits)?,
    );
    session.show_word(&format!("0x{bits}"));
    Ok(())
}

/// The target that bits stand for: `0x` and hexadecimal digits, or all eight digits as other commands show them.
fn target(flag: &str, text: &str) -> Outcome<Target> {
    let refused = |cause: String| {
        Failure::usage(format!("{flag}: {cause}"), "give a compact target in hexadecimal, such as 0x1d00ffff")
    };
    let digits = text.strip_prefix("0x").or_else(|| (text.len() == BITS_DIGITS).then_some(text));
    let is_hexadecimal = |digits: &&str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = digits.filter(is_hexadecimal).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let number = number.ok_or_else(|| refused(format!("`{text}` is no compact target")))?;
    CompactTarget(number).target().map_err(|error| refused(format!("`{text}`: {error}")))
}
