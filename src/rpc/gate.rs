//! Between jsonrpsee and the methods: who may call what, how much, and that every error has its reason and hint.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures::StreamExt;
use jsonrpsee::MethodResponse;
use jsonrpsee::core::middleware::{Batch, BatchEntry, Notification, RpcServiceT};
use jsonrpsee::core::server::{BatchResponseBuilder, ResponsePayload};
use jsonrpsee::types::error::OVERSIZED_RESPONSE_CODE;
use jsonrpsee::types::{Id, Request};
use serde_json::Value;

use super::api::Api;
use super::envelope;
use super::errors::{RpcError, RpcResult, code};
use super::method::Tier;
use crate::runtime::clock;

/// Requests in one batch at most.
pub(super) const BATCH_REQUESTS_MAX: usize = 50;

/// Bytes of one request at most, unless it brings a block.
pub(super) const REQUEST_BYTES_MAX: usize = 1 << 20;

/// Bytes of one answer at most.
pub(super) const ANSWER_BYTES_MAX: usize = 10 << 20;

/// Requests of a batch that are worked on at once. They start in order, so what one does the next ones see
/// only if they wait for it.
const BATCH_CONCURRENCY: usize = 16;

/// The method whose batches are worked on all at once: its answers are short, and what comes together is cheaper.
const SHORT_METHOD: &str = "sendrawtransaction";

/// The one method whose request may be larger, from this machine: it brings a block.
pub(super) const LARGE_METHOD: &str = "submitblock";

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller {
    /// Where from.
    pub(super) address: IpAddr,
    /// Whether with the cookie.
    pub(super) has_cookie: bool,
    /// Whether it left out `"jsonrpc":"2.0"`, as miners of before 2.0 do.
    pub(super) is_old_miner: bool,
}

impl Caller {
    /// Whether from this machine.
    pub(super) fn is_local(&self) -> bool {
        self.address.to_canonical().is_loopback()
    }
}

/// Put on an answer that should have this HTTP status.
#[derive(Debug, Clone, Copy)]
pub(super) struct HttpStatus(pub(super) u16);

/// Wraps the service that finds and runs methods.
#[derive(Debug, Clone)]
pub(super) struct Gate<S> {
    pub(super) api: Arc<Api>,
    pub(super) inner: S,
}

impl<S> Gate<S> {
    /// Whether this caller may send this request.
    pub(super) fn admit(&self, request: &Request<'_>, caller: Caller) -> RpcResult<()> {
        if !caller.is_local() && !self.api.rate_limit.allows(caller.address, clock::now().monotonic_ms) {
            return Err(too_often());
        }
        let name = request.method_name();
        let method = self.api.method(name)?;
        if method.tier != Tier::Public && !caller.is_local() {
            return Err(from_elsewhere(name));
        }
        if method.tier == Tier::Admin && !caller.has_cookie {
            return Err(unauthorized(name));
        }
        let params = request.params.as_ref().map_or("", |params| params.get());
        if params.len() > REQUEST_BYTES_MAX && name != LARGE_METHOD {
            return Err(envelope::too_large(REQUEST_BYTES_MAX));
        }
        envelope::check_depth(params.as_bytes())
    }
}

fn too_often() -> RpcError {
    let hint = "ask less often, or from the node's own machine";
    RpcError::new(code::RATE_LIMIT, "rate-limit", "too many calls from this address", hint)
}

fn from_elsewhere(name: &str) -> RpcError {
    let problem = format!("{name} is answered to callers on the node's own machine only");
    RpcError::new(code::FORBIDDEN, "local-only", problem, "call it there, for instance through SSH")
}

fn unauthorized(name: &str) -> RpcError {
    let hint = "send Basic authentication with what <data-dir>/.cookie holds (`cairn rpc` does it by itself)";
    RpcError::new(code::UNAUTHORIZED, "unauthorized", format!("{name} needs the node's cookie"), hint)
}

impl<S> RpcServiceT for Gate<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            BatchResponse = MethodResponse,
            NotificationResponse = MethodResponse,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let gate = self.clone();
        async move {
            let caller = caller_of(&request);
            if let Err(error) = gate.admit(&request, caller) {
                return refuse(request.id, error);
            }
            let (id, is_block) = (request.id.clone(), request.method_name() == LARGE_METHOD);
            let answer = gate.inner.call(request).await;
            match answer.as_error_code() {
                Some(OVERSIZED_RESPONSE_CODE) => refuse(id, answer_too_large()),
                Some(code::REJECTED) if is_block && caller.is_old_miner => word_as_result(id, &answer),
                Some(_) | None => answer,
            }
        }
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let gate = self.clone();
        async move {
            if let Err(error) = check_batch(&batch) {
                return refuse(Id::Null, error);
            }
            let concurrency = concurrency(&batch);
            let calls: Vec<_> = batch.into_iter().map(|entry| gate.batch_entry(entry)).collect();
            let mut answers = futures::stream::iter(calls).buffered(concurrency).peekable();
            // All calls are begun before the transactions of any are handed over.
            std::future::poll_fn(|context| {
                let _hold = gate.api.intake.hold(gate.api.node());
                let _ = Pin::new(&mut answers).poll_peek(context);
                Poll::Ready(())
            })
            .await;
            let mut together = BatchResponseBuilder::new_with_limit(ANSWER_BYTES_MAX);
            while let Some(answer) = answers.next().await {
                if let Some(answer) = answer
                    && together.append(answer).is_err()
                {
                    return refuse(Id::Null, answer_too_large());
                }
            }
            if together.is_empty() {
                return silence();
            }
            let mut answer = MethodResponse::from_batch(together.finish());
            answer.extensions_mut().remove::<HttpStatus>();
            answer
        }
    }

    fn notification<'a>(
        &self,
        notification: Notification<'a>,
    ) -> impl Future<Output = MethodResponse> + Send + 'a {
        let _ = notification;
        std::future::ready(silence())
    }
}

impl<S> Gate<S>
where
    Self: RpcServiceT<MethodResponse = MethodResponse, NotificationResponse = MethodResponse>,
{
    /// The answer to one request of a batch; none to a notification.
    async fn batch_entry<'a>(
        &self,
        entry: Result<BatchEntry<'a>, jsonrpsee::core::middleware::BatchEntryErr<'a>>,
    ) -> Option<MethodResponse> {
        match entry {
            Ok(BatchEntry::Call(request)) => Some(self.call(request).await),
            Ok(BatchEntry::Notification(notification)) => {
                self.notification(notification).await;
                None
            }
            Err(invalid) => {
                let (_, id) = invalid.into_parts();
                Some(refuse(
                    id,
                    RpcError::invalid_request("invalid-request", "this is no JSON-RPC 2.0 request"),
                ))
            }
        }
    }
}

fn caller_of(request: &Request<'_>) -> Caller {
    let stranger = Caller { address: Ipv4Addr::UNSPECIFIED.into(), has_cookie: false, is_old_miner: false };
    request.extensions.get::<Caller>().copied().unwrap_or(stranger)
}

fn check_batch(batch: &Batch<'_>) -> RpcResult<()> {
    if batch.is_empty() {
        return Err(RpcError::invalid_request("empty-batch", "the array of requests is empty"));
    }
    if batch.len() > BATCH_REQUESTS_MAX {
        return Err(batch_too_large(batch.len()));
    }
    let params = batch.iter().flatten().filter_map(|entry| entry.params());
    let bytes: usize = params.map(|params| params.get().len()).sum();
    if bytes > REQUEST_BYTES_MAX { Err(envelope::too_large(REQUEST_BYTES_MAX)) } else { Ok(()) }
}

/// How many of these requests may hold an answer at the same time.
fn concurrency(batch: &Batch<'_>) -> usize {
    let is_short = batch.iter().flatten().all(|entry| entry.method_name() == SHORT_METHOD);
    if is_short { BATCH_REQUESTS_MAX } else { BATCH_CONCURRENCY }
}

fn batch_too_large(requests: usize) -> RpcError {
    let problem = format!("a batch holds at most {BATCH_REQUESTS_MAX} requests, not {requests}");
    RpcError::new(code::INVALID_REQUEST, "batch-too-large", problem, "send several batches")
}

fn answer_too_large() -> RpcError {
    let problem = format!("the answer is larger than {ANSWER_BYTES_MAX} bytes");
    RpcError::new(
        code::INTERNAL,
        "answer-too-large",
        problem,
        "ask for less at once, or with a lower verbosity",
    )
}

/// What notifications get: nothing asks for an answer, so nothing is done either.
fn silence() -> MethodResponse {
    let mut answer = MethodResponse::notification();
    answer.extensions_mut().insert(HttpStatus(204));
    answer
}

/// An error as answer, with the HTTP status it deserves when it stands alone.
fn refuse(id: Id<'_>, error: RpcError) -> MethodResponse {
    let status = HttpStatus(error.http_status());
    let mut answer = MethodResponse::error(id, jsonrpsee::types::ErrorObjectOwned::from(error));
    answer.extensions_mut().insert(status);
    answer
}

/// Old miners take an error for a failed connection and try for ever: they get BIP 22's word as result.
fn word_as_result(id: Id<'_>, answer: &MethodResponse) -> MethodResponse {
    let answer: Value = serde_json::from_str(answer.as_ref()).unwrap_or_default();
    let word = answer["error"]["message"].as_str().unwrap_or("rejected").to_owned();
    MethodResponse::response(id, ResponsePayload::success(word), ANSWER_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::params::Params;
    use crate::rpc::RpcContext;
    use crate::runtime::NodeHandle;

    /// The reason why a caller may not call a method of a development network; none if it may.
    fn refusal(method: &str, address: [u8; 4], has_cookie: bool) -> Option<String> {
        let params = Arc::new(Params::named("dev").unwrap());
        let (node, _inputs, _commands) = NodeHandle::detached(params);
        let context = RpcContext { node, mining: None, index: None, faucet: None, data_dir: "".into() };
        let gate = Gate { api: Arc::new(Api::new(context)), inner: () };
        let caller = Caller { address: address.into(), has_cookie, is_old_miner: false };
        let request = Request::borrowed(method, None, Id::Number(1));
        gate.admit(&request, caller).err().map(|error| error.reason.into_owned())
    }

    #[test]
    fn callers_on_other_machines_have_the_public_methods_alone() {
        for has_cookie in [false, true] {
            assert_eq!(refusal("getbalance", [192, 0, 2, 1], has_cookie), None);
            for method in ["stop", "setmining", "dev_fund"] {
                assert_eq!(refusal(method, [192, 0, 2, 1], has_cookie), Some("local-only".into()));
            }
        }
    }

    #[test]
    fn callers_on_this_machine_need_the_cookie_to_rule_the_node() {
        assert_eq!(refusal("stop", [127, 0, 0, 1], false), Some("unauthorized".into()));
        assert_eq!(refusal("stop", [127, 0, 0, 1], true), None);
        assert_eq!(refusal("dev_fund", [127, 0, 0, 1], false), None);
    }
}
