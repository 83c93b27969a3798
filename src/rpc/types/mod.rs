//! What methods answer. Amounts are whole pebbles, times seconds since 1970, hashes as people see them.

mod chain;
mod mining;
mod peers;
mod transactions;

pub use chain::{
    BlockInfo, BlockTransaction, BlockchainInfo, ChainVerification, CoinbaseInfo, HeaderInfo,
    VerificationProblem,
};
pub use mining::{Funded, MiningInfo, MiningSet};
pub use peers::{DiscoveryEntry, NetworkInfo, NodeInfo, PeerInfo};
pub use transactions::{
    AcceptTest, ActionInfo, AddressCheck, Balance, LocatedTransaction, MempoolInfo, MempoolTransaction,
    Nonce, OutputInfo, TransactionInfo,
};
