//! Transactions that a block can execute, of every kind and at every edge.

use std::collections::BTreeMap;

use cairn::consensus::Accounts;
use cairn::consensus::testing::TestChain;
use cairn::primitives::{
    Action, Address, Amount, Anchor, Height, List, Output, Signature, Text, Transaction, Transfer,
};

use crate::dice::Dice;
use crate::people::{PEOPLE, Signer};

/// The longest memo, in letters of one, two, three and four bytes.
const LONG_MEMOS: [&str; 4] = ["m", "é", "€", "🪨"];
const MEMO_BYTES_MAX: usize = 256;
const LABEL_BYTES_MAX: usize = 64;
const OUTPUTS_MAX: usize = 256;

/// The accounts as they stand in the middle of a block.
pub(crate) struct Purse<'a> {
    chain: &'a TestChain,
    /// Balance and nonce of whoever was touched.
    touched: BTreeMap<Address, (u64, u64)>,
}

impl<'a> Purse<'a> {
    /// At the start of the block that follows a chain: what matures there is credited.
    pub(crate) fn new(chain: &'a TestChain) -> Self {
        let mut purse = Self { chain, touched: BTreeMap::new() };
        let height = chain.tip().height.next();
        let due = chain.state.maturing().front();
        if let Some(due) = due.filter(|due| due.earned_at.plus(chain.params.maturity) == height) {
            purse.credit(due.miner, due.amount.0);
        }
        purse
    }

    /// Balance and nonce.
    pub(crate) fn get(&self, address: &Address) -> (u64, u64) {
        let account = self.chain.state.accounts().get(address);
        self.touched.get(address).copied().unwrap_or((account.balance.0, account.nonce))
    }

    fn credit(&mut self, address: Address, amount: u64) {
        let (balance, nonce) = self.get(&address);
        self.touched.insert(address, (balance + amount, nonce));
    }

    /// Does what a transaction does.
    pub(crate) fn execute(&mut self, transaction: &Transaction) {
        let sender = transaction.sender_address();
        let (balance, nonce) = self.get(&sender);
        self.touched.insert(sender, (balance - cost(transaction), nonce + 1));
        for output in transaction.outputs() {
            self.credit(output.to, output.amount.0);
        }
    }

    /// Somebody who can pay at least this much.
    pub(crate) fn solvent(&self, least: u64, dice: &mut Dice) -> Option<&'static Signer> {
        let start = dice.below(PEOPLE.len() as u64) as usize;
        let mut people = PEOPLE.iter().cycle().skip(start).take(PEOPLE.len());
        people.find(|person| self.get(&person.address()).0 >= least)
    }
}

/// Fee and all amounts.
pub(crate) fn cost(transaction: &Transaction) -> u64 {
    transaction.fee.0 + transaction.outputs().iter().map(|output| output.amount.0).sum::<u64>()
}

/// Transactions that can be executed one after another on a chain.
pub(crate) fn some_transactions(chain: &TestChain, count: u64, dice: &mut Dice) -> Vec<Transaction> {
    let mut purse = Purse::new(chain);
    let mut transactions = Vec::new();
    for _ in 0..count {
        let Some(transaction) = next_transaction(chain, &purse, dice) else { break };
        purse.execute(&transaction);
        transactions.push(transaction);
    }
    transactions
}

/// One that can be executed where the purse stands.
pub(crate) fn next_transaction(chain: &TestChain, purse: &Purse<'_>, dice: &mut Dice) -> Option<Transaction> {
    let from = purse.solvent(2, dice)?;
    let (balance, nonce) = purse.get(&from.address());
    let fee = some_fee(balance, dice);
    let action = if balance == fee || dice.percent(20) {
        some_anchor(dice)
    } else {
        some_transfer(from, balance - fee, dice)
    };
    let expires_at = match dice.below(5) {
        0 => chain.tip().height.next(),
        1 => chain.tip().height.next().plus(1),
        2 => Height(u32::MAX),
        _ => Height::GENESIS,
    };
    let signature = Signature([0; 64]);
    let (sender, fee) = (from.public_key(), Amount(fee));
    let unsigned = Transaction { version: 1, sender, nonce, fee, expires_at, action, signature };
    Some(signed(unsigned, from, chain, dice))
}

/// The same with a signature that holds on the chain's network.
pub(crate) fn signed(
    mut transaction: Transaction,
    from: &Signer,
    chain: &TestChain,
    dice: &mut Dice,
) -> Transaction {
    let hash = transaction.signing_hash(&chain.params.genesis_hash());
    transaction.signature = from.sign(&hash.0, dice);
    transaction
}

fn some_fee(balance: u64, dice: &mut Dice) -> u64 {
    match dice.below(20) {
        0 => balance,
        1 => balance - 1,
        2..=7 => 1,
        _ => dice.from(1, 50_000.min(balance)),
    }
}

fn some_anchor(dice: &mut Dice) -> Action {
    let label = if dice.percent(30) { long_text(LABEL_BYTES_MAX, dice) } else { Text::from("a file") };
    Action::Anchor(Anchor { digest: dice.bytes(), label })
}

/// Pays at most `purse` pebbles, which is at least one.
fn some_transfer(from: &Signer, purse: u64, dice: &mut Dice) -> Action {
    let count = match dice.below(60) {
        0 => OUTPUTS_MAX as u64,
        1..=20 => dice.from(2, 6),
        _ => 1,
    };
    let count = count.min(purse);
    let total = match dice.below(8) {
        0 => purse,
        1 => count,
        _ => dice.from(count, (purse / 3).max(count)),
    };
    let mut outputs: Vec<Output> =
        (0..count).map(|_| Output { to: somebody(from, dice), amount: Amount(1) }).collect();
    if dice.percent(30) {
        let again = outputs[0].to;
        outputs.iter_mut().step_by(2).for_each(|output| output.to = again);
    }
    let lucky = dice.below(count) as usize;
    outputs[lucky].amount = Amount(1 + total - count);
    let memo = match dice.below(6) {
        0 => long_text(MEMO_BYTES_MAX, dice),
        1 => Text::from("Grüße, 谢谢, \0"),
        _ => Text::default(),
    };
    Action::Transfer(Transfer { outputs: outputs.into(), memo })
}

/// Somebody from the crowd, oneself, an address without a key, or one of which nobody has heard.
fn somebody(from: &Signer, dice: &mut Dice) -> Address {
    match dice.below(10) {
        0 => from.address(),
        1 => Address([dice.below(3) as u8; 32]),
        2 => Address(dice.bytes()),
        _ => dice.pick(&PEOPLE).address(),
    }
}

/// A text of exactly so many bytes.
pub(crate) fn long_text(bytes: usize, dice: &mut Dice) -> Text {
    let letter = *dice.pick(&LONG_MEMOS);
    let mut text = letter.repeat(bytes / letter.len());
    text.push_str(&"x".repeat(bytes - text.len()));
    Text(text)
}

/// Payments of one pebble to one address.
pub(crate) fn outputs_to(to: Address, count: usize) -> List<Output> {
    List(vec![Output { to, amount: Amount(1) }; count])
}
