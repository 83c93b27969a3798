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

/// The groups with their names.
pub(crate) const GROUPS: &[(&str, &[Case])] = &[
    ("headers", headers::CASES),
    ("bodies", bodies::CASES),
    ("transactions", transactions::CASES),
    ("signatures", signatures::CASES),
    ("execution", execution::CASES),
    ("limits", limits::CASES),
    ("encodings", encodings::CASES),
    ("rewards", rewards::CASES),
    ("forks", forks::CASES),
    ("reorganisations", reorganisations::CASES),
];

/// Every case.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    GROUPS.iter().flat_map(|(_, cases)| *cases)
}
