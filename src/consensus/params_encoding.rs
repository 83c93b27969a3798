//! The bytes of a network's numbers: what genesis commits to, and what an exported chain carries.

use super::numbers::{NetworkKind, Numbers};
use super::params::Params;
use super::params_override::ParamsError;
use crate::primitives::codec::{self, Decode, Encode};
use crate::primitives::{Address, Amount, CompactTarget, List};

/// Bytes of encoded parameters that are read at most: room for some 100,000 prefunded accounts.
pub const PARAMETERS_BYTES_MAX: usize = 4_194_304;

/// The numbers in the order in which they are hashed.
#[derive(Debug, Encode, Decode)]
struct EncodedNumbers {
    interval_seconds: u32,
    retarget: u8,
    first_bits: CompactTarget,
    limit_bits: CompactTarget,
    prefund: List<(Address, Amount)>,
    maturity: u32,
    future_limit_seconds: u32,
}

impl Params {
    /// The encoded parameters, exactly as they are hashed into genesis.
    pub fn encoded(&self) -> Vec<u8> {
        Numbers {
            interval_seconds: self.interval_seconds,
            retarget: self.retarget,
            first_bits: self.first_bits,
            limit_bits: self.limit_bits,
            prefund: self.prefund.clone(),
            maturity: self.maturity,
            future_limit_seconds: self.future_limit_seconds,
        }
        .encoded()
    }

    /// The network of this name with the numbers of [`Self::encoded`]; refuses what no file could have made.
    pub fn from_encoded(name: &str, bytes: &[u8]) -> Result<Self, ParamsError> {
        let kind = NetworkKind::of(name).ok_or_else(|| ParamsError::Name(name.to_owned()))?;
        let encoded: EncodedNumbers =
            codec::decode(bytes, PARAMETERS_BYTES_MAX).map_err(ParamsError::Encoding)?;
        Self::of_numbers(name, kind, encoded.into_numbers()?)
    }
}

impl Numbers {
    /// The bytes that are hashed.
    pub(super) fn encoded(&self) -> Vec<u8> {
        codec::encode(&EncodedNumbers {
            interval_seconds: self.interval_seconds,
            retarget: u8::from(self.retarget),
            first_bits: self.first_bits,
            limit_bits: self.limit_bits,
            prefund: List(self.prefund.clone()),
            maturity: self.maturity,
            future_limit_seconds: self.future_limit_seconds,
        })
    }
}

impl EncodedNumbers {
    fn into_numbers(self) -> Result<Numbers, ParamsError> {
        let retarget = match self.retarget {
            0 => false,
            1 => true,
            other => return Err(ParamsError::Retarget(other)),
        };
        if self.prefund.iter().any(|(_, amount)| *amount == Amount::ZERO) {
            return Err(ParamsError::PrefundOfNothing);
        }
        if !self.prefund.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return Err(ParamsError::PrefundNotAscending);
        }
        Ok(Numbers {
            interval_seconds: self.interval_seconds,
            retarget,
            first_bits: self.first_bits,
            limit_bits: self.limit_bits,
            prefund: self.prefund.0,
            maturity: self.maturity,
            future_limit_seconds: self.future_limit_seconds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::testing::easy_params;
    use crate::primitives::codec::DecodeError;

    /// Offset of the byte that says whether the target follows the hash rate.
    const RETARGET_AT: usize = 4;
    /// Bytes before the first prefunded account.
    const PREFUND_AT: usize = 4 + 1 + 4 + 4 + 8;
    /// Bytes of one prefunded account.
    const ACCOUNT_BYTES: usize = 40;

    #[test]
    fn a_network_reads_back_from_its_name_and_its_parameters() {
        for params in [Params::named("lan"), Params::named("dev"), Ok(easy_params("easy"))] {
            let params = params.unwrap();
            assert_eq!(Params::from_encoded(&params.name, &params.encoded()), Ok(params));
        }
    }

    #[test]
    fn parameters_that_no_file_could_have_made_are_refused() {
        let refusal = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = Params::named("dev").unwrap().encoded();
            change(&mut bytes);
            Params::from_encoded(name, &bytes).unwrap_err()
        };
        assert_eq!(refusal("Dev", &|_| {}), ParamsError::Name("Dev".into()));
        assert_eq!(refusal("dev", &|bytes| bytes[RETARGET_AT] = 2), ParamsError::Retarget(2));
        assert_eq!(refusal("dev", &|bytes| bytes[0] = 0), ParamsError::Interval(0));
        let trailing = ParamsError::Encoding(DecodeError::TrailingBytes(1));
        assert_eq!(refusal("dev", &|bytes| bytes.push(0)), trailing);
        assert!(matches!(refusal("dev", &|bytes| bytes.truncate(9)), ParamsError::Encoding(_)));
        let second = PREFUND_AT + ACCOUNT_BYTES;
        let twice = |bytes: &mut Vec<u8>| bytes.copy_within(PREFUND_AT..second, second);
        assert_eq!(refusal("dev", &twice), ParamsError::PrefundNotAscending);
        let of_nothing = |bytes: &mut Vec<u8>| bytes[PREFUND_AT + 32..second].fill(0);
        assert_eq!(refusal("dev", &of_nothing), ParamsError::PrefundOfNothing);
    }
}
