//! The table: each file is a group of rows, and each row reads like a line of the specification.

pub(crate) mod bodies;
pub(crate) mod encodings;
pub(crate) mod execution;
pub(crate) mod forks;
pub(crate) mod headers;
pub(crate) mod limits;
pub(crate) mod reorganisations;
pub(crate) mod rewards;
pub(crate) mod signatures;
pub(crate) mod transactions;

use crate::case::Case;

/// Hands every group, and the name of the test that plays it, to a macro.
macro_rules! with_groups {
    ($then:ident) => {
        $then! {
            headers: the_rows_on_headers_hold,
            bodies: the_rows_on_bodies_hold,
            transactions: the_rows_on_transactions_hold,
            signatures: the_rows_on_signatures_hold,
            execution: the_rows_on_execution_hold,
            limits: the_rows_on_limits_hold,
            encodings: the_rows_on_encodings_hold,
            rewards: the_rows_on_rewards_hold,
            forks: the_rows_on_forks_hold,
            reorganisations: the_rows_on_reorganisations_hold,
        }
    };
}

/// A test for each group: it calls `play` of where this stands.
macro_rules! tests {
    ($($group:ident: $test:ident,)*) => {
        $(#[test]
        fn $test() {
            play(stringify!($group));
        })*
    };
}

macro_rules! names {
    ($($group:ident: $test:ident,)*) => {
        &[$((stringify!($group), $group::CASES)),*]
    };
}

/// The groups with their names.
pub(crate) const GROUPS: &[(&str, &[Case])] = with_groups!(names);

/// Every case.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    GROUPS.iter().flat_map(|(_, cases)| *cases)
}
