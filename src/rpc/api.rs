//! The methods: one table a group, each beside its functions. To add one, write it there (and its answer in `types`).

use super::errors::{RpcError, RpcResult};
use super::intake::Intake;
use super::method::{Method, Tier};
use super::ports::RpcContext;
use super::rate_limit::RateLimit;
use super::recent_templates::RecentTemplates;
use super::{accounts, chain, control, dev, mining, network, transactions};
use crate::consensus::NetworkKind;
use crate::consensus::params::Params;
use crate::primitives::AddressKind;
use crate::runtime::{NodeHandle, clock};

/// All groups, in the order in which `help` lists them.
const GROUPS: [&[Method]; 7] = [
    control::METHODS,
    chain::METHODS,
    transactions::METHODS,
    accounts::METHODS,
    mining::METHODS,
    network::METHODS,
    dev::METHODS,
];

/// What methods are called on.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) context: RpcContext,
    pub(super) templates: RecentTemplates,
    pub(super) started_ms: u64,
    pub(super) rate_limit: RateLimit,
    pub(super) intake: Intake,
    /// Held from reading the faucet's nonce until its payment waits, so that no two payments take the same nonce.
    pub(super) faucet_turn: tokio::sync::Mutex<()>,
}

impl Api {
    pub(super) fn new(context: RpcContext) -> Self {
        let started_ms = clock::now().monotonic_ms;
        let (templates, rate_limit, intake, faucet_turn) = Default::default();
        Self { context, templates, started_ms, rate_limit, intake, faucet_turn }
    }

    pub(super) fn node(&self) -> &NodeHandle {
        &self.context.node
    }

    pub(super) fn params(&self) -> &Params {
        self.context.node.params()
    }

    pub(super) fn address_kind(&self) -> AddressKind {
        self.params().address_kind()
    }

    /// The methods that exist on this network.
    pub(super) fn methods(&self) -> impl Iterator<Item = &'static Method> + use<> {
        let is_development = self.params().kind == NetworkKind::Development;
        all_methods().filter(move |method| method.tier != Tier::Dev || is_development)
    }

    /// The method of this name; the error says what may have been meant.
    pub(super) fn method(&self, name: &str) -> RpcResult<&'static Method> {
        if let Some(method) = self.methods().find(|method| method.name == name) {
            return Ok(method);
        }
        Err(match all_methods().find(|method| method.name == name) {
            Some(method) => RpcError::development_only(method.name),
            None => RpcError::method_not_found(name, self.methods().map(|method| method.name)),
        })
    }
}

/// Every method there is, on whatever network.
pub(super) fn all_methods() -> impl Iterator<Item = &'static Method> {
    GROUPS.into_iter().flatten()
}

/// Asks the core of an [`Api`], and takes its answer apart.
macro_rules! ask {
    ($api:expr, $query:expr => $answer:ident) => {
        $crate::rpc::api::ask_node!($api.node(), $query => $answer)
    };
}
pub(super) use ask;

/// Asks the core behind a handle, and takes its answer apart.
macro_rules! ask_node {
    ($node:expr, $query:expr => $answer:ident) => {
        match $node.query($query).await? {
            $crate::node::Answer::$answer(answer) => answer,
            other => {
                let problem = format!("the core answered {other:?}");
                return Err($crate::rpc::errors::RpcError::internal("unexpected-answer", problem));
            }
        }
    };
}
pub(super) use ask_node;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_method_has_its_own_name_and_a_summary() {
        let names: BTreeSet<_> = all_methods().map(|method| method.name).collect();
        assert_eq!(names.len(), all_methods().count());
        assert!(all_methods().all(|method| !method.summary.trim().is_empty()));
    }

    #[test]
    fn required_parameters_come_before_optional_ones() {
        for method in all_methods() {
            assert!(method.parameters.is_sorted_by_key(|parameter| !parameter.required), "{method:?}");
        }
    }
}
