//! The node as a program: what it is, what it can be asked, stopping it.
#![expect(clippy::unnecessary_wraps, reason = "every method answers alike")]

use serde_json::{Value, json};

use super::api::Api;
use super::errors::RpcResult;
use super::method::{Method, Tier, methods};
use super::types::NodeInfo;
use crate::runtime::clock;

/// Version of the software.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What the node tells peers it runs.
pub(super) const AGENT: &str = concat!("cairn/", env!("CARGO_PKG_VERSION"));
/// Why a node stops that was told to by `stop`.
pub const STOPPED_BY_CLIENT: &str = "asked to by RPC";
/// Version of what nodes agree on.
pub(super) const PROTOCOL_VERSION: u32 = 1;

methods! {
    /// What this node is: version, network, peer id, height, peers, data folder.
    Public "getnodeinfo"() => get_node_info;
    /// Seconds since the node started to serve.
    Public "uptime"() => uptime;
    /// All methods with their parameters, or one of them with what it does.
    Public "help"(method: Option<String>) => help;
    /// The `OpenRPC` document of this server.
    Public "rpc.discover"() => discover;
    /// Stops the node cleanly.
    Admin "stop"() => stop;
}

fn get_node_info(api: &Api) -> RpcResult<NodeInfo> {
    let (view, network, params) = (api.node().view(), api.node().network(), api.params());
    Ok(NodeInfo {
        version: VERSION.to_owned(),
        protocol: PROTOCOL_VERSION,
        network: params.name.clone(),
        genesis_hash: params.genesis_hash(),
        block_one: view.block_one,
        peer_id: network.local.map(|peer| peer.to_string()),
        alias: network.local.map(|peer| peer.alias()),
        listening: network.listening.clone(),
        height: view.tip.id.height,
        peers: network.peers.len(),
        syncing: view.initial_block_download,
        uptime: uptime(api)?,
        data_dir: api.context.data_dir.display().to_string(),
    })
}

fn uptime(api: &Api) -> RpcResult<u64> {
    Ok(clock::now().monotonic_ms.saturating_sub(api.started_ms) / 1_000)
}

fn help(api: &Api, method: Option<String>) -> RpcResult<String> {
    let Some(name) = method else {
        let mut usages: Vec<String> = api.methods().map(Method::usage).collect();
        usages.sort_unstable();
        return Ok(usages.join("\n"));
    };
    let method = api.method(&name)?;
    let mut text = format!("{}\n\n{}\n", method.usage(), method.summary.trim());
    for parameter in method.parameters {
        let optional = if parameter.required { "" } else { " (optional)" };
        text.extend(["\n  ", parameter.name, ": ", parameter.kind, optional]);
    }
    if method.tier == Tier::Admin {
        text += "\n\nNeeds the cookie: Basic authentication with what <data-dir>/.cookie holds.";
    }
    Ok(text)
}

/// The `OpenRPC` document, made from the table that registers the methods.
pub(super) fn openrpc(api: &Api) -> Value {
    let methods: Vec<Value> = api.methods().map(describe_method).collect();
    json!({
        "openrpc": "1.3.2",
        "info": { "title": "Cairn", "version": VERSION },
        "methods": methods,
    })
}

fn discover(api: &Api) -> RpcResult<Value> {
    Ok(openrpc(api))
}

fn describe_method(method: &Method) -> Value {
    let describe = |parameter: &super::method::ParameterSpec| {
        json!({
            "name": parameter.name,
            "required": parameter.required,
            "description": parameter.kind,
            "schema": { "type": parameter.json_type },
        })
    };
    json!({
        "name": method.name,
        "summary": method.summary.trim(),
        "paramStructure": "either",
        "params": method.parameters.iter().map(describe).collect::<Vec<_>>(),
        "result": { "name": "result", "schema": {} },
    })
}

fn stop(api: &Api) -> RpcResult<&'static str> {
    api.node().stop(STOPPED_BY_CLIENT);
    Ok("Cairn is stopping")
}
