//! Blocks that break one rule each, and the rule.

use cairn::consensus::testing::{TestChain, dev_key};
use cairn::primitives::{
    Action, Amount, Block, BlockHash, CompactTarget, Height, PublicKey, StateRoot, Text, Timestamp,
    Transaction,
};
use curve25519_dalek::edwards::CompressedEdwardsY;

use crate::dice::Dice;
use crate::draft::{block_of, committed, sealed, some_block, worked};
use crate::people::{PEOPLE, Signer, with_s_beyond_the_order};
use crate::spending::{Purse, cost, long_text, next_transaction, outputs_to, signed, some_transactions};

/// A rule, and how to break it and nothing else on a chain, if it can be broken there.
pub(crate) type Fault = (&'static str, fn(&TestChain, &mut Dice) -> Option<Block>);

/// A way for each rule, and more than one for some.
pub(crate) const FAULTS: &[Fault] = &[
    ("bad-version", |on, dice| {
        let version = *dice.pick(&[0, 2, 1 | 1 << 12, 1 | 1 << 29, 1 | 1 << 31]);
        Some(header(on, dice, |block| block.header.version = version))
    }),
    ("target-out-of-range", |on, dice| {
        let bits = *dice.pick(&[0, 0x2000_0000, 0x1fff_ffff, 0x2101_0000, 0xff12_3456, 0x0200_00ff]);
        Some(header(on, dice, |block| block.header.bits = CompactTarget(bits)))
    }),
    ("wrong-bits", |on, dice| Some(header(on, dice, |block| block.header.bits.0 -= 1))),
    ("hash-above-target", |on, dice| {
        let mut block = some_block(on, dice);
        let target = block.header.bits.target().ok()?;
        while target.is_met_by(&block.hash()) {
            block.header.nonce = block.header.nonce.wrapping_add(1);
        }
        Some(block)
    }),
    ("time-before-parent", |on, dice| {
        let early = Timestamp(on.tip().time.0 - dice.from(1, 1_000) as u32);
        Some(header(on, dice, |block| block.header.time = early))
    }),
    ("orphan", |on, dice| {
        let nobody = BlockHash(dice.bytes());
        Some(header(on, dice, |block| block.header.previous = nobody))
    }),
    ("wrong-commitment", |on, dice| {
        let mut block = some_block(on, dice);
        block.coinbase.extra_nonce[dice.below(16) as usize] ^= 1;
        Some(block)
    }),
    ("wrong-transaction-root", |on, dice| {
        let mut block = some_block(on, dice);
        match block.transactions.last().cloned() {
            Some(last) if dice.percent(50) => block.transactions.push(last),
            Some(_) => drop(block.transactions.pop()),
            None => block.transactions.push(next_transaction(on, &Purse::new(on), dice)?),
        }
        Some(block)
    }),
    ("coinbase-version", |on, dice| {
        let version = *dice.pick(&[0, 2, u16::MAX]);
        Some(coinbase(on, dice, |block| block.coinbase.version = version))
    }),
    ("coinbase-height", |on, dice| {
        let height = on.tip().height;
        let other = *dice.pick(&[height, height.plus(2), Height(u32::MAX), Height::GENESIS]);
        Some(coinbase(on, dice, |block| block.coinbase.height = other))
    }),
    ("tag-too-long", |on, dice| {
        let length = *dice.pick(&[65, 66, 1_000]);
        Some(coinbase(on, dice, |block| block.coinbase.tag = vec![7; length].into()))
    }),
    ("wrong-state-root", |on, dice| {
        let root = if dice.percent(50) { on.root() } else { StateRoot(dice.bytes()) };
        (root != on.expected_state_root())
            .then(|| coinbase(on, dice, |block| block.coinbase.state_root = root))
    }),
    ("transaction-version", |on, dice| {
        let version = *dice.pick(&[0, 2, u16::MAX]);
        transaction(on, dice, |each, _| each.version = version)
    }),
    ("no-outputs", |on, dice| outputs(on, dice, 0)),
    ("too-many-outputs", |on, dice| outputs(on, dice, 257)),
    ("zero-amount", |on, dice| amount(on, dice, 0)),
    ("amount-out-of-range", |on, dice| {
        let amount_out_of_range = *dice.pick(&[1 << 53, u64::MAX]);
        amount(on, dice, amount_out_of_range)
    }),
    ("fee-out-of-range", |on, dice| {
        let fee = *dice.pick(&[0, 1 << 53, u64::MAX]);
        transaction(on, dice, |each, _| each.fee = Amount(fee))
    }),
    ("memo-too-long", |on, dice| text(on, dice, true)),
    ("label-too-long", |on, dice| text(on, dice, false)),
    ("bad-signature", |on, dice| spoiled_signature(on, dice, |each| each.signature.0[32] ^= 1)),
    ("bad-signature", |on, dice| {
        spoiled_signature(on, dice, |each| each.signature = with_s_beyond_the_order(&each.signature))
    }),
    ("bad-signature", |on, dice| {
        spoiled_signature(on, dice, |each| {
            each.sender = no_point(each.sender);
        })
    }),
    ("bad-signature", |on, dice| {
        let honest = Signer::Honest(dev_key(3));
        let elsewhere = TestChain::new(cairn::consensus::Params::named("lan").ok()?);
        transaction_by(on, dice, &honest, |each, dice| {
            *each = signed(each.clone(), &honest, &elsewhere, dice);
        })
    }),
    ("expired", |on, dice| {
        let height = on.tip().height;
        let passed = *dice.pick(&[height, Height(1)]);
        let is_past = passed > Height::GENESIS && passed <= height;
        is_past.then(|| transaction(on, dice, |each, _| each.expires_at = passed)).flatten()
    }),
    ("nonce-too-low", |on, dice| {
        let used = PEOPLE.iter().find(|person| Purse::new(on).get(&person.address()).1 > 0)?;
        transaction_of(on, dice, used, |each, _| each.nonce -= 1)
    }),
    ("nonce-too-low", |on, dice| {
        let mut transactions = some_transactions(on, 3, dice);
        transactions.push(transactions.last()?.clone());
        Some(block_of(on, transactions, dice))
    }),
    ("nonce-gap", |on, dice| {
        let ahead = *dice.pick(&[1, 2, 1 << 53, u64::MAX >> 1]);
        transaction(on, dice, |each, _| each.nonce += ahead)
    }),
    ("nonce-gap", |on, dice| transaction(on, dice, |each, _| each.nonce = u64::MAX)),
    ("insufficient-balance", |on, dice| {
        transaction(on, dice, |each, balance| {
            let missing = balance + 1 - cost(each);
            match &mut each.action {
                Action::Transfer(transfer) => transfer.outputs[0].amount.0 += missing,
                Action::Anchor(_) => each.fee.0 += missing,
            }
        })
    }),
];

/// Rules that need a block's place in the chain: a node need not look before its branch is the best.
pub(crate) const FAULTS_OF_PLACE: [&str; 6] =
    ["coinbase-height", "wrong-state-root", "expired", "nonce-too-low", "nonce-gap", "insufficient-balance"];

/// A block whose header is changed before the work is done.
fn header(on: &TestChain, dice: &mut Dice, edit: impl FnOnce(&mut Block)) -> Block {
    let mut block = some_block(on, dice);
    edit(&mut block);
    worked(block)
}

/// A block whose coinbase is changed before the header commits to it.
fn coinbase(on: &TestChain, dice: &mut Dice, edit: impl FnOnce(&mut Block)) -> Block {
    let mut block = some_block(on, dice);
    edit(&mut block);
    committed(block)
}

/// Good transactions, and then one that is changed before it is signed; the balance at that moment is told.
fn transaction(on: &TestChain, dice: &mut Dice, edit: impl FnOnce(&mut Transaction, u64)) -> Option<Block> {
    let good = good_transactions(on, dice);
    let purse = after(on, &good);
    let from = purse.solvent(2, dice)?;
    ending_with(on, dice, good, from, edit)
}

/// The same with one that somebody sends.
fn transaction_of(
    on: &TestChain,
    dice: &mut Dice,
    from: &Signer,
    edit: impl FnOnce(&mut Transaction, u64),
) -> Option<Block> {
    ending_with(on, dice, Vec::new(), from, edit)
}

/// The same with one whose signature is changed.
fn transaction_by(
    on: &TestChain,
    dice: &mut Dice,
    from: &Signer,
    edit: impl FnOnce(&mut Transaction, &mut Dice),
) -> Option<Block> {
    let mut last = payment(on, dice, &Purse::new(on), from)?;
    edit(&mut last, dice);
    Some(sealed(block_of(on, vec![last], dice)))
}

fn ending_with(
    on: &TestChain,
    dice: &mut Dice,
    mut transactions: Vec<Transaction>,
    from: &Signer,
    edit: impl FnOnce(&mut Transaction, u64),
) -> Option<Block> {
    let purse = after(on, &transactions);
    let mut last = payment(on, dice, &purse, from)?;
    edit(&mut last, purse.get(&from.address()).0);
    transactions.push(signed(last, from, on, dice));
    Some(block_of(on, transactions, dice))
}

fn good_transactions(on: &TestChain, dice: &mut Dice) -> Vec<Transaction> {
    let count = dice.below(4);
    some_transactions(on, count, dice)
}

fn after<'a>(on: &'a TestChain, transactions: &[Transaction]) -> Purse<'a> {
    let mut purse = Purse::new(on);
    for each in transactions {
        purse.execute(each);
    }
    purse
}

/// A payment of one pebble for the least fee, if the sender has both.
fn payment(on: &TestChain, dice: &mut Dice, purse: &Purse<'_>, from: &Signer) -> Option<Transaction> {
    let (balance, nonce) = purse.get(&from.address());
    let mut payment = next_transaction(on, &Purse::new(on), dice)?;
    payment.sender = from.public_key();
    (payment.nonce, payment.fee, payment.expires_at) = (nonce, Amount(1), Height::GENESIS);
    if let Action::Transfer(transfer) = &mut payment.action {
        transfer.outputs = outputs_to(dice.pick(&PEOPLE).address(), 1);
    }
    (balance >= 2).then(|| signed(payment, from, on, dice))
}

/// Transfers alone can break some rules.
fn transfer(
    on: &TestChain,
    dice: &mut Dice,
    edit: impl FnOnce(&mut cairn::primitives::Transfer),
) -> Option<Block> {
    transaction(on, dice, |each, _| {
        let outputs = outputs_to(PEOPLE[0].address(), 1);
        let mut changed = cairn::primitives::Transfer { outputs, memo: Text::default() };
        edit(&mut changed);
        each.action = Action::Transfer(changed);
    })
}

fn outputs(on: &TestChain, dice: &mut Dice, count: usize) -> Option<Block> {
    transfer(on, dice, |transfer| transfer.outputs = outputs_to(PEOPLE[1].address(), count))
}

fn amount(on: &TestChain, dice: &mut Dice, amount: u64) -> Option<Block> {
    transfer(on, dice, |transfer| transfer.outputs[0].amount = Amount(amount))
}

/// A memo or a label one byte too long.
fn text(on: &TestChain, dice: &mut Dice, is_memo: bool) -> Option<Block> {
    let long = long_text(if is_memo { 257 } else { 65 }, dice);
    if is_memo {
        return transfer(on, dice, |transfer| transfer.memo = long);
    }
    let anchor = cairn::primitives::Anchor { digest: dice.bytes(), label: long };
    transaction(on, dice, |each, _| each.action = Action::Anchor(anchor))
}

/// Good transactions of which one gets a signature that does not hold.
fn spoiled_signature(on: &TestChain, dice: &mut Dice, edit: impl FnOnce(&mut Transaction)) -> Option<Block> {
    let mut transactions = some_transactions(on, 3, dice);
    let place = dice.below(transactions.len().max(1) as u64) as usize;
    edit(transactions.get_mut(place)?);
    Some(block_of(on, transactions, dice))
}

/// Bytes near a key that are no point of the curve.
fn no_point(mut key: PublicKey) -> PublicKey {
    while CompressedEdwardsY(key.0).decompress().is_some() {
        key.0[0] = key.0[0].wrapping_add(1);
    }
    key
}
