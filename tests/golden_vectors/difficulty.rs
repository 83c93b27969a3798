//! Compact targets, the work they stand for, and the bits that follow from two blocks.

use cairn::consensus::testing::easy_params;
use cairn::consensus::{HeaderFacts, Params, ParamsOverride, next_bits};
use cairn::primitives::{BlockHash, CompactTarget, Height, Target, Timestamp, Work};

use crate::json::{Json, object};
use crate::support::{bits, dev};

/// When the grandparent was made: the time of genesis and a day.
const GRANDPARENT_TIME: u32 = 1_767_312_000;

/// Compact forms that are targets. The last ones are not the form in which a target is written.
const TARGETS: [u32; 16] = [
    0x0101_0000,
    0x017f_0000,
    0x0200_8000,
    0x0300_ffff,
    0x037f_ffff,
    0x0400_8000,
    0x1d00_ffff,
    0x1e00_8000,
    0x1e01_0000,
    0x1e10_0000,
    0x1e7f_ffff,
    0x207f_ffff,
    0x2100_ffff,
    0x2200_00ff,
    0x2000_00ff,
    0x0400_0001,
];

const NO_TARGETS: [(u32, &str); 10] = [
    (0x0000_0000, "zero"),
    (0x0100_0000, "zero"),
    (0x0100_3456, "zero"),
    (0x1e80_0000, "zero"),
    (0x0492_3456, "negative"),
    (0x01fe_dcba, "negative"),
    (0x2101_0000, "overflow"),
    (0x2200_0100, "overflow"),
    (0x2300_0001, "overflow"),
    (0xff7f_ffff, "overflow"),
];

pub(crate) fn vectors() -> Json {
    object! {
        "targets": Json::list(TARGETS, target),
        "no_targets": Json::list(NO_TARGETS, |(compact, why)| {
            assert!(CompactTarget(compact).target().is_err());
            object! { "bits": bits(CompactTarget(compact)), "why": why }
        }),
        "cumulative_work": cumulative_work(),
        "next_bits": next(),
    }
}

fn target(compact: u32) -> Json {
    let compact = CompactTarget(compact);
    let target = compact.target().expect("it is a target");
    object! {
        "bits": bits(compact),
        "target": target.to_string(),
        "canonical_bits": bits(target.compact()),
        "work": target.work().to_string(),
    }
}

fn cumulative_work() -> Json {
    let mut sum = Work::ZERO;
    Json::list([0x207f_ffff, 0x1e01_0000, 0x1d00_ffff, 0x1e10_0000, 0x0300_ffff, 0x207f_ffff], |compact| {
        sum = sum.plus(CompactTarget(compact).target().map(Target::work).expect("it is a target"));
        object! { "bits": bits(CompactTarget(compact)), "cumulative_work": sum.to_string() }
    })
}

fn next() -> Json {
    let lan = Params::named("lan").expect("it is a name");
    let with_interval = |seconds| {
        let overrides = ParamsOverride { interval_seconds: Some(seconds), ..ParamsOverride::default() };
        Params::with_overrides("lan", &overrides).expect("the interval is in range")
    };
    let on_lan = [0, 1, 5, 9, 10, 11, 19, 20, 37, 299, 300, 599, 600, 601, 100_000];
    let mut rows: Vec<_> = on_lan.map(|seconds| row(&lan, 9, 0x1e01_0000, seconds)).to_vec();
    rows.extend([0, 10, 11, 600].map(|seconds| row(&lan, 9, 0x1e10_0000, seconds)));
    rows.extend([0, 10, 600].map(|seconds| row(&lan, 9, 0x0101_0000, seconds)));
    rows.extend([0, 10, 600].map(|seconds| row(&lan, 9, 0x0300_ffff, seconds)));
    rows.extend([0, 1, 600].map(|seconds| row(&lan, 9, 0x1d00_8000, seconds)));
    rows.extend([11, 12].map(|seconds| row(&lan, 9, 0x1d7f_ffff, seconds)));
    rows.extend([0, 1, 2, 60, 61].map(|seconds| row(&with_interval(1), 9, 0x1e01_0000, seconds)));
    rows.extend(
        [0, 86_400, 5_184_000, 5_184_001].map(|seconds| row(&with_interval(86_400), 9, 0x1e01_0000, seconds)),
    );
    rows.extend([0, 10, 600].map(|seconds| row(&easy_params("stones"), 9, 0x207f_ffff, seconds)));
    rows.extend([1, 2, 3].map(|height| row(&lan, height, 0x1e01_0000, 3)));
    rows.push(row(&dev(), 9, 0x207f_ffff, 3));
    Json::List(rows)
}

/// What a block at this height must carry whose parent has these bits and was made so long after its own.
fn row(params: &Params, height: u32, parent_bits: u32, seconds: u32) -> Json {
    let facts = |height, time| HeaderFacts {
        height: Height(height),
        hash: BlockHash::ZERO,
        time: Timestamp(time),
        bits: CompactTarget(parent_bits),
        work: Work::ZERO,
    };
    let parent = facts(height - 1, GRANDPARENT_TIME + seconds);
    let grandparent = height.checked_sub(2).map(|height| facts(height, GRANDPARENT_TIME));
    object! {
        "interval_seconds": params.interval_seconds,
        "retarget": params.retarget,
        "first_bits": bits(params.first_bits),
        "limit_bits": bits(params.limit_bits),
        "height": height,
        "parent_bits": bits(CompactTarget(parent_bits)),
        "parent_time": parent.time.0,
        "grandparent_time": GRANDPARENT_TIME,
        "bits": bits(next_bits(params, &parent, grandparent.as_ref())),
    }
}
