//! Bodies of HTTP requests before jsonrpsee reads them: what is no JSON-RPC is refused with a reason, and requests of
//! miners from before JSON-RPC 2.0 are brought up to it.

use std::collections::BTreeMap;

use jsonrpsee::types::{Id, Notification, Request};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::errors::{RpcError, RpcResult, code};
use super::gate::{LARGE_METHOD, REQUEST_BYTES_MAX};

/// Arrays and objects within one another at most.
const DEPTH_MAX: usize = 64;

/// Methods that miners call which leave out `"jsonrpc":"2.0"`.
const OLD_MINERS_METHODS: [&str; 3] = ["submitblock", "getmininginfo", "getblocktemplate"];

/// A body that jsonrpsee can read.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) body: Vec<u8>,
    pub(super) is_old_miner: bool,
}

/// A body that is refused, and the id it asked under if that could be read.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) id: Id<'static>,
    pub(super) error: RpcError,
}

impl From<RpcError> for Refused {
    fn from(error: RpcError) -> Self {
        Self { id: Id::Null, error }
    }
}

/// Looks at a body. Requests within a batch are looked at one by one later.
pub(super) fn open(body: Vec<u8>) -> Result<Envelope, Refused> {
    check_depth(&body)?;
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => open_single(body),
        Some(b'[') if body.len() > REQUEST_BYTES_MAX => Err(too_large(REQUEST_BYTES_MAX).into()),
        Some(b'[') => {
            serde_json::from_slice::<Vec<&RawValue>>(&body).map_err(|error| not_json(&error))?;
            Ok(Envelope { body, is_old_miner: false })
        }
        Some(_) => {
            serde_json::from_slice::<&RawValue>(&body).map_err(|error| not_json(&error))?;
            let problem = "a request is an object, or an array of objects";
            Err(RpcError::invalid_request("invalid-request", problem).into())
        }
        None => Err(RpcError::parse("the body is empty").into()),
    }
}

fn open_single(body: Vec<u8>) -> Result<Envelope, Refused> {
    let members: BTreeMap<String, &RawValue> =
        serde_json::from_slice(&body).map_err(|error| not_json(&error))?;
    let method: Option<String> = member(&members, "method");
    if body.len() > REQUEST_BYTES_MAX && method.as_deref() != Some(LARGE_METHOD) {
        return Err(too_large(REQUEST_BYTES_MAX).into());
    }
    let version: Option<Value> = member(&members, "jsonrpc");
    let is_old_miner = version.as_ref().is_none_or(|version| version == "1.0" || version.is_null())
        && method.as_deref().is_some_and(|method| OLD_MINERS_METHODS.contains(&method));
    if is_old_miner {
        let mut members = members;
        let version = serde_json::value::to_raw_value("2.0").map_err(|error| not_json(&error))?;
        members.insert("jsonrpc".to_owned(), &version);
        let body = serde_json::to_vec(&members).map_err(|error| not_json(&error))?;
        return Ok(Envelope { body, is_old_miner });
    }
    let is_request = if members.contains_key("id") {
        serde_json::from_slice::<Request<'_>>(&body).is_ok()
    } else {
        serde_json::from_slice::<Notification<'_, Option<&RawValue>>>(&body).is_ok()
    };
    if is_request {
        return Ok(Envelope { body, is_old_miner });
    }
    let id: Option<Id<'_>> = members.get("id").and_then(|id| serde_json::from_str(id.get()).ok());
    let problem = if version != Some(json!("2.0")) {
        r#"the member jsonrpc must be "2.0""#
    } else if method.is_none() {
        "the member method must be text"
    } else {
        "the member id must be text, a whole number or null"
    };
    let error = RpcError::invalid_request("invalid-request", problem);
    Err(Refused { id: id.map_or(Id::Null, Id::into_owned), error })
}

fn member<T: serde::de::DeserializeOwned>(members: &BTreeMap<String, &RawValue>, name: &str) -> Option<T> {
    serde_json::from_str(members.get(name)?.get()).ok()
}

fn not_json(error: &serde_json::Error) -> RpcError {
    RpcError::parse(format!("the body is not JSON: {error}"))
}

/// Refuses what is nested deeper than any request needs, before anything recursive looks at it.
pub(super) fn check_depth(json: &[u8]) -> RpcResult<()> {
    let mut depth = 0_usize;
    let mut rest = json.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => skip_text(&mut rest),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            let problem = format!("arrays and objects are nested more than {DEPTH_MAX} deep");
            return Err(RpcError::invalid_request("too-deep", problem));
        }
    }
    Ok(())
}

/// Goes behind the quotation mark that ends a text, in which only that and the backslash mean anything.
fn skip_text(rest: &mut std::slice::Iter<'_, u8>) {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest.as_slice()) {
        let is_end = rest.nth(at) == Some(&b'"');
        if is_end {
            return;
        }
        rest.next();
    }
    *rest = [].iter();
}

/// The error for a request of too many bytes.
pub(super) fn too_large(limit: usize) -> RpcError {
    let problem = format!("the request is larger than {limit} bytes");
    RpcError::new(code::BODY_TOO_LARGE, "body-too-large", problem, "send less at once")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(body: &str) -> (i32, String) {
        let error = open(body.as_bytes().to_vec()).unwrap_err().error;
        (error.code, error.reason.into_owned())
    }

    #[test]
    fn what_is_no_json_and_what_is_no_request_are_told_apart() {
        for body in ["", "{", "[1,", "nonsense", r#"{"jsonrpc":"2.0",}"#] {
            assert_eq!(refusal(body), (code::PARSE, "parse-error".into()), "{body}");
        }
        for body in [
            "7",
            r#""x""#,
            "{}",
            r#"{"method":"uptime","id":1}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"x"}"#,
        ] {
            assert_eq!(refusal(body), (code::INVALID_REQUEST, "invalid-request".into()), "{body}");
        }
    }

    #[test]
    fn brackets_count_as_depth_only_outside_of_text() {
        assert_eq!(check_depth(&b"[".repeat(65)).unwrap_err().reason, "too-deep");
        assert_eq!(check_depth(&b"[".repeat(64)), Ok(()));
        let text = format!(r#""\"{}""#, "[".repeat(100));
        assert_eq!(check_depth(text.as_bytes()), Ok(()));
        assert_eq!(check_depth(b"[]".repeat(100).as_slice()), Ok(()));
    }

    #[test]
    fn a_miner_from_before_version_two_is_brought_up_to_it() {
        let envelope = open(br#"{"method":"submitblock","params":["00"],"id":0}"#.to_vec()).unwrap();
        assert!(envelope.is_old_miner);
        let request: Request<'_> = serde_json::from_slice(&envelope.body).unwrap();
        assert_eq!(request.method_name(), "submitblock");
    }

    proptest! {
        #[test]
        fn no_body_is_let_through_that_is_no_json(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(envelope) = open(bytes) {
                prop_assert!(serde_json::from_slice::<Value>(&envelope.body).is_ok());
            }
        }

        #[test]
        fn a_request_with_any_byte_changed_is_read_or_refused_with_a_reason(place in 0_usize..56, byte in any::<u8>()) {
            let mut body = br#"{"jsonrpc":"2.0","id":1,"method":"submitblock","params":["00"]}"#.to_vec();
            body[place] = byte;
            match open(body) {
                Ok(envelope) => prop_assert!(serde_json::from_slice::<Value>(&envelope.body).is_ok()),
                Err(refused) => prop_assert!([code::PARSE, code::INVALID_REQUEST].contains(&refused.error.code)),
            }
        }
    }
}
