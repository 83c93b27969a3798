//! The client for the commands and the wallet: finds the node of a data folder and calls it.

use std::io;
use std::path::Path;
use std::time::Duration;

use jsonrpsee::core::ClientError as CallError;
use jsonrpsee::core::client::ClientT;
use jsonrpsee::core::traits::ToRpcParams;
use jsonrpsee_http_client::{HeaderMap, HeaderValue, HttpClient, HttpClientBuilder};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::cookie::{self, Cookie};
use super::errors::{ErrorData, code};
use super::types::{
    Balance, BlockInfo, BlockchainInfo, Funded, LocatedTransaction, MiningInfo, NetworkInfo, NodeInfo, Nonce,
    PeerInfo,
};
use crate::primitives::{Amount, BlockHash, Height, Transaction, TransactionId, codec};

/// Time for a connection and an answer, waiting calls aside.
const CALL_TIME_MAX: Duration = Duration::from_secs(30);

/// Largest request and answer in bytes.
const MESSAGE_BYTES_MAX: u32 = 16 << 20;

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// No node answers there.
    #[error("cannot reach the node at {url}: {cause}")]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What went wrong.
        cause: String,
    },
    /// The node answered with an error.
    #[error("{message}")]
    Refused {
        /// JSON-RPC's or Bitcoin's number.
        code: i32,
        /// What went wrong, in a sentence.
        message: String,
        /// The same in kebab case.
        reason: String,
        /// What to do next.
        hint: String,
    },
    /// The answer is not what was expected: another software or version.
    #[error("the node's answer makes no sense: {0}")]
    BadAnswer(String),
}

impl ClientError {
    /// The reason in kebab case, if the node gave one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            Self::Unreachable { .. } | Self::BadAnswer(_) => None,
        }
    }

    /// What to do next, in a sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Refused { hint, .. } => hint.clone(),
            Self::Unreachable { .. } => "is the node running? start one with `cairn up`".to_owned(),
            Self::BadAnswer(_) => "is this the address of a Cairn node, and of the same version?".to_owned(),
        }
    }
}

/// A way to one node. Clones share its connections.
#[derive(Debug, Clone)]
pub struct RpcClient {
    url: String,
    http: HttpClient,
    cookie: Option<Cookie>,
}

impl RpcClient {
    /// A client for a node at an address, with its cookie if that is at hand.
    pub fn new(url: &str, cookie: Option<Cookie>) -> Result<Self, ClientError> {
        let http = build(url, cookie.as_ref(), CALL_TIME_MAX)?;
        Ok(Self { url: url.to_owned(), http, cookie })
    }

    /// A client for the node that runs in a data folder.
    pub fn for_data_dir(data_dir: &Path) -> Result<Self, ClientError> {
        let url = cookie::read_url(data_dir).map_err(|error| {
            let is_absent = error.kind() == io::ErrorKind::NotFound;
            let cause =
                if is_absent { "no node runs in this data folder".to_owned() } else { error.to_string() };
            ClientError::Unreachable { url: data_dir.display().to_string(), cause }
        })?;
        Self::new(&url, Cookie::read(data_dir).ok())
    }

    /// Where the node is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Calls any method with an array or an object of parameters.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, ClientError> {
        self.request(method, params).await
    }

    /// As [`Self::call`], with an answer of a known type.
    pub async fn request<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, ClientError> {
        self.http.request(method, Given(params)).await.map_err(|error| self.explain(error))
    }

    /// What the node is.
    pub async fn node_info(&self) -> Result<NodeInfo, ClientError> {
        self.request("getnodeinfo", json!([])).await
    }

    /// Where the chain stands.
    pub async fn blockchain_info(&self) -> Result<BlockchainInfo, ClientError> {
        self.request("getblockchaininfo", json!([])).await
    }

    /// A block with the ids of its transactions.
    pub async fn block(&self, hash: BlockHash) -> Result<BlockInfo, ClientError> {
        self.request("getblock", json!([hash])).await
    }

    /// A block of the best chain with the ids of its transactions.
    pub async fn block_at(&self, height: Height) -> Result<BlockInfo, ClientError> {
        self.request("getblock", json!([height])).await
    }

    /// What an address holds.
    pub async fn balance(&self, address: &str) -> Result<Balance, ClientError> {
        self.request("getbalance", json!([address])).await
    }

    /// The nonces of an address.
    pub async fn nonce(&self, address: &str) -> Result<Nonce, ClientError> {
        self.request("getnonce", json!([address])).await
    }

    /// Hands in a signed transaction.
    pub async fn send(&self, transaction: &Transaction) -> Result<TransactionId, ClientError> {
        self.request("sendrawtransaction", json!([hex::encode(codec::encode(transaction))])).await
    }

    /// A transaction of the pool or the chain.
    pub async fn transaction(&self, id: TransactionId) -> Result<LocatedTransaction, ClientError> {
        self.request("gettransaction", json!([id])).await
    }

    /// Waits until a transaction has so many confirmations, at most so many seconds.
    pub async fn wait_for_transaction(
        &self,
        id: TransactionId,
        confirmations: u32,
        timeout_seconds: u32,
    ) -> Result<LocatedTransaction, ClientError> {
        let time_max = CALL_TIME_MAX + Duration::from_secs(timeout_seconds.into());
        let http = build(&self.url, self.cookie.as_ref(), time_max)?;
        let params = Given(json!([id, confirmations, timeout_seconds]));
        http.request("waitfortransaction", params).await.map_err(|error| self.explain(error))
    }

    /// Connected peers.
    pub async fn peers(&self) -> Result<Vec<PeerInfo>, ClientError> {
        self.request("getpeerinfo", json!([])).await
    }

    /// The node among its peers.
    pub async fn network_info(&self) -> Result<NetworkInfo, ClientError> {
        self.request("getnetworkinfo", json!([])).await
    }

    /// What is mined.
    pub async fn mining_info(&self) -> Result<MiningInfo, ClientError> {
        self.request("getmininginfo", json!([])).await
    }

    /// Pays from the faucet of a development network.
    pub async fn dev_fund(&self, address: &str, amount: Amount) -> Result<Funded, ClientError> {
        self.request("dev_fund", json!([address, amount])).await
    }

    /// Makes blocks on a development network.
    pub async fn generate(&self, blocks: u32, address: &str) -> Result<Vec<BlockHash>, ClientError> {
        self.request("generatetoaddress", json!([blocks, address])).await
    }

    /// Stops the node.
    pub async fn stop(&self) -> Result<String, ClientError> {
        self.request("stop", json!([])).await
    }

    fn explain(&self, error: CallError) -> ClientError {
        match error {
            CallError::Call(error) => {
                let data = error.data().and_then(|data| serde_json::from_str::<ErrorData>(data.get()).ok());
                let data =
                    data.unwrap_or_else(|| ErrorData { reason: "unknown".into(), hint: String::new() });
                let message = error.message().to_owned();
                ClientError::Refused { code: error.code(), message, reason: data.reason, hint: data.hint }
            }
            CallError::Transport(error) => self.explain_transport(error.as_ref()),
            CallError::RequestTimeout => self.unreachable("no answer in time"),
            CallError::RestartNeeded(error) => self.unreachable(error.to_string()),
            CallError::ParseError(error) => ClientError::BadAnswer(error.to_string()),
            error @ (CallError::InvalidSubscriptionId
            | CallError::InvalidRequestId(_)
            | CallError::Custom(_)
            | CallError::HttpNotImplemented
            | CallError::EmptyBatchRequest(_)
            | CallError::RegisterMethod(_)
            | CallError::ServiceDisconnect) => ClientError::BadAnswer(error.to_string()),
        }
    }

    /// Answers with another HTTP status than 200 come without their body.
    fn explain_transport(&self, error: &(dyn std::error::Error + Send + Sync + 'static)) -> ClientError {
        use jsonrpsee_http_client::transport::Error as TransportError;
        let Some(TransportError::Rejected { status_code }) = error.downcast_ref::<TransportError>() else {
            return self.unreachable(innermost(error));
        };
        let (code, reason, message, hint) = match status_code {
            401 => (
                code::UNAUTHORIZED,
                "unauthorized",
                "the node wants its cookie",
                "give --data-dir, so that the cookie is found",
            ),
            403 => (
                code::FORBIDDEN,
                "forbidden",
                "the node does not answer this from here",
                "call it on its own machine",
            ),
            413 => (code::BODY_TOO_LARGE, "body-too-large", "the request is too large", "send less at once"),
            429 => (code::RATE_LIMIT, "rate-limit", "the node has too much to do", "try again in a moment"),
            status => return ClientError::BadAnswer(format!("HTTP status {status}")),
        };
        ClientError::Refused { code, message: message.into(), reason: reason.into(), hint: hint.into() }
    }

    fn unreachable(&self, cause: impl Into<String>) -> ClientError {
        ClientError::Unreachable { url: self.url.clone(), cause: cause.into() }
    }
}

fn build(url: &str, cookie: Option<&Cookie>, time_max: Duration) -> Result<HttpClient, ClientError> {
    let mut headers = HeaderMap::new();
    if let Some(cookie) = cookie
        && let Ok(mut value) = HeaderValue::from_str(&cookie.authorization())
    {
        value.set_sensitive(true);
        headers.insert("authorization", value);
    }
    let unusable =
        |cause: CallError| ClientError::Unreachable { url: url.to_owned(), cause: cause.to_string() };
    HttpClientBuilder::new()
        .set_headers(headers)
        .request_timeout(time_max)
        .max_request_size(MESSAGE_BYTES_MAX)
        .max_response_size(MESSAGE_BYTES_MAX)
        .build(url)
        .map_err(unusable)
}

/// The cause at the end of a chain of errors: "Connection refused" rather than "client error".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Parameters as they are.
struct Given(Value);

impl ToRpcParams for Given {
    fn to_rpc_params(self) -> Result<Option<Box<RawValue>>, serde_json::Error> {
        serde_json::value::to_raw_value(&self.0).map(Some)
    }
}
