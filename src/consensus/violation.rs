//! The list of rules: one named violation each, whose fault it is, and what a forwarder owes for it.

/// Declares the table below as an enum and its look-ups, so that each rule stands in exactly one line.
macro_rules! violations {
    ($($variant:ident $name:literal $blame:ident $verdict:ident $text:literal;)*) => {
        /// A broken rule. Where several are broken, any of them may be named.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum Violation {
            $(
                #[doc = concat!("`", $name, "`: ", $text, ".")]
                #[error($text)]
                $variant,
            )*
        }

        impl Violation {
            /// Every rule, in the order of the protocol's list.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable name in kebab case, as programs see it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whose fault it is when a block breaks the rule.
            pub const fn blame(self) -> Blame {
                match self { $(Self::$variant => Blame::$blame,)* }
            }

            /// What gossip answers to the peer who forwarded the message.
            pub const fn gossip_verdict(self) -> GossipVerdict {
                match self { $(Self::$variant => GossipVerdict::$verdict,)* }
            }
        }
    };
}

violations! {
    UnknownParent        "unknown-parent"         Nobody Ignore "its parent is not known here";
    InvalidParent        "invalid-parent"         Miner  Ignore "its parent is invalid";
    BadVersion           "bad-version"            Miner  Reject "the header's version is not 1";
    TargetOutOfRange     "target-out-of-range"    Miner  Reject "the bits are no target, or one easier than the limit";
    WrongBits            "wrong-bits"             Miner  Reject "the bits are not what the rule of difficulty computes";
    HashAboveTarget      "hash-above-target"      Miner  Reject "the hash is above the target: the work is missing";
    TimeBeforeParent     "time-before-parent"     Miner  Reject "the time is before the parent's";
    TimeTooFarAhead      "time-too-far-ahead"     Nobody Ignore "the time is too far ahead of this node's clock";

    WrongCommitment      "wrong-commitment"       Sender Reject "the header does not commit to this coinbase";
    WrongTransactionRoot "wrong-transaction-root" Sender Ignore "the coinbase does not commit to these transactions";
    BlockTooLarge        "block-too-large"        Miner  Ignore "the block is larger than 4194304 bytes";
    CoinbaseVersion      "coinbase-version"       Miner  Reject "the coinbase's version is not 1";
    CoinbaseHeight       "coinbase-height"        Miner  Reject "the coinbase names another height than the block's";
    TagTooLong           "tag-too-long"           Miner  Reject "the coinbase's tag is longer than 64 bytes";
    WrongStateRoot       "wrong-state-root"       Miner  Ignore "the state root is not that of the last checkpoint height";

    TransactionVersion   "transaction-version"    Miner  Reject "the transaction's version is not 1";
    NoOutputs            "no-outputs"             Miner  Reject "the transfer pays nobody";
    TooManyOutputs       "too-many-outputs"       Miner  Reject "the transfer has more than 256 outputs";
    ZeroAmount           "zero-amount"            Miner  Reject "an output pays nothing";
    AmountOutOfRange     "amount-out-of-range"    Miner  Reject "an amount is above 2^53 - 1 pebbles";
    FeeOutOfRange        "fee-out-of-range"       Miner  Reject "the fee is 0 or above 2^53 - 1 pebbles";
    MemoTooLong          "memo-too-long"          Miner  Reject "the memo is longer than 256 bytes";
    LabelTooLong         "label-too-long"         Miner  Reject "the label is longer than 64 bytes";
    BadSignature         "bad-signature"          Miner  Reject "the signature is not the sender's over this transaction";
    Expired              "expired"                Miner  Ignore "the transaction has expired";
    NonceTooLow          "nonce-too-low"          Miner  Ignore "the nonce was used before";
    NonceGap             "nonce-gap"              Miner  Ignore "the nonce is ahead of the account's";
    InsufficientBalance  "insufficient-balance"   Miner  Ignore "the sender does not hold the fee and all outputs";
}

/// Whose fault a violation in a block is, and so what becomes of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// Whoever sent these bytes: they do not belong to the header, which stays untouched (the good body may come).
    Sender,
    /// Whoever mined the header: it and all its descendants are invalid.
    Miner,
    /// Nobody: the answer depends on what this node knows or on its clock, and may change.
    Nobody,
}

/// What a peer deserves who forwarded a message with a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GossipVerdict {
    /// Every forwarder could have seen the fault: not forwarded, and it costs the sender.
    Reject,
    /// An honest forwarder may have missed it: not forwarded, and nothing more.
    Ignore,
}

impl Violation {
    /// The violation with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|violation| violation.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list in the protocol's section on rules and blame, word for word.
    const NAMES: &str = "unknown-parent invalid-parent bad-version target-out-of-range wrong-bits hash-above-target \
        time-before-parent time-too-far-ahead wrong-commitment wrong-transaction-root block-too-large \
        coinbase-version coinbase-height tag-too-long wrong-state-root transaction-version no-outputs \
        too-many-outputs zero-amount amount-out-of-range fee-out-of-range memo-too-long label-too-long \
        bad-signature expired nonce-too-low nonce-gap insufficient-balance";

    #[test]
    fn the_names_are_those_of_the_protocol_and_lead_back() {
        let names: Vec<_> = Violation::ALL.iter().map(|violation| violation.name()).collect();
        assert_eq!(names, NAMES.split_whitespace().collect::<Vec<_>>());
        for violation in Violation::ALL {
            assert_eq!(Violation::from_name(violation.name()), Some(*violation));
        }
        assert_eq!(Violation::from_name("nonsense"), None);
    }

    fn those(wanted: impl Fn(Violation) -> bool) -> Vec<Violation> {
        Violation::ALL.iter().copied().filter(|violation| wanted(*violation)).collect()
    }

    #[test]
    fn only_bodies_that_do_not_belong_to_their_header_blame_the_sender() {
        let blamed = those(|violation| violation.blame() == Blame::Sender);
        assert_eq!(blamed, [Violation::WrongCommitment, Violation::WrongTransactionRoot]);
    }

    #[test]
    fn what_a_node_does_not_know_yet_and_what_its_clock_says_is_nobodys_fault() {
        let blameless = those(|violation| violation.blame() == Blame::Nobody);
        assert_eq!(blameless, [Violation::UnknownParent, Violation::TimeTooFarAhead]);
    }

    #[test]
    fn a_forwarder_owes_nothing_for_what_takes_the_parent_the_body_or_the_state_to_see() {
        let ignored = those(|violation| violation.gossip_verdict() == GossipVerdict::Ignore);
        assert_eq!(
            ignored,
            [
                Violation::UnknownParent,
                Violation::InvalidParent,
                Violation::TimeTooFarAhead,
                Violation::WrongTransactionRoot,
                Violation::BlockTooLarge,
                Violation::WrongStateRoot,
                Violation::Expired,
                Violation::NonceTooLow,
                Violation::NonceGap,
                Violation::InsufficientBalance,
            ]
        );
    }
}
