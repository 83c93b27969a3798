//! The first thing a person sees: everything needed next, and nothing else.

use std::io::IsTerminal;

use super::compose::RunningNode;
use super::logging::story;
use crate::cli::args::LogFormat;
use crate::cli::output::{self, ColorChoice, Output, Paint};
use crate::cli::words;
use crate::consensus::params::DEFAULT_NETWORK;

/// The word that ends the banner: whoever started this process may wait for it.
pub(super) const READY: &str = "Ready.";

/// Shows the banner; machines get one line of the log.
pub(super) fn show(node: &RunningNode, welcome: &[String]) {
    let folder = node.settings.data_folders[0].display().to_string();
    let (alias, peer_id) = (node.network.local.alias(), node.network.local.to_string());
    let (network, genesis) = (&node.settings.params.name, node.settings.params.genesis_hash());
    let rpc_url = node.rpc.url();
    let listening = node.network.listening.join(" ");
    if node.settings.log_format == LogFormat::Json {
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
            ("peers reach it at", node.network.listening.join("\n                   ")),
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
