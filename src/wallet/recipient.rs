//! Whom to pay, as people type it: an address, the name of a wallet, or either with an amount, `alice=1.5`.

use super::directory::DirectoryError;
use super::name::WalletName;
use crate::primitives::{Address, AddressKind, Amount, Output, ParseAddressError, ParseAmountError};

/// An address, or a wallet whose first address is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// Itself.
    Address(Address),
    /// By the name of a wallet on this machine.
    Wallet(WalletName),
}

/// A recipient, and the amount where it stands beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payee {
    /// Who is paid.
    pub recipient: Recipient,
    /// How much, if it was said here.
    pub amount: Option<Amount>,
}

/// Why it is not clear who is paid how much.
#[derive(Debug, thiserror::Error)]
pub enum RecipientError {
    /// Neither of the two forms.
    #[error("`{text}` is no wallet's name, and {reason}")]
    Unknown {
        /// As typed.
        text: String,
        /// Why it is no address.
        reason: ParseAddressError,
    },
    /// What follows `=` is no amount.
    #[error("in `{text}`: {reason}")]
    Amount {
        /// As typed.
        text: String,
        /// What is wrong.
        reason: ParseAmountError,
    },
    /// Nobody was named.
    #[error("say who is paid: `--to ADDRESS`, `--to NAME`, or `--to NAME=AMOUNT` for each of several")]
    Nobody,
    /// An amount is missing.
    #[error("say how much recipient {0} is paid: `send AMOUNT --to …`, or `--to …=AMOUNT`")]
    NoAmount(usize),
    /// One amount and several recipients, or an amount in both places.
    #[error("say each amount once: `send {0} --to …` for one recipient, `--to A=1.5 --to B=2` for several")]
    AmountUnclear(Amount),
    /// The wallet of this name cannot be read.
    #[error(transparent)]
    Wallet(#[from] DirectoryError),
}

impl Recipient {
    /// Reads an address of this kind of network, or the name of a wallet. What begins like an address is never taken
    /// for a name, so that one with a letter too few is a mistyped address.
    pub fn parse(text: &str, kind: AddressKind) -> Result<Self, RecipientError> {
        let lower = text.to_ascii_lowercase();
        let kinds = [AddressKind::Standard, AddressKind::Development];
        let begins_like_an_address =
            kinds.iter().any(|kind| lower.starts_with(&format!("{}1", kind.human_part())));
        if !begins_like_an_address && let Ok(name) = text.parse() {
            return Ok(Self::Wallet(name));
        }
        Address::parse(text, kind)
            .map(Self::Address)
            .map_err(|reason| RecipientError::Unknown { text: text.into(), reason })
    }

    /// The address, asking `find` for that of a named wallet.
    pub fn resolve(
        &self,
        find: impl Fn(&WalletName) -> Result<Address, DirectoryError>,
    ) -> Result<Address, DirectoryError> {
        match self {
            Self::Address(address) => Ok(*address),
            Self::Wallet(name) => find(name),
        }
    }
}

impl Payee {
    /// Reads a recipient, or a recipient and an amount in cairns: `alice`, `alice=1.5`.
    pub fn parse(text: &str, kind: AddressKind) -> Result<Self, RecipientError> {
        let Some((recipient, amount)) = text.split_once('=') else {
            return Ok(Self { recipient: Recipient::parse(text, kind)?, amount: None });
        };
        let recipient = Recipient::parse(recipient, kind)?;
        let amount = amount.parse().map_err(|reason| RecipientError::Amount { text: text.into(), reason })?;
        Ok(Self { recipient, amount: Some(amount) })
    }
}

/// The outputs of `send [AMOUNT] --to …`: each payee has an amount of its own, or the only one gets `amount`.
pub fn outputs(
    payees: &[Payee],
    amount: Option<Amount>,
    find: impl Fn(&WalletName) -> Result<Address, DirectoryError>,
) -> Result<Vec<Output>, RecipientError> {
    if payees.is_empty() {
        return Err(RecipientError::Nobody);
    }
    if let Some(amount) = amount
        && !matches!(payees, [Payee { amount: None, .. }])
    {
        return Err(RecipientError::AmountUnclear(amount));
    }
    let output = |(position, payee): (usize, &Payee)| {
        let amount = payee.amount.or(amount).ok_or(RecipientError::NoAmount(position))?;
        Ok(Output { to: payee.recipient.resolve(&find)?, amount })
    };
    (1..).zip(payees).map(output).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: AddressKind = AddressKind::Standard;

    fn payee(text: &str) -> Payee {
        Payee::parse(text, KIND).unwrap()
    }

    fn find(name: &WalletName) -> Result<Address, DirectoryError> {
        match name.as_str() {
            "alice" => Ok(Address([5; 32])),
            "bob" => Ok(Address([3; 32])),
            _ => Err(DirectoryError::NoHome),
        }
    }

    #[test]
    fn an_address_that_was_cut_short_is_no_wallet_name() {
        let cut = Recipient::parse("cairn1qxyz", AddressKind::Standard);
        assert!(matches!(cut, Err(RecipientError::Unknown { .. })), "{cut:?}");
    }

    #[test]
    fn an_address_a_name_and_an_amount_beside_either_are_read() {
        let address = Address([7; 32]);
        let text = address.to_text(KIND);
        assert_eq!(payee(&text), Payee { recipient: Recipient::Address(address), amount: None });
        let with_amount = payee(&format!("{text}=1.5"));
        assert_eq!(
            with_amount,
            Payee { recipient: Recipient::Address(address), amount: Some(Amount(150_000_000)) }
        );
        let alice = Recipient::Wallet("alice".parse().unwrap());
        assert_eq!(payee("alice"), Payee { recipient: alice.clone(), amount: None });
        assert_eq!(payee("alice=2"), Payee { recipient: alice, amount: Some(Amount(200_000_000)) });
    }

    #[test]
    fn what_is_neither_is_refused_with_what_is_wrong() {
        let refusal = |text: &str| Payee::parse(text, KIND).unwrap_err().to_string();
        let development = Address([7; 32]).to_text(AddressKind::Development);
        assert!(
            refusal(&development).contains("an address here starts with `cairn1`"),
            "{}",
            refusal(&development)
        );
        assert!(
            refusal("Alice").starts_with("`Alice` is no wallet's name, and not an address"),
            "{}",
            refusal("Alice")
        );
        assert!(refusal("alice=much").contains("an amount is written like"), "{}", refusal("alice=much"));
        assert!(refusal("alice=1=2").contains("an amount is written like"));
        assert!(refusal("").starts_with("`` is no wallet's name"));
    }

    #[test]
    fn one_recipient_gets_the_amount_and_several_say_their_own() {
        let bob = Output { to: Address([3; 32]), amount: Amount(5) };
        let alice = Output { to: Address([5; 32]), amount: Amount(150_000_000) };
        assert_eq!(outputs(&[payee("bob")], Some(Amount(5)), find).unwrap(), [bob]);
        assert_eq!(
            outputs(&[payee("bob=0.00000005"), payee("alice=1.5")], None, find).unwrap(),
            [bob, alice]
        );
    }

    #[test]
    fn an_amount_that_is_missing_or_said_twice_is_refused() {
        let five = Some(Amount(5));
        assert!(matches!(outputs(&[], five, find), Err(RecipientError::Nobody)));
        assert!(matches!(
            outputs(&[payee("bob=1"), payee("alice")], None, find),
            Err(RecipientError::NoAmount(2))
        ));
        for payees in [vec![payee("bob=1")], vec![payee("bob"), payee("alice")]] {
            assert!(matches!(outputs(&payees, five, find), Err(RecipientError::AmountUnclear(Amount(5)))));
        }
    }

    #[test]
    fn a_wallet_that_cannot_be_found_is_the_error() {
        let refused = outputs(&[payee("mallory=1")], None, find);
        assert!(matches!(refused, Err(RecipientError::Wallet(DirectoryError::NoHome))));
    }
}
