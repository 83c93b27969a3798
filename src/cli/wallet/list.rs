//! `wallet list`: the wallets, and what they hold if a node is there to say.

use serde::Serialize;

use super::{balance, opening};
use crate::cli::args::WalletPlace;
use crate::cli::failure::{Exit, Outcome};
use crate::cli::node_access::NodeAccess;
use crate::cli::output;
use crate::cli::session::Session;
use crate::primitives::Amount;
use crate::wallet::WalletEntry;

#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    address: Option<String>,
    protected: Option<bool>,
    confirmed: Option<Amount>,
    immature: Option<Amount>,
    /// Why the file cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

pub(super) async fn list(session: &Session, place: &WalletPlace) -> Outcome {
    let directory = opening::directory(place)?;
    let node = match NodeAccess::find(session).await {
        Ok(node) => Some(node),
        Err(failure) if failure.exit == Exit::Unreachable => None,
        Err(failure) => return Err(failure),
    };
    let mut wallets = Vec::new();
    for entry in directory.list()? {
        wallets.push(describe(entry, session, node.as_ref()).await?);
    }
    session.output.show(&wallets, |_| {
        if wallets.is_empty() {
            return format!(
                "No wallets in {}.\nMake one with `cairn wallet new`.",
                directory.folder().display()
            );
        }
        output::table(&["wallet", "address", "can be spent", "maturing", ""], wallets.iter().map(row))
    });
    Ok(())
}

async fn describe(entry: WalletEntry, session: &Session, node: Option<&NodeAccess>) -> Outcome<Listed> {
    let name = entry.name.to_string();
    let keystore = match entry.keystore {
        Ok(keystore) => keystore,
        Err(error) => {
            let problem = Some(error.to_string());
            return Ok(Listed {
                name,
                address: None,
                protected: None,
                confirmed: None,
                immature: None,
                problem,
            });
        }
    };
    let session = node.map_or(session, |node| &node.session);
    let held = match node {
        Some(node) => Some(balance::total(node, keystore.addresses()).await?),
        None => None,
    };
    Ok(Listed {
        name,
        address: Some(session.address_text(keystore.main_address())),
        protected: Some(keystore.is_protected()),
        confirmed: held.as_ref().map(|held| held.confirmed),
        immature: held.as_ref().map(|held| held.immature),
        problem: None,
    })
}

fn row(wallet: &Listed) -> Vec<String> {
    let amount = |amount: Option<Amount>| amount.map_or("-".to_owned(), |amount| amount.to_string());
    let note = match (&wallet.problem, wallet.protected) {
        (Some(problem), _) => problem.clone(),
        (None, Some(false)) => "unprotected".to_owned(),
        (None, _) => String::new(),
    };
    let address = wallet.address.clone().unwrap_or_default();
    vec![wallet.name.clone(), address, amount(wallet.confirmed), amount(wallet.immature), note]
}
