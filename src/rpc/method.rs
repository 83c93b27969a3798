//! What a method is: a name, who may call it, typed parameters, and a function. Declared by [`methods!`] in one place,
//! from which dispatch, `help` and the `OpenRPC` document all come.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::api::Api;
use super::errors::{RpcError, RpcResult};
use super::params::Given;

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    /// Everyone who reaches the server.
    Public,
    /// Callers on this machine who send the cookie.
    Admin,
    /// Everyone on this machine, on development networks; the method does not exist elsewhere.
    Dev,
}

/// A declared parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct ParameterSpec {
    /// Its name in calls by name; calls by position take the order of declaration.
    pub(super) name: &'static str,
    /// Whether a call without it fails.
    pub(super) required: bool,
    /// What it is, in words.
    pub(super) kind: &'static str,
    /// Its type in JSON Schema.
    pub(super) json_type: &'static str,
}

/// The answer of a method, on its way.
pub(super) type Answering = Pin<Box<dyn Future<Output = RpcResult<Box<RawValue>>> + Send>>;

/// A method.
pub(super) struct Method {
    /// Its name.
    pub(super) name: &'static str,
    /// Who may call it.
    pub(super) tier: Tier,
    /// What it answers, in a sentence or two.
    pub(super) summary: &'static str,
    /// Its parameters, in order.
    pub(super) parameters: &'static [ParameterSpec],
    /// Reads the parameters, then calls the function.
    pub(super) run: fn(Arc<Api>, &mut Given) -> RpcResult<Answering>,
}

impl Method {
    /// Calls it with parameters as they came.
    pub(super) async fn call(
        &'static self,
        api: Arc<Api>,
        params: Option<Value>,
    ) -> RpcResult<Box<RawValue>> {
        let mut given = Given::read(self, params)?;
        (self.run)(api, &mut given)?.await
    }

    /// How it is called: `getblock block [verbosity]`.
    pub(super) fn usage(&self) -> String {
        let mut usage = self.name.to_owned();
        for parameter in self.parameters {
            let name = parameter.name;
            usage.extend(if parameter.required { [" ", name, ""] } else { [" [", name, "]"] });
        }
        usage
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.usage())
    }
}

/// Serializes an answer. Fails only for maps whose keys are not text, which no answer has.
pub(super) fn to_json(answer: &impl serde::Serialize) -> RpcResult<Box<RawValue>> {
    serde_json::value::to_raw_value(answer)
        .map_err(|error| RpcError::internal("unserializable", error.to_string()))
}

/// Declares `METHODS`: one line a method, with its doc comment as summary.
///
/// `Public "getblock"(block: BlockSelector, verbosity: Option<u32>) => get_block.await;` calls the async function
/// `get_block(&Api, BlockSelector, Option<u32>)`, whose answer may be anything serializable.
macro_rules! methods {
    ($( $(#[doc = $doc:literal])+ $tier:ident $name:literal ( $($param:ident : $type:ty),* ) => $handler:ident $(.$wait:tt)?; )*) => {
        /// This group's methods.
        pub(super) const METHODS: &[$crate::rpc::method::Method] = &[$($crate::rpc::method::Method {
            name: $name,
            tier: $crate::rpc::method::Tier::$tier,
            summary: concat!($($doc),+),
            parameters: &[$($crate::rpc::method::ParameterSpec {
                name: stringify!($param),
                required: <$type as $crate::rpc::params::Parameter>::REQUIRED,
                kind: <$type as $crate::rpc::params::Parameter>::KIND,
                json_type: <$type as $crate::rpc::params::Parameter>::JSON_TYPE,
            }),*],
            run: |api, given| {
                let _ = &given;
                $(let $param = given.next::<$type>(stringify!($param), &api)?;)*
                Ok(Box::pin(async move { $crate::rpc::method::to_json(&$handler(&api $(, $param)*)$(.$wait)??) }))
            },
        }),*];
    };
}
pub(super) use methods;
