//! `wallet send`: preview, a yes, the id, and the wait for the first confirmation.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{confirmation, opening};
use crate::cli::args::SendArgs;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::node_access::NodeAccess;
use crate::cli::output::{self, Output, Paint};
use crate::cli::session::Session;
use crate::cli::terminal;
use crate::primitives::{Address, Amount, Height, Output as Payment, TransactionId};
use crate::rpc::types::OutputInfo;
use crate::wallet::{
    Payee, PaymentError, PaymentPlan, RecipientError, SenderState, Terms, WalletDirectory, outputs,
};

/// What came of it.
#[derive(Debug, Serialize)]
struct Sent {
    txid: TransactionId,
    from: String,
    outputs: Vec<OutputInfo>,
    fee: Amount,
    total: Amount,
    balance_after: Amount,
    expires_at: Height,
    confirmations: u32,
    height: Option<Height>,
}

pub(super) async fn send(session: &Session, args: &SendArgs) -> Outcome {
    let directory = opening::directory(&args.place)?;
    let name = opening::name(&args.from)?;
    let keystore = directory.open(&name)?;
    let node = NodeAccess::find(session).await?;
    let plan = plan(&node, &directory, keystore.main_address(), args).await?;
    if !args.yes {
        output::aside(&preview(&plan, &node.session, args));
        terminal::confirm("Send it?", "give --yes to send without being asked")?;
    }
    let wallet = opening::unlock(&directory, &name, &args.place)?;
    let key = wallet.key_of(&plan.sender()).ok_or(PaymentError::WrongKey)?;
    let transaction = plan.sign(&key, &node.info.genesis_hash)?;
    let txid = node.client.send(&transaction).await?;
    let mut sent = sent(&plan, txid, &node.session);
    if let Some(wanted) = confirmations_wanted(args, node.session.output) {
        let located = confirmation::wait(&node, txid, wanted).await?;
        sent.confirmations = located.confirmations;
        sent.height = located.height;
    }
    node.session.output.show(&sent, |output| for_people(&sent, output));
    Ok(())
}

/// Asks the node what the plan must know, and checks everything that can be checked here.
async fn plan(
    node: &NodeAccess,
    directory: &WalletDirectory,
    from: Address,
    args: &SendArgs,
) -> Outcome<PaymentPlan> {
    let outputs = read_outputs(node, directory, args)?;
    let fee = args.fee.as_deref().map(read_amount).transpose()?;
    let held = node.client.balance(&node.session.address_text(from)).await?;
    let sender = SenderState {
        address: from,
        balance: held.confirmed.checked_sub(held.pending_out).unwrap_or(Amount::ZERO),
        nonce: held.next_nonce,
        tip: held.height,
    };
    let new_accounts = new_accounts(node, &outputs).await?;
    let terms = Terms { fee, expires_at: None };
    Ok(PaymentPlan::transfer(outputs, &args.memo, &new_accounts, &sender, terms)?)
}

fn read_outputs(node: &NodeAccess, directory: &WalletDirectory, args: &SendArgs) -> Outcome<Vec<Payment>> {
    let kind = node.session.params.address_kind();
    let payees = args.to.iter().map(|text| Payee::parse(text, kind)).collect::<Result<Vec<_>, _>>()?;
    let amount = args.amount.as_deref().map(read_amount).transpose()?;
    Ok(outputs(&payees, amount, |name| Ok(directory.open(name)?.main_address()))?)
}

fn read_amount(text: &str) -> Outcome<Amount> {
    text.parse().map_err(|error| Failure::usage(format!("`{text}`: {error}"), "amounts are in cairns"))
}

/// The receiving addresses that have no account yet: each costs a little more.
async fn new_accounts(node: &NodeAccess, outputs: &[Payment]) -> Outcome<BTreeSet<Address>> {
    let mut new = BTreeSet::new();
    for address in outputs.iter().map(|output| output.to).collect::<BTreeSet<_>>() {
        let held = node.client.balance(&node.session.address_text(address)).await?;
        if held.confirmed == Amount::ZERO && held.nonce == 0 {
            new.insert(address);
        }
    }
    Ok(new)
}

/// As asked for; on a terminal the first one, since a person wants to see it arrive.
fn confirmations_wanted(args: &SendArgs, output: Output) -> Option<u32> {
    args.wait
        .or_else(|| (!output.json && terminal::is_interactive()).then_some(1))
        .filter(|wanted| *wanted > 0)
}

fn preview(plan: &PaymentPlan, session: &Session, args: &SendArgs) -> String {
    let mut lines = vec![("from", format!("{} ({})", args.from, session.address_text(plan.sender())))];
    lines.extend(
        described(plan, session)
            .into_iter()
            .map(|one| ("to", format!("{} cairns to {}", one.amount, one.to))),
    );
    if !args.memo.is_empty() {
        lines.push(("memo", args.memo.escape_debug().to_string()));
    }
    lines.push(("fee", format!("{} cairns", plan.fee())));
    lines.push(("total", format!("{} cairns", plan.total())));
    lines.push(("balance after", format!("{} cairns", plan.balance_after())));
    output::pairs(session.output, &lines)
}

/// Taken from what will be signed, not from what was asked.
fn described(plan: &PaymentPlan, session: &Session) -> Vec<OutputInfo> {
    let outputs: &[Payment] = match plan.action() {
        crate::primitives::transaction::Action::Transfer(transfer) => &transfer.outputs,
        crate::primitives::transaction::Action::Anchor(_) => &[],
    };
    outputs.iter().map(|one| OutputInfo { to: session.address_text(one.to), amount: one.amount }).collect()
}

fn sent(plan: &PaymentPlan, txid: TransactionId, session: &Session) -> Sent {
    Sent {
        txid,
        from: session.address_text(plan.sender()),
        outputs: described(plan, session),
        fee: plan.fee(),
        total: plan.total(),
        balance_after: plan.balance_after(),
        expires_at: plan.expires_at(),
        confirmations: 0,
        height: None,
    }
}

fn for_people(sent: &Sent, output: Output) -> String {
    let state = match sent.height {
        Some(height) => output.paint(&format!("confirmed in block #{height}"), Paint::Green),
        None => format!("waits for a block; `cairn tx {}` shows it", sent.txid),
    };
    format!("Sent {}\n{state}", sent.txid)
}

impl From<PaymentError> for Failure {
    fn from(error: PaymentError) -> Self {
        // These errors say themselves what to do.
        Self::new(error, "")
    }
}

impl From<RecipientError> for Failure {
    fn from(error: RecipientError) -> Self {
        Self::usage(error, "such as: cairn wallet send 2.5 --from alice --to bob")
    }
}
