//! The first thing a person sees: everything needed next, and nothing else.

use std::io::IsTerminal;
use std::time::Duration;

use super::compose::RunningNode;
use super::logging::story;
use crate::cli::args::LogFormat;
use crate::cli::output::{self, ColorChoice, Output, Paint};
use crate::cli::words;
use crate::consensus::params::DEFAULT_NETWORK;

/// The word that ends the banner: whoever started this process may wait for it.
pub(super) const READY: &str = "Ready.";

/// How long the addresses of this machine's interfaces are waited for.
const INTERFACES_WAIT: Duration = Duration::from_millis(500);

/// Shows the banner; machines get one line of the log.
pub(super) async fn show(node: &RunningNode, welcome: &[String]) {
    let listening = listening(node).await;
    let folder = node.settings.data_folders[0].display().to_string();
    let (alias, peer_id) = (node.network.local.alias(), node.network.local.to_string());
    let (network, genesis) = (&node.settings.params.name, node.settings.params.genesis_hash());
    let rpc_url = node.rpc.url();
    if node.settings.log_format == LogFormat::Json {
        let listening = listening.join(" ");
        story!(network, %genesis, alias, peer_id, listening, rpc_url, data_dir = folder, "{READY}");
        return;
    }
    let output = Output::new(!std::io::stdout().is_terminal(), ColorChoice::Auto);
    let height = node.handle.view().tip.id.height;
    let facts = output::pairs(
        output,
        &[
            (
                "network",
                format!("{} (genesis {})", output.paint(network, Paint::Bold), words::short(&genesis)),
            ),
            ("node", format!("{} {}", output.paint(&alias, Paint::Bold), output.paint(&peer_id, Paint::Dim))),
            ("peers reach it at", listening.join("\n                     ")),
            ("clients reach it at", rpc_url.to_owned()),
            ("data", folder),
            ("chain", format!("height {height}")),
        ],
    );
    output::line(&format!("\n{facts}\n"));
    for line in notes(node).iter().chain(welcome) {
        output::line(&format!("  {line}"));
    }
    output::line(&format!(
        "\n{READY} In another terminal, try: {}\n",
        output.paint(&next_command(node), Paint::Bold)
    ));
}

/// The addresses that others can dial. Those of the interfaces follow a moment after the first.
async fn listening(node: &RunningNode) -> Vec<String> {
    let mut changes = node.handle.network_changes();
    let wait = changes.wait_for(|view| view.listening.iter().any(|address| words::is_for_others(address)));
    let all = match tokio::time::timeout(INTERFACES_WAIT, wait).await {
        Ok(Ok(view)) => view.listening.clone(),
        Ok(Err(_)) | Err(_) => node.network.listening.clone(),
    };
    words::addresses_for_others(&all)
}

/// What is out of the ordinary.
fn notes(node: &RunningNode) -> Vec<String> {
    let mut notes = Vec::new();
    let settings = &node.settings;
    if settings.listen.moved {
        notes.push(format!(
            "The usual port for peers is taken: listening on {} instead.",
            settings.listen.address.port()
        ));
    }
    if settings.rpc_bind.moved {
        notes.push(format!(
            "The usual port for clients is taken: serving on {} instead.",
            settings.rpc_bind.address.port()
        ));
    }
    if settings.params.name == DEFAULT_NETWORK {
        notes.push(
            "Every `lan` in the world is one network. For a chain of your own, give all your nodes: --network NAME"
                .to_owned(),
        );
    }
    notes
}

/// A command that finds this very node.
fn next_command(node: &RunningNode) -> String {
    let settings = &node.settings;
    let name = &settings.params.name;
    let folder = &settings.data_folders[0];
    let is_the_usual_folder = crate::cli::places::data_folder(name).is_ok_and(|usual| usual == *folder);
    if !is_the_usual_folder {
        return format!("cairn status --data-dir {}", folder.display());
    }
    if name == DEFAULT_NETWORK { "cairn status".to_owned() } else { format!("cairn status --network {name}") }
}
