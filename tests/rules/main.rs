//! A case for every rule: blocks and transactions that are invalid, or valid against all appearance, each with the
//! verdict that `docs/protocol.md` demands and with whom it blames.
//!
//! | file | tells |
//! | --- | --- |
//! | `cases/…` | the cases: one row each, or a short story where one block does not suffice |
//! | `build` | blocks and transactions to order, and the chains that cases begin with |
//! | `case`, `story`, `stage` | how a case is played, on whatever takes blocks and says what became of them |
//! | `host` | the core as such a stage |
//! | `over_rpc` | a running node as another, and all cases on it; only where the build has RPC |
//! | `halving`, `restart` | what no chain of blocks reaches, and a node that dies between two commits |
//! | `blame`, `consequence` | the same blocks by peers: whose fault each is, who pays, and what becomes of the header |
//! | `wire` | what peers may ask and tell, at each limit and one beyond |
//! | `mirror`, `transcript` | the second execution beside the node, and what is written down for other implementations |
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod blame;
mod build;
mod case;
#[macro_use]
mod cases;
mod consequence;
mod halving;
mod host;
mod mirror;
#[cfg(feature = "rpc")]
mod over_rpc;
mod restart;
mod shelf;
mod stage;
mod story;
mod transcript;
mod wire;

use std::collections::BTreeSet;

use cairn::consensus::Violation;

use case::Case;
use host::Host;

/// Plays every case of a group, each on a core of its own.
fn play(group: &str) {
    let (_, cases) = cases::GROUPS.iter().find(|(name, _)| *name == group).unwrap();
    for case in *cases {
        let mut host = Host::new(&build::genesis().params);
        case.play(&mut host, &format!("rules-{group}-{}", case.slug()));
    }
}

with_groups!(tests);

#[test]
fn every_rule_has_a_case() {
    let with_case: BTreeSet<_> = cases::all().flat_map(Case::violations).map(Violation::name).collect();
    let without: Vec<_> =
        Violation::ALL.iter().map(|rule| rule.name()).filter(|rule| !with_case.contains(rule)).collect();
    assert!(without.is_empty(), "these rules have no case in tests/rules/cases: {without:?}");
}

#[test]
fn there_are_many_cases_of_both_kinds_and_no_two_of_one_name() {
    let invalid = cases::all().filter(|case| case.violations().next().is_some()).count();
    let valid = cases::all().count() - invalid;
    assert!(invalid >= 56 && valid >= 20, "{invalid} invalid, {valid} valid");
    let names: BTreeSet<_> = cases::all().map(Case::slug).collect();
    assert_eq!(names.len(), cases::all().count());
}
