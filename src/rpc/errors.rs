//! What a client is told when a call fails: a number, a sentence, and always `data: { reason, hint }`.

use std::borrow::Cow;

use jsonrpsee::types::{ErrorObject, ErrorObjectOwned};
use serde::{Deserialize, Serialize};

use super::suggest;
use crate::consensus::violation::Violation;
use crate::node::query::Rejection;
use crate::runtime::NodeStopped;
use crate::storage::StorageError;

/// Numbers of errors: JSON-RPC's own, those this server adds for its transport, and Bitcoin's.
pub mod code {
    /// The body is not JSON.
    pub const PARSE: i32 = -32700;
    /// It is JSON, but no request, or one too large or too deep.
    pub const INVALID_REQUEST: i32 = -32600;
    /// No such method.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// A parameter is missing, unknown, or not of its kind.
    pub const INVALID_PARAMS: i32 = -32602;
    /// This node's fault.
    pub const INTERNAL: i32 = -32603;
    /// The method needs the cookie. HTTP 401.
    pub const UNAUTHORIZED: i32 = -32001;
    /// Not from this machine, host or page. HTTP 403.
    pub const FORBIDDEN: i32 = -32003;
    /// Too many requests at once. HTTP 429.
    pub const RATE_LIMIT: i32 = -32005;
    /// The body is too large. HTTP 413.
    pub const BODY_TOO_LARGE: i32 = -32013;
    /// The body is not said to be JSON. HTTP 415.
    pub const CONTENT_TYPE: i32 = -32015;
    /// Not POST. HTTP 405.
    pub const HTTP_METHOD: i32 = -32016;
    /// Something that did not come to pass; Bitcoin's `RPC_MISC_ERROR`.
    pub const MISC: i32 = -1;
    /// No such block, transaction or address; Bitcoin's `RPC_INVALID_ADDRESS_OR_KEY`.
    pub const NOT_FOUND: i32 = -5;
    /// A value out of its range; Bitcoin's `RPC_INVALID_PARAMETER`.
    pub const OUT_OF_RANGE: i32 = -8;
    /// Bytes that do not decode; Bitcoin's `RPC_DESERIALIZATION_ERROR`.
    pub const DESERIALIZATION: i32 = -22;
    /// The accounts do not allow it now; Bitcoin's `RPC_VERIFY_ERROR`.
    pub const VERIFY: i32 = -25;
    /// A rule or the pool's policy forbids it; Bitcoin's `RPC_VERIFY_REJECTED`.
    pub const REJECTED: i32 = -26;
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    /// One of [`code`].
    pub code: i32,
    /// What went wrong, in a sentence.
    pub message: String,
    /// The same in kebab case, stable, for programs.
    pub reason: Cow<'static, str>,
    /// What to do next.
    pub hint: String,
}

/// The `data` member of every error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorData {
    /// Kebab case and stable; a violation's name where a rule was broken.
    pub reason: String,
    /// What to do next.
    pub hint: String,
}

/// What a call answers.
pub type RpcResult<T> = Result<T, RpcError>;

impl RpcError {
    /// An error with all its parts.
    pub fn new(
        code: i32,
        reason: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { code, message: message.into(), reason: reason.into(), hint: hint.into() }
    }

    pub(super) fn parse(problem: impl Into<String>) -> Self {
        Self::new(
            code::PARSE,
            "parse-error",
            problem,
            "send one JSON-RPC 2.0 request, or an array of them, as UTF-8",
        )
    }

    pub(super) fn invalid_request(reason: &'static str, problem: impl Into<String>) -> Self {
        let hint = r#"a request looks like {"jsonrpc":"2.0","id":1,"method":"getblockcount","params":[]}"#;
        Self::new(code::INVALID_REQUEST, reason, problem, hint)
    }

    pub(super) fn method_not_found<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let shown: String = name.chars().take(NAME_SHOWN_CHARS_MAX).collect();
        let hint = match suggest::nearest(&shown, known) {
            Some(near) => format!("did you mean {near}?"),
            None => "call help for the list of methods".to_owned(),
        };
        Self::new(code::METHOD_NOT_FOUND, "method-not-found", format!("there is no method {shown:?}"), hint)
    }

    pub(super) fn development_only(name: &str) -> Self {
        Self::new(
            code::METHOD_NOT_FOUND,
            "development-network-only",
            format!("{name} exists on development networks only"),
            "start a node with --network dev",
        )
    }

    pub(super) fn invalid_params(problem: impl Into<String>, method: &str) -> Self {
        let hint = format!("call help with \"{method}\" to see its parameters");
        Self::new(code::INVALID_PARAMS, "invalid-parameter", problem, hint)
    }

    pub(super) fn out_of_range(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(code::OUT_OF_RANGE, "out-of-range", problem, hint)
    }

    pub(super) fn internal(reason: &'static str, problem: impl Into<String>) -> Self {
        Self::new(code::INTERNAL, reason, problem, "the node's log says more")
    }

    pub(super) fn undecodable(what: &str, problem: impl std::fmt::Display) -> Self {
        let hint = format!("send the {what} in the protocol's encoding, in hexadecimal");
        Self::new(code::DESERIALIZATION, "undecodable", format!("this is no {what}: {problem}"), hint)
    }

    /// The HTTP status of an answer that consists of this error alone.
    pub fn http_status(&self) -> u16 {
        match self.code {
            code::UNAUTHORIZED => 401,
            code::FORBIDDEN => 403,
            code::HTTP_METHOD => 405,
            code::BODY_TOO_LARGE => 413,
            code::RATE_LIMIT => 429,
            code::CONTENT_TYPE => 415,
            _ => 200,
        }
    }
}

/// Longest part of an unknown name that is told back, in characters.
const NAME_SHOWN_CHARS_MAX: usize = 64;

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        let data = ErrorData { reason: error.reason.into_owned(), hint: error.hint };
        ErrorObject::owned(error.code, error.message, Some(data))
    }
}

impl From<NodeStopped> for RpcError {
    fn from(stopped: NodeStopped) -> Self {
        Self::new(code::INTERNAL, "node-stopping", stopped.to_string(), "start the node again")
    }
}

impl From<StorageError> for RpcError {
    fn from(error: StorageError) -> Self {
        Self::internal("storage", error.to_string())
    }
}

/// What the sender's account may allow later or with other numbers, as against what no node will ever accept.
const DEPENDS_ON_ACCOUNTS: [&str; 3] = ["insufficient-balance", "nonce-gap", "nonce-too-low"];

impl From<Rejection> for RpcError {
    fn from(rejection: Rejection) -> Self {
        let depends_on_accounts = DEPENDS_ON_ACCOUNTS.contains(&rejection.reason);
        let code = if depends_on_accounts { code::VERIFY } else { code::REJECTED };
        let hint = match rejection.reason {
            "insufficient-balance" => "getbalance tells what the sender holds and what is pending",
            "nonce-gap" | "nonce-too-low" => "getnonce tells the nonce to use",
            "bad-signature" => "sign again, for this network's genesis hash",
            "expired" => "sign again with a later expires_at",
            "fee-too-low" | "replacement-fee-too-low" | "mempool-full" => "sign again with a higher fee",
            "too-many-pending" => "wait until some of them are in a block",
            _ => "change the transaction and sign it again",
        };
        Self::new(code, rejection.reason, rejection.detail, hint)
    }
}

impl From<Violation> for RpcError {
    fn from(violation: Violation) -> Self {
        let hint = "docs/protocol.md lists the rules by these names";
        Self::new(code::REJECTED, violation.name(), violation.to_string(), hint)
    }
}
