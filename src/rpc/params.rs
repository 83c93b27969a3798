//! Parameters, by position or by name, read into types; what is wrong with one is said with its name.

use serde_json::Value;

use super::api::Api;
use super::errors::{RpcError, RpcResult, code};
use super::method::Method;
use super::suggest;
use crate::primitives::{Address, BlockHash, Height, TransactionId};

/// Longest part of a wrong value that is told back, in characters.
const VALUE_SHOWN_CHARS_MAX: usize = 64;

/// Parameters as a client gave them, in the order in which the method declares them.
#[derive(Debug)]
pub(super) struct Given {
    method: &'static str,
    values: std::vec::IntoIter<Option<Value>>,
}

impl Given {
    /// Sorts named parameters into the declared order; refuses unknown and surplus ones.
    pub(super) fn read(method: &'static Method, params: Option<Value>) -> RpcResult<Self> {
        let values = match params {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(values)) => by_position(method, values)?,
            Some(Value::Object(values)) => by_name(method, values)?,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                return Err(RpcError::invalid_params("params must be an array or an object", method.name));
            }
        };
        Ok(Self { method: method.name, values: values.into_iter() })
    }

    /// The next parameter, as its type.
    pub(super) fn next<T: Parameter>(&mut self, name: &'static str, api: &Api) -> RpcResult<T> {
        let given = self.values.next().flatten().filter(|value| !value.is_null());
        let Some(value) = given else {
            let missing = || {
                RpcError::invalid_params(
                    format!("the parameter {name} ({}) is missing", T::KIND),
                    self.method,
                )
            };
            return T::absent().ok_or_else(missing);
        };
        let shown: String = value.to_string().chars().take(VALUE_SHOWN_CHARS_MAX).collect();
        T::read(value, api).map_err(|problem| match problem {
            Problem::NotOfKind => {
                let message = format!("the parameter {name} must be {}, not {shown}", T::KIND);
                RpcError::invalid_params(message, self.method)
            }
            Problem::Named(mut error) => {
                error.message = format!("the parameter {name}: {}", error.message);
                *error
            }
        })
    }
}

fn by_position(method: &Method, values: Vec<Value>) -> RpcResult<Vec<Option<Value>>> {
    let declared = method.parameters.len();
    if values.len() > declared {
        let problem =
            format!("{} takes at most {declared} parameters, {} were given", method.name, values.len());
        return Err(RpcError::invalid_params(problem, method.name));
    }
    Ok(values.into_iter().map(Some).collect())
}

fn by_name(method: &Method, mut values: serde_json::Map<String, Value>) -> RpcResult<Vec<Option<Value>>> {
    let sorted = method.parameters.iter().map(|parameter| values.remove(parameter.name)).collect();
    let Some((unknown, _)) = values.into_iter().next() else { return Ok(sorted) };
    let shown: String = unknown.chars().take(VALUE_SHOWN_CHARS_MAX).collect();
    let mut error =
        RpcError::invalid_params(format!("{} has no parameter {shown:?}", method.name), method.name);
    if let Some(near) = suggest::nearest(&shown, method.parameters.iter().map(|parameter| parameter.name)) {
        error.hint = format!("did you mean {near}?");
    }
    Err(error)
}

/// What is wrong with a parameter.
#[derive(Debug)]
pub(super) enum Problem {
    /// It is not what the type's [`Parameter::KIND`] says.
    NotOfKind,
    /// Something that has an error of its own.
    Named(Box<RpcError>),
}

/// A type that a parameter can have.
pub(super) trait Parameter: Sized {
    /// Whether a call without it fails.
    const REQUIRED: bool = true;
    /// What it is, in words.
    const KIND: &'static str;
    /// Its type in JSON Schema.
    const JSON_TYPE: &'static str;
    /// What it is when it is not given.
    fn absent() -> Option<Self> {
        None
    }
    /// From JSON that is not null.
    fn read(value: Value, api: &Api) -> Result<Self, Problem>;
}

impl<T: Parameter> Parameter for Option<T> {
    const REQUIRED: bool = false;
    const KIND: &'static str = T::KIND;
    const JSON_TYPE: &'static str = T::JSON_TYPE;
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn read(value: Value, api: &Api) -> Result<Self, Problem> {
        T::read(value, api).map(Some)
    }
}

macro_rules! plain_parameters {
    ($($type:ty: $kind:literal, $json_type:literal, $read:expr;)*) => {$(
        impl Parameter for $type {
            const KIND: &'static str = $kind;
            const JSON_TYPE: &'static str = $json_type;
            fn read(value: Value, _: &Api) -> Result<Self, Problem> {
                let read: fn(Value) -> Option<$type> = $read;
                read(value).ok_or(Problem::NotOfKind)
            }
        }
    )*};
}

plain_parameters! {
    bool: "true or false", "boolean", |value| value.as_bool();
    u32: "a whole number from 0 to 4294967295", "integer", |value| value.as_u64()?.try_into().ok();
    u64: "a whole number", "integer", |value| value.as_u64();
    Height: "a height", "integer", |value| value.as_u64()?.try_into().ok().map(Height);
    String: "text", "string", |value| value.as_str().map(str::to_owned);
    TransactionId: "a transaction id of 64 hexadecimal digits", "string", |value| value.as_str()?.parse().ok();
    Value: "anything", "object", Some;
    HexBytes: "bytes in hexadecimal", "string", |value| hex::decode(value.as_str()?).ok().map(HexBytes);
    Vec<HexBytes>: "a list of bytes in hexadecimal", "array", |value| {
        value.as_array()?.iter().map(|item| hex::decode(item.as_str()?).ok().map(HexBytes)).collect()
    };
    BlockSelector: "a block hash of 64 hexadecimal digits, or a height", "string", |value| match value.as_str() {
        Some(text) => text.parse().ok().map(BlockSelector::Hash),
        None => value.as_u64()?.try_into().ok().map(|height| BlockSelector::Height(Height(height))),
    };
}

/// Bytes written in hexadecimal.
#[derive(Debug, Clone)]
pub(super) struct HexBytes(pub(super) Vec<u8>);

/// How a client names a block.
#[derive(Debug, Clone, Copy)]
pub(super) enum BlockSelector {
    /// Any known block.
    Hash(BlockHash),
    /// A block of the best chain.
    Height(Height),
}

impl Parameter for Address {
    const KIND: &'static str = "an address";
    const JSON_TYPE: &'static str = "string";
    fn read(value: Value, api: &Api) -> Result<Self, Problem> {
        let text = value.as_str().ok_or(Problem::NotOfKind)?;
        Self::parse(text, api.address_kind()).map_err(|error| {
            let hint = "copy the whole address; validateaddress tells more";
            Problem::Named(Box::new(RpcError::new(
                code::NOT_FOUND,
                "invalid-address",
                error.to_string(),
                hint,
            )))
        })
    }
}
