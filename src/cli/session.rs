//! What every command knows before it begins: the network, where its data is, how to show results.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Common;
use super::config::Config;
use super::failure::{Failure, Outcome};
use super::output::{self, Output};
use super::places;
use crate::consensus::params::{DEFAULT_NETWORK, Params, ParamsOverride};
use crate::primitives::Address;

/// One run of the program.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// How results are shown.
    pub(super) output: Output,
    /// The network that is meant.
    pub(super) params: Arc<Params>,
    /// Whether a network was named, by whatever means.
    pub(super) network_is_named: bool,
    /// The common flags, completed by the configuration file.
    pub(super) common: Common,
    /// The configuration file.
    pub(super) config: Config,
}

impl Session {
    /// Reads the configuration and the chain specification.
    pub(super) fn new(common: Common) -> Outcome<Self> {
        let output = Output::new(common.json, common.color);
        let network = common.network.as_deref().unwrap_or(DEFAULT_NETWORK);
        // The name is judged before it becomes part of a path.
        let plain =
            Params::named(network).map_err(|error| Failure::usage(error, "give another --network"))?;
        let config = Config::load(common.config.as_deref(), network)?;
        let common = config.complete_common(common);
        let params = match &common.chain_spec {
            Some(path) => overridden(&plain.name, path)?,
            None => plain,
        };
        let network_is_named = common.network.is_some() || common.chain_spec.is_some();
        Ok(Self { output, params: Arc::new(params), network_is_named, common, config })
    }

    /// The data folder: as given, or the network's own.
    pub(super) fn data_folder(&self) -> Outcome<PathBuf> {
        match &self.common.data_dir {
            Some(folder) => Ok(folder.clone()),
            None => places::data_folder(&self.params.name),
        }
    }

    /// Reads an address of this network.
    pub(super) fn address(&self, text: &str) -> Outcome<Address> {
        Address::parse(text, self.params.address_kind()).map_err(|error| {
            let prefix = self.params.address_kind().human_part();
            Failure::usage(
                format!("`{text}`: {error}"),
                format!("on the network {} an address starts with {prefix}1", self.params.name),
            )
        })
    }

    /// Shows a result of one word, so that a script can use it as it is: in quotes only where JSON was asked for.
    pub(super) fn show_word(&self, word: &str) {
        if self.common.json {
            self.output.show(&word, |_| word.to_owned());
        } else {
            output::line(word);
        }
    }

    /// The text of an address on this network.
    pub(super) fn address_text(&self, address: Address) -> String {
        address.to_text(self.params.address_kind())
    }
}

/// The network with some numbers from a file: TOML, or JSON if its name ends so.
fn overridden(network: &str, path: &Path) -> Outcome<Params> {
    let wrong = |cause: String| {
        Failure::usage(
            format!("the chain specification {}: {cause}", path.display()),
            "docs/protocol.md, \"Networks\", lists what it may say",
        )
    };
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let overrides: ParamsOverride = if is_json {
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?
    } else {
        toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?
    };
    Params::with_overrides(network, &overrides).map_err(|error| wrong(error.to_string()))
}
