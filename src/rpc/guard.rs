//! The HTTP edge: which host, page, verb and kind of body is let in, and who it is from.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use jsonrpsee::types::{ErrorObjectOwned, Id, ResponsePayload};

use super::cookie::Cookie;
use super::envelope::{self, Refused};
use super::errors::{RpcError, RpcResult, code};
use super::gate::{Caller, REQUEST_BYTES_MAX};

/// Bytes of a body from this machine at most: the largest block in hexadecimal, and room.
pub(super) const LOCAL_BODY_BYTES_MAX: usize = 16 << 20;

/// Time a client has to send its whole body.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// The two ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    /// The client's.
    pub(super) remote: SocketAddr,
    /// Ours.
    pub(super) local: SocketAddr,
}

/// Decides who is let in.
#[derive(Debug)]
pub(super) struct Guard {
    /// Names this node may be called by, beside `localhost` and its addresses. Lower case.
    pub(super) allowed_hosts: Vec<String>,
    pub(super) cookie: Cookie,
}

impl Guard {
    /// Refuses requests meant for other hosts or sent by other pages; says who calls.
    ///
    /// A page whose name was made to resolve to this machine (DNS rebinding) still sends its own name as host.
    pub(super) fn caller(&self, headers: &HeaderMap, ends: Ends) -> RpcResult<Caller> {
        let host = text(headers, HOST.as_str());
        if !self.is_ours(host_name(host), ends) {
            let hint = "call the node by its address or by localhost, or allow the name in its configuration";
            return Err(RpcError::new(
                code::FORBIDDEN,
                "host-not-allowed",
                "this host name is not allowed",
                hint,
            ));
        }
        let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
        if origin.is_some_and(|origin| !is_same_origin(origin, host)) {
            let hint = "pages may call the node that served them, and no other";
            return Err(RpcError::new(
                code::FORBIDDEN,
                "origin-not-allowed",
                "this origin is not allowed",
                hint,
            ));
        }
        Ok(Caller {
            address: ends.remote.ip(),
            has_cookie: self.cookie.is_sent_by(text(headers, AUTHORIZATION.as_str())),
            is_old_miner: false,
        })
    }

    fn is_ours(&self, name: &str, ends: Ends) -> bool {
        if let Ok(address) = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            let address = address.to_canonical();
            return address.is_loopback() || address == ends.local.ip().to_canonical();
        }
        let name = name.to_ascii_lowercase();
        name == "localhost" || self.allowed_hosts.contains(&name)
    }
}

/// A request with its whole body, ready for jsonrpsee; the caller is among its extensions.
pub(super) async fn read_post(request: Request<Body>, mut caller: Caller) -> Result<Request<Body>, Refused> {
    check_kind(&request)?;
    let (mut parts, body) = request.into_parts();
    let limit = if caller.is_local() { LOCAL_BODY_BYTES_MAX } else { REQUEST_BYTES_MAX };
    let announced = text(&parts.headers, "content-length").parse::<usize>().unwrap_or(0);
    if announced > limit {
        return Err(envelope::too_large(limit).into());
    }
    let read = tokio::time::timeout(BODY_TIME_MAX, axum::body::to_bytes(body, limit)).await;
    let Ok(read) = read else {
        return Err(RpcError::invalid_request("body-incomplete", "the body did not come in time").into());
    };
    let body = read.map_err(|_| envelope::too_large(limit))?;
    let envelope = envelope::open(body.into())?;
    caller.is_old_miner = envelope.is_old_miner;
    parts.headers.insert(axum::http::header::CONTENT_LENGTH, envelope.body.len().into());
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.extensions.insert(caller);
    Ok(Request::from_parts(parts, Body::from(envelope.body)))
}

fn check_kind(request: &Request<Body>) -> RpcResult<()> {
    if request.method() != Method::POST {
        let hint = "send requests by POST, or open a WebSocket";
        return Err(RpcError::new(code::HTTP_METHOD, "http-method", "only POST is answered here", hint));
    }
    let kind = text(request.headers(), CONTENT_TYPE.as_str());
    let media_type = kind.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let hint = "send the header Content-Type: application/json";
        return Err(RpcError::new(
            code::CONTENT_TYPE,
            "content-type",
            "the body must be application/json",
            hint,
        ));
    }
    Ok(())
}

/// An error of its own as HTTP answer.
pub(super) fn refuse(refused: Refused) -> Response<Body> {
    let Refused { id, error } = refused;
    let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::OK);
    let payload = ResponsePayload::<()>::error(ErrorObjectOwned::from(error));
    let body = serde_json::to_vec(&jsonrpsee::types::Response::new(payload, id)).unwrap_or_default();
    let mut answer = Response::new(Body::from(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    with_status(answer, status)
}

/// The answer under that status; 401 says how to authenticate.
pub(super) fn with_status(mut answer: Response<Body>, status: StatusCode) -> Response<Body> {
    *answer.status_mut() = status;
    if status == StatusCode::UNAUTHORIZED {
        let how = HeaderValue::from_static("Basic realm=\"cairn\"");
        answer.headers_mut().insert(WWW_AUTHENTICATE, how);
    }
    answer
}

/// The error for a body refused before its id was read.
pub(super) fn refuse_unread(error: RpcError) -> Response<Body> {
    refuse(Refused { id: Id::Null, error })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A host header without its port.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

fn is_same_origin(origin: &str, host: &str) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    !host.is_empty() && authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(host: &str, origin: Option<&str>) -> Result<bool, String> {
        let guard = Guard { allowed_hosts: vec!["cairn.example".into()], cookie: Cookie::random() };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        let ends = Ends { remote: "127.0.0.1:9".parse().unwrap(), local: "192.0.2.7:7332".parse().unwrap() };
        guard
            .caller(&headers, ends)
            .map(|caller| caller.is_local())
            .map_err(|error| error.reason.into_owned())
    }

    #[test]
    fn a_node_answers_to_its_addresses_and_names_only() {
        for host in [
            "localhost",
            "LOCALHOST:7332",
            "127.0.0.1:1",
            "[::1]:7332",
            "[::1]",
            "192.0.2.7",
            "cairn.example:80",
        ] {
            assert_eq!(verdict(host, None), Ok(true), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example", "192.0.2.8:7332", "127.0.0.1.evil.example"]
        {
            assert_eq!(verdict(host, None), Err("host-not-allowed".into()), "{host}");
        }
    }

    #[test]
    fn only_the_page_that_the_node_served_may_call_it() {
        assert_eq!(verdict("localhost:7332", Some("http://localhost:7332")), Ok(true));
        for origin in ["null", "", "http://evil.example", "http://localhost:3000", "file://"] {
            let refused = Err("origin-not-allowed".into());
            assert_eq!(verdict("localhost:7332", Some(origin)), refused, "{origin}");
        }
    }
}
