//! What must hold of a node at any moment, whatever happened to it.

use cairn::node::Query;
use cairn::node::query::Answer;

use crate::engine::{NodeIndex, World};

/// Why a property does not hold.
pub type Verdict = Result<(), String>;

/// Money is neither made nor lost: balances and maturing rewards are what began and what was issued.
pub fn check_ledger(world: &mut World, node: NodeIndex) -> Verdict {
    let Some(Answer::Supply(supply)) = world.ask(node, Query::Supply) else {
        return Err(format!("node {node} does not answer what money there is"));
    };
    let held = supply.circulating.0 + supply.maturing.0;
    let made = supply.prefund.0 + supply.issued.0;
    if held == made { Ok(()) } else { Err(format!("node {node} holds {held} pebbles and {made} were made")) }
}
