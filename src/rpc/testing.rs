//! The server without its sockets, for tests that bring very many bodies.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Method, Request};
use jsonrpsee::server::{ServerHandle, stop_channel};
use serde_json::value::RawValue;
use tower::Service;

use super::api::Api;
use super::cookie::Cookie;
use super::envelope;
use super::errors::{RpcError, RpcResult};
use super::gate::{ANSWER_BYTES_MAX, Caller, Gate};
use super::guard::{Ends, Guard};
use super::params::Given;
use super::ports::RpcContext;
use super::server::router;

/// Every layer between a connection and a method.
#[derive(Debug)]
pub struct InProcess {
    api: Arc<Api>,
    router: Router,
    _running: ServerHandle,
}

impl InProcess {
    /// A server in front of a node. Must be called within tokio's runtime.
    pub fn new(context: RpcContext) -> Self {
        let api = Arc::new(Api::new(context));
        api.templates.follow(api.node().clone());
        let (stop, running) = stop_channel();
        let guard = Guard { allowed_hosts: Vec::new(), cookie: Cookie::random() };
        Self { router: router(&api, guard, &stop), api, _running: running }
    }

    /// What a body is answered that comes from there by POST, without the cookie: HTTP status and body.
    pub async fn post(&self, body: Vec<u8>, remote: SocketAddr) -> (u16, Vec<u8>) {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = axum::http::Uri::from_static("/rpc");
        let headers = request.headers_mut();
        headers.insert(HOST, axum::http::HeaderValue::from_static("localhost"));
        headers.insert(CONTENT_TYPE, axum::http::HeaderValue::from_static("application/json"));
        request.extensions_mut().insert(Ends { remote, local: remote });
        let answer = self.router.clone().call(request).await.unwrap_or_else(|never| match never {});
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 2 * ANSWER_BYTES_MAX).await;
        (status, body.map(Vec::from).unwrap_or_default())
    }

    /// Reads the parameters of every request in a body as the holder of the cookie may send them, those of every
    /// tier, and calls nothing: one entry a request.
    pub fn read_parameters(&self, body: Vec<u8>) -> RpcResult<Vec<RpcResult<()>>> {
        let envelope = envelope::open(body).map_err(|refused| refused.error)?;
        let not_json = |error: serde_json::Error| RpcError::parse(error.to_string());
        if envelope.body.trim_ascii_start().starts_with(b"[") {
            let requests: Vec<&RawValue> = serde_json::from_slice(&envelope.body).map_err(not_json)?;
            return Ok(requests.into_iter().map(|request| self.read_one(request.get())).collect());
        }
        let request = str::from_utf8(&envelope.body).map_err(|error| RpcError::parse(error.to_string()))?;
        Ok(vec![self.read_one(request)])
    }

    fn read_one(&self, request: &str) -> RpcResult<()> {
        let parse = |error: serde_json::Error| RpcError::parse(error.to_string());
        let request: jsonrpsee::types::Request<'_> = serde_json::from_str(request).map_err(parse)?;
        let owner =
            Caller { address: std::net::Ipv4Addr::LOCALHOST.into(), has_cookie: true, is_old_miner: false };
        Gate { api: Arc::clone(&self.api), inner: () }.admit(&request, owner)?;
        let method = self.api.method(request.method_name())?;
        let params = request.params.as_ref().map(|params| serde_json::from_str(params.get())).transpose();
        let mut given = Given::read(method, params.map_err(parse)?)?;
        // What the method would do waits to be polled, and never is.
        (method.run)(Arc::clone(&self.api), &mut given).map(drop)
    }
}
