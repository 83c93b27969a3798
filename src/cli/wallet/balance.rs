//! `wallet balance`: what a wallet or an address holds, by what can be done with it.

use super::opening;
use crate::cli::args::WalletPlace;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::node_access::NodeAccess;
use crate::cli::output::{self, Output, Paint};
use crate::cli::session::Session;
use crate::primitives::{Address, Amount};
use crate::rpc::types::Balance;
use crate::wallet::Recipient;

pub(super) async fn balance(session: &Session, of: &str, place: &WalletPlace) -> Outcome {
    let node = NodeAccess::find(session).await?;
    let directory = opening::directory(place)?;
    let recipient = Recipient::parse(of, node.session.params.address_kind())
        .map_err(|error| Failure::usage(error, "give a wallet's name or an address"))?;
    let addresses = match &recipient {
        Recipient::Address(address) => vec![*address],
        Recipient::Wallet(name) => directory.open(name)?.addresses().to_vec(),
    };
    let balance = total(&node, &addresses).await?;
    session.output.show(&balance, |output| for_people(&balance, output));
    Ok(())
}

/// What several addresses hold together, under the first one's name.
pub(super) async fn total(node: &NodeAccess, addresses: &[Address]) -> Outcome<Balance> {
    let mut total: Option<Balance> = None;
    for address in addresses {
        let one = node.client.balance(&node.session.address_text(*address)).await?;
        total = Some(match total {
            Some(sum) => Balance {
                confirmed: plus(sum.confirmed, one.confirmed),
                immature: plus(sum.immature, one.immature),
                pending_in: plus(sum.pending_in, one.pending_in),
                pending_out: plus(sum.pending_out, one.pending_out),
                ..sum
            },
            None => one,
        });
    }
    total.ok_or_else(|| {
        Failure::new("the wallet holds no address", "make one with `cairn wallet address --new`")
    })
}

/// All money together is below 2^53 pebbles, so a sum that overflows would be a lie of the node.
fn plus(one: Amount, other: Amount) -> Amount {
    one.checked_add(other).unwrap_or(Amount::MAX)
}

fn for_people(balance: &Balance, output: Output) -> String {
    let cairns = |amount: Amount| format!("{amount:>20}");
    let mut lines = vec![("can be spent", output.paint(&cairns(balance.confirmed), Paint::Bold))];
    let others = [
        ("rewards, still maturing", balance.immature),
        ("on its way in", balance.pending_in),
        ("on its way out", balance.pending_out),
    ];
    lines.extend(
        others
            .into_iter()
            .filter(|(_, amount)| *amount != Amount::ZERO)
            .map(|(what, amount)| (what, cairns(amount))),
    );
    format!(
        "{}\n{}",
        output::pairs(output, &lines),
        output.paint(&format!("in cairns, at height {}", balance.height), Paint::Dim)
    )
}
