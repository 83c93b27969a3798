//! The name of a wallet: short, plain, and safe as the name of a file on any system.

use std::fmt;
use std::str::FromStr;

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 32;

/// A name under the rule `[a-z0-9][a-z0-9_-]{0,31}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WalletName(String);

/// Text that cannot name a wallet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a wallet: a name is 1 to {NAME_BYTES_MAX} of the characters a-z, 0-9, _ and -, \
     and starts with a letter or digit"
)]
pub struct WalletNameError(String);

impl WalletName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WalletName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for WalletName {
    type Err = WalletNameError;

    fn from_str(text: &str) -> Result<Self, WalletNameError> {
        let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let starts_plain = text.as_bytes().first().is_some_and(plain);
        let all_allowed = text.bytes().all(|byte| plain(&byte) || matches!(byte, b'_' | b'-'));
        if starts_plain && all_allowed && text.len() <= NAME_BYTES_MAX {
            Ok(Self(text.into()))
        } else {
            Err(WalletNameError(text.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule() {
        for fine in ["alice", "0", "bob-2_x", &"a".repeat(32)] {
            assert_eq!(fine.parse::<WalletName>().unwrap().as_str(), fine);
        }
        for wrong in ["", "-a", "_a", "Alice", "../alice", "a.json", "a b", "ä", &"a".repeat(33)] {
            assert!(wrong.parse::<WalletName>().is_err(), "{wrong}");
        }
    }
}
