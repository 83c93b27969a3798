//! A transaction before it is signed: what it pays, what it costs, what is left; every limit checked first.
//!
//! What the plan says of balance and nonce is what a node told; a node that lies can make a payment fail, and nothing
//! else, since whom it pays and how much is decided and signed here.

use std::collections::BTreeSet;

use super::payment_error::PaymentError;
use crate::consensus::check_transaction::{LABEL_BYTES_MAX, MEMO_BYTES_MAX, NONCE_MAX, OUTPUTS_MAX};
use crate::primitives::codec;
use crate::primitives::{
    Action, Address, Amount, Anchor, BlockHash, Height, Output, SecretKey, Transaction, Transfer,
};

/// Pebbles a byte of a transaction costs, at least: what nodes ask for before they pass it on.
pub const FEE_PER_BYTE: u64 = 1;

/// Pebbles each account costs that an output creates, at least: accounts stay for ever.
pub const FEE_PER_NEW_ACCOUNT: u64 = 1_000;

/// Blocks a payment stays valid, a day of them: on a chain that was reset under its name it cannot be replayed.
pub const EXPIRY_BLOCKS: u32 = 8_640;

/// Bytes of a transaction besides its action: version, sender, nonce, fee, expiry, signature.
const FRAME_BYTES: usize = 2 + 32 + 8 + 8 + 4 + 64;

/// Why sums of outputs and fee cannot overflow once their limits are checked.
const SUM_FITS: &str = "256 amounts and a fee below 2^53 add up to less than 2^64";

/// What a node says of the sender and the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderState {
    /// Whose key will sign.
    pub address: Address,
    /// What can be spent: confirmed, less what is on its way out.
    pub balance: Amount,
    /// The next to use; that of a pending transaction, to replace it.
    pub nonce: u64,
    /// Height of the chain.
    pub tip: Height,
}

/// What the sender may choose; `None` leaves it to the wallet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// Instead of the least fee.
    pub fee: Option<Amount>,
    /// Last height at which it is valid, instead of tip + [`EXPIRY_BLOCKS`]; 0 for always.
    pub expires_at: Option<Height>,
}

/// A transaction that keeps every limit and that its sender can afford, ready to be shown and signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentPlan {
    sender: Address,
    action: Action,
    fee: Amount,
    nonce: u64,
    expires_at: Height,
    total: Amount,
    balance_after: Amount,
}

impl PaymentPlan {
    /// A payment. `new_accounts` are the addresses that have no account yet, as far as outputs name them.
    pub fn transfer(
        outputs: Vec<Output>,
        memo: &str,
        new_accounts: &BTreeSet<Address>,
        sender: &SenderState,
        terms: Terms,
    ) -> Result<Self, PaymentError> {
        check_outputs(&outputs)?;
        check_length(memo, MEMO_BYTES_MAX, PaymentError::MemoTooLong)?;
        let action = Action::Transfer(Transfer { outputs: outputs.into(), memo: memo.into() });
        Self::new(action, new_accounts, sender, terms)
    }

    /// An anchor, which pays its fee alone.
    pub fn anchor(
        digest: [u8; 32],
        label: &str,
        sender: &SenderState,
        terms: Terms,
    ) -> Result<Self, PaymentError> {
        check_length(label, LABEL_BYTES_MAX, PaymentError::LabelTooLong)?;
        let action = Action::Anchor(Anchor { digest, label: label.into() });
        Self::new(action, &BTreeSet::new(), sender, terms)
    }

    /// The transaction, signed for the network with this genesis.
    pub fn sign(&self, key: &SecretKey, genesis: &BlockHash) -> Result<Transaction, PaymentError> {
        if Address::of(&key.public_key()) != self.sender {
            return Err(PaymentError::WrongKey);
        }
        let action = self.action.clone();
        Ok(Transaction::signed(key, genesis, self.nonce, self.fee, self.expires_at, action))
    }

    /// Who pays.
    pub fn sender(&self) -> Address {
        self.sender
    }

    /// What it does.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// What the miner gets.
    pub fn fee(&self) -> Amount {
        self.fee
    }

    /// The sender's count of transactions before this one.
    pub fn nonce(&self) -> u64 {
        self.nonce
    }

    /// Last height at which it is valid; 0 for always.
    pub fn expires_at(&self) -> Height {
        self.expires_at
    }

    /// All outputs and the fee.
    pub fn total(&self) -> Amount {
        self.total
    }

    /// What the sender can spend afterwards; what it pays to itself comes back.
    pub fn balance_after(&self) -> Amount {
        self.balance_after
    }

    /// Bytes of the signed transaction.
    pub fn size(&self) -> usize {
        size_of_transaction(&self.action)
    }

    fn new(
        action: Action,
        new_accounts: &BTreeSet<Address>,
        sender: &SenderState,
        terms: Terms,
    ) -> Result<Self, PaymentError> {
        let fee = choose_fee(terms.fee, minimum_fee(&action, new_accounts))?;
        let expires_at = choose_expiry(terms.expires_at, sender.tip)?;
        if sender.nonce > NONCE_MAX {
            return Err(PaymentError::NonceTooHigh(sender.nonce));
        }
        let total = sum(outputs_of(&action)).checked_add(fee).expect(SUM_FITS);
        let back = sum(outputs_of(&action).iter().filter(|output| output.to == sender.address));
        let balance_after = balance_less(sender.balance, total)?
            .checked_add(back)
            .expect("what comes back was taken off just before");
        let SenderState { address, nonce, .. } = *sender;
        Ok(Self { sender: address, action, fee, nonce, expires_at, total, balance_after })
    }
}

/// The least fee with which nodes pass a transaction on: by its bytes, and by the accounts it creates.
pub fn minimum_fee(action: &Action, new_accounts: &BTreeSet<Address>) -> Amount {
    let created: BTreeSet<&Address> =
        outputs_of(action).iter().map(|output| &output.to).filter(|to| new_accounts.contains(to)).collect();
    Amount(FEE_PER_BYTE * size_of_transaction(action) as u64 + FEE_PER_NEW_ACCOUNT * created.len() as u64)
}

fn check_outputs(outputs: &[Output]) -> Result<(), PaymentError> {
    if outputs.is_empty() {
        return Err(PaymentError::NoOutputs);
    }
    if outputs.len() > OUTPUTS_MAX {
        return Err(PaymentError::TooManyOutputs(outputs.len()));
    }
    for (position, output) in (1..).zip(outputs) {
        if output.amount == Amount::ZERO {
            return Err(PaymentError::ZeroAmount(position));
        }
        if output.amount > Amount::MAX {
            return Err(PaymentError::AmountTooLarge(position));
        }
    }
    Ok(())
}

fn check_length(text: &str, max: usize, refusal: fn(usize) -> PaymentError) -> Result<(), PaymentError> {
    if text.len() > max { Err(refusal(text.len())) } else { Ok(()) }
}

fn choose_fee(chosen: Option<Amount>, minimum: Amount) -> Result<Amount, PaymentError> {
    let fee = chosen.unwrap_or(minimum);
    if fee < minimum {
        return Err(PaymentError::FeeTooLow { fee, minimum });
    }
    if fee > Amount::MAX { Err(PaymentError::FeeTooLarge(fee)) } else { Ok(fee) }
}

fn choose_expiry(chosen: Option<Height>, tip: Height) -> Result<Height, PaymentError> {
    let expires_at = chosen.unwrap_or(tip.plus(EXPIRY_BLOCKS));
    let never = expires_at == Height::GENESIS;
    if never || expires_at > tip { Ok(expires_at) } else { Err(PaymentError::Expired { expires_at, tip }) }
}

fn balance_less(balance: Amount, needed: Amount) -> Result<Amount, PaymentError> {
    balance.checked_sub(needed).ok_or_else(|| {
        let missing = needed.checked_sub(balance).expect("what cannot be paid exceeds the balance");
        PaymentError::InsufficientBalance { needed, balance, missing }
    })
}

fn sum<'a>(outputs: impl IntoIterator<Item = &'a Output>) -> Amount {
    Amount::checked_sum(outputs.into_iter().map(|output| output.amount)).expect(SUM_FITS)
}

fn outputs_of(action: &Action) -> &[Output] {
    match action {
        Action::Transfer(transfer) => &transfer.outputs,
        Action::Anchor(_) => &[],
    }
}

fn size_of_transaction(action: &Action) -> usize {
    FRAME_BYTES + codec::encoded_len(action)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::check_transaction_in_isolation;

    const GENESIS: BlockHash = BlockHash([9; 32]);
    const BOB: Address = Address([2; 32]);

    fn alice() -> SecretKey {
        SecretKey::from_seed(&[1; 32])
    }

    fn sender(balance: u64) -> SenderState {
        let address = Address::of(&alice().public_key());
        SenderState { address, balance: Amount(balance), nonce: 4, tip: Height(100) }
    }

    fn to_bob(amount: u64) -> Output {
        Output { to: BOB, amount: Amount(amount) }
    }

    fn plan(outputs: Vec<Output>, balance: u64, terms: Terms) -> Result<PaymentPlan, PaymentError> {
        PaymentPlan::transfer(outputs, "lunch", &BTreeSet::new(), &sender(balance), terms)
    }

    #[test]
    fn a_plan_costs_a_pebble_a_byte_and_lasts_a_day() {
        let plan = plan(vec![to_bob(50_000)], 60_000, Terms::default()).unwrap();
        let payment = plan.sign(&alice(), &GENESIS).unwrap();
        assert_eq!(codec::encoded_len(&payment), plan.size());
        assert_eq!(plan.fee().0, plan.size() as u64);
        assert_eq!((payment.fee, payment.nonce, payment.expires_at), (plan.fee(), 4, Height(8_740)));
        assert_eq!(plan.total().0, 50_000 + plan.fee().0);
        assert_eq!(plan.balance_after().0, 10_000 - plan.fee().0);
        assert_eq!(check_transaction_in_isolation(&payment), Ok(()));
    }

    #[test]
    fn each_account_that_is_created_is_paid_for_once() {
        let carol = Address([3; 32]);
        let outputs = vec![to_bob(1), to_bob(2), Output { to: carol, amount: Amount(1) }];
        let fee = |new: &[Address]| {
            let new = new.iter().copied().collect();
            let plan =
                PaymentPlan::transfer(outputs.clone(), "", &new, &sender(10_000), Terms::default()).unwrap();
            plan.fee().0 - plan.size() as u64
        };
        assert_eq!(fee(&[]), 0);
        assert_eq!(fee(&[BOB]), 1_000);
        assert_eq!(fee(&[BOB, carol, Address([4; 32])]), 2_000);
    }

    #[test]
    fn the_last_pebble_can_be_spent_and_one_more_is_missing() {
        let least = plan(vec![to_bob(1)], 60_000, Terms::default()).unwrap().fee().0;
        let all = plan(vec![to_bob(5_000)], 5_000 + least, Terms::default()).unwrap();
        assert_eq!(all.balance_after(), Amount::ZERO);
        let error = plan(vec![to_bob(5_001)], 5_000 + least, Terms::default()).unwrap_err();
        let (needed, balance) = (Amount(5_001 + least), Amount(5_000 + least));
        assert_eq!(error, PaymentError::InsufficientBalance { needed, balance, missing: Amount(1) });
        assert!(error.to_string().ends_with("0.00000001 is missing"), "{error}");
    }

    #[test]
    fn what_the_sender_pays_to_itself_comes_back_but_must_be_there() {
        let to_alice = Output { to: sender(0).address, amount: Amount(5_000) };
        let kept = plan(vec![to_alice], 6_000, Terms::default()).unwrap();
        assert_eq!(kept.balance_after().0, 6_000 - kept.fee().0);
        assert!(matches!(
            plan(vec![to_alice], 5_000, Terms::default()),
            Err(PaymentError::InsufficientBalance { .. })
        ));
    }

    #[test]
    fn a_balance_no_chain_can_hold_does_not_overflow() {
        let to_alice = Output { to: sender(0).address, amount: Amount::MAX };
        let plan = plan(vec![to_alice; OUTPUTS_MAX], u64::MAX, Terms::default()).unwrap();
        assert_eq!(plan.balance_after().0, u64::MAX - plan.fee().0);
    }

    #[test]
    fn every_limit_is_checked_on_both_sides_before_signing() {
        let refused = |outputs: Vec<Output>| plan(outputs, u64::MAX, Terms::default()).unwrap_err();
        assert_eq!(refused(vec![]), PaymentError::NoOutputs);
        assert_eq!(refused(vec![to_bob(1); 257]), PaymentError::TooManyOutputs(257));
        assert_eq!(refused(vec![to_bob(1), to_bob(0)]), PaymentError::ZeroAmount(2));
        assert_eq!(refused(vec![to_bob(Amount::MAX.0 + 1)]), PaymentError::AmountTooLarge(1));
        assert!(plan(vec![to_bob(1); 256], 60_000, Terms::default()).is_ok());

        let with_memo = |memo: &str| {
            let outputs = vec![to_bob(1)];
            PaymentPlan::transfer(outputs, memo, &BTreeSet::new(), &sender(60_000), Terms::default())
        };
        assert!(with_memo(&"é".repeat(128)).is_ok());
        let error = with_memo(&"x".repeat(257)).unwrap_err();
        assert!(error.to_string().contains("257 bytes, at most 256"), "{error}");

        let mut late = sender(60_000);
        late.nonce = NONCE_MAX + 1;
        let planned = PaymentPlan::transfer(vec![to_bob(1)], "", &BTreeSet::new(), &late, Terms::default());
        assert_eq!(planned, Err(PaymentError::NonceTooHigh(NONCE_MAX + 1)));
    }

    #[test]
    fn a_chosen_fee_is_taken_between_the_least_and_the_most() {
        let with_fee =
            |fee: u64| plan(vec![to_bob(1)], u64::MAX, Terms { fee: Some(Amount(fee)), ..Terms::default() });
        let minimum = plan(vec![to_bob(1)], 60_000, Terms::default()).unwrap().fee();
        assert_eq!(with_fee(minimum.0 + 7).unwrap().fee().0, minimum.0 + 7);
        let fee = Amount(minimum.0 - 1);
        assert_eq!(with_fee(fee.0), Err(PaymentError::FeeTooLow { fee, minimum }));
        assert!(with_fee(Amount::MAX.0).is_ok());
        assert!(matches!(with_fee(Amount::MAX.0 + 1), Err(PaymentError::FeeTooLarge(_))));
    }

    #[test]
    fn a_chosen_expiry_must_leave_room_for_the_next_block() {
        let until = |height: u32| {
            let terms = Terms { expires_at: Some(Height(height)), ..Terms::default() };
            plan(vec![to_bob(1)], 60_000, terms).map(|plan| plan.expires_at())
        };
        assert_eq!(until(0), Ok(Height(0)));
        assert_eq!(until(101), Ok(Height(101)));
        assert_eq!(until(100), Err(PaymentError::Expired { expires_at: Height(100), tip: Height(100) }));
    }

    #[test]
    fn an_anchor_pays_its_fee_alone() {
        let plan = PaymentPlan::anchor([7; 32], "thesis.pdf", &sender(60_000), Terms::default()).unwrap();
        let anchor = plan.sign(&alice(), &GENESIS).unwrap();
        assert_eq!(codec::encoded_len(&anchor), plan.size());
        assert_eq!(plan.total(), plan.fee());
        assert_eq!(check_transaction_in_isolation(&anchor), Ok(()));
        let too_long = PaymentPlan::anchor([7; 32], &"x".repeat(65), &sender(60_000), Terms::default());
        assert_eq!(too_long, Err(PaymentError::LabelTooLong(65)));
    }

    #[test]
    fn only_the_senders_key_signs() {
        let plan = plan(vec![to_bob(1)], 60_000, Terms::default()).unwrap();
        let mallory = SecretKey::from_seed(&[6; 32]);
        assert_eq!(plan.sign(&mallory, &GENESIS), Err(PaymentError::WrongKey));
    }
}
