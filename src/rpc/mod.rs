//! JSON-RPC 2.0 over HTTP and WebSocket: the server inside the node, and the client for everyone else.
//!
//! A call passes `server` (connections), `guard` (host, page, body), `envelope` (is it JSON-RPC?), jsonrpsee, `gate`
//! (who may call what), and ends in one function of a group: `control`, `chain`, `transactions`, `accounts`, `mining`,
//! `network`, `dev`. To add a method, add a line to its group's table and the function below it; an answer of a new
//! shape goes to [`types`]. Nothing here holds state of the chain.

mod accounts;
mod api;
mod chain;
mod client;
mod control;
mod cookie;
mod describe;
mod dev;
mod envelope;
mod errors;
mod gate;
mod guard;
mod intake;
mod locate;
mod method;
mod mining;
mod network;
mod params;
mod ports;
mod rate_limit;
mod recent_templates;
mod server;
pub mod suggest;
#[doc(hidden)]
pub mod testing;
#[cfg(test)]
mod tests;
mod transactions;
pub mod types;
mod verify_chain;

pub use client::{ClientError, RpcClient};
pub use control::STOPPED_BY_CLIENT;
pub use cookie::Cookie;
pub use errors::{ErrorData, RpcError, RpcResult, code};
pub use ports::{MiningControl, MiningNow, MiningStatus, RpcContext, TransactionIndex};
pub use server::{RpcConfig, RpcServer, RpcStartError};
pub use verify_chain::verify_chain;
