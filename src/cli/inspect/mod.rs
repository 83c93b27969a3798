//! The commands that ask a running node and show what it says.

mod block;
mod mempool;
mod mine;
mod peers;
mod rpc;
mod status;
mod transaction;

pub(super) use block::block;
pub(super) use mempool::mempool;
pub(super) use mine::mine;
pub(super) use peers::peers;
pub(super) use rpc::rpc;
pub(super) use status::status;
pub(super) use transaction::transaction;
