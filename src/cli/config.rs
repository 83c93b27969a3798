//! The configuration file: what a person would rather not say each time. Flags and variables go before it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::args::{BlockPace, Common, LogFormat, NodeArgs};
use super::failure::{Failure, Outcome};
use super::places;
use crate::rpc::suggest;

/// What the file may say. The names are those of the flags, with `_` for `-`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Config {
    data_dir: Option<PathBuf>,
    chain_spec: Option<PathBuf>,
    rpc_url: Option<String>,
    listen: Option<String>,
    rpc_bind: Option<String>,
    bootstrap: Vec<String>,
    connect: Vec<String>,
    no_mdns: bool,
    no_index: bool,
    mine: Option<usize>,
    miner_address: Option<String>,
    dev_blocks: Option<String>,
    log_format: Option<String>,
}

/// All keys, for suggestions.
const KEYS: [&str; 13] = [
    "data_dir",
    "chain_spec",
    "rpc_url",
    "listen",
    "rpc_bind",
    "bootstrap",
    "connect",
    "no_mdns",
    "no_index",
    "mine",
    "miner_address",
    "dev_blocks",
    "log_format",
];

impl Config {
    /// Reads the file that was named, or the network's own if it exists.
    pub(super) fn load(named: Option<&Path>, network: &str) -> Outcome<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            // Without a home folder there is no file of one's own; that is no reason to fail.
            None => match places::config_file(network) {
                Ok(path) => path,
                Err(_) => return Ok(Self::default()),
            },
        };
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => Ok(Self::default()),
            Err(error) => Err(Failure::usage(
                format!("cannot read the configuration {}: {error}", path.display()),
                "name a file that can be read with --config",
            )),
        }
    }

    fn parse(text: &str, path: &Path) -> Outcome<Self> {
        let wrong = |cause: String, next_step: String| {
            Err(Failure::usage(format!("the configuration {}: {cause}", path.display()), next_step))
        };
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                return wrong(
                    error.message().to_owned(),
                    "write lines like: listen = \"0.0.0.0:7331\"".into(),
                );
            }
        };
        if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let next_step = match suggest::nearest(unknown, KEYS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys are {}", KEYS.join(", ")),
            };
            return wrong(format!("unknown key `{unknown}`"), next_step);
        }
        match table.try_into() {
            Ok(config) => Ok(config),
            Err(error) => {
                wrong(error.message().to_owned(), "see `cairn node --help` for what each may be".into())
            }
        }
    }

    /// Fills in what the command line left open.
    pub(super) fn complete_common(&self, mut common: Common) -> Common {
        common.data_dir = common.data_dir.or_else(|| self.data_dir.clone());
        common.chain_spec = common.chain_spec.or_else(|| self.chain_spec.clone());
        common.rpc_url = common.rpc_url.or_else(|| self.rpc_url.clone());
        common
    }

    /// Fills in what the command line left open about a node.
    pub(super) fn complete_node(&self, mut node: NodeArgs) -> Outcome<NodeArgs> {
        node.listen = node.listen.or_else(|| self.listen.clone());
        node.rpc_bind = node.rpc_bind.or_else(|| self.rpc_bind.clone());
        if node.bootstrap.is_empty() {
            node.bootstrap.clone_from(&self.bootstrap);
        }
        if node.connect.is_empty() {
            node.connect.clone_from(&self.connect);
        }
        node.no_mdns |= self.no_mdns;
        node.no_index |= self.no_index;
        node.mine = node.mine.or(self.mine);
        node.miner_address = node.miner_address.or_else(|| self.miner_address.clone());
        if node.dev_blocks.is_none() {
            node.dev_blocks = self.read("dev_blocks", self.dev_blocks.as_deref(), str::parse::<BlockPace>)?;
        }
        if node.log_format.is_none() {
            let read = |text: &str| <LogFormat as clap::ValueEnum>::from_str(text, false);
            node.log_format = self.read("log_format", self.log_format.as_deref(), read)?;
        }
        Ok(node)
    }

    #[expect(clippy::unused_self, reason = "reads as what it is: the value of a key of this file")]
    fn read<T>(
        &self,
        key: &str,
        text: Option<&str>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Outcome<Option<T>> {
        text.map(read).transpose().map_err(|cause| {
            Failure::usage(format!("the configuration's {key}: {cause}"), "correct it, or take the line out")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Outcome<Config> {
        Config::parse(text, Path::new("lan.toml"))
    }

    #[test]
    fn every_key_of_the_list_is_understood_and_no_other() {
        let text = "data_dir = '/d'\nchain_spec = 's'\nrpc_url = 'u'\nlisten = 'l'\nrpc_bind = 'r'\nbootstrap = ['b']\n\
                    connect = ['c']\nno_mdns = true\nno_index = true\nmine = 2\nminer_address = 'm'\ndev_blocks = 'manual'\nlog_format = 'json'";
        assert_eq!(text.lines().count(), KEYS.len());
        assert_eq!(parse(text).unwrap().mine, Some(2));
        let unknown = parse("lisen = 'x'").unwrap_err();
        assert!(unknown.cause.contains("lisen") && unknown.next_step.contains("listen"), "{unknown}");
    }

    #[test]
    fn a_flag_goes_before_the_file() {
        let config = parse("listen = 'file:1'\nmine = 2").unwrap();
        let flags = NodeArgs { listen: Some("flag:1".into()), ..NodeArgs::default() };
        let both = config.complete_node(flags).unwrap();
        assert_eq!((both.listen.as_deref(), both.mine), (Some("flag:1"), Some(2)));
    }

    #[test]
    fn a_value_that_makes_no_sense_names_its_key() {
        let config = parse("dev_blocks = 'often'").unwrap();
        let failure = config.complete_node(NodeArgs::default()).unwrap_err();
        assert!(failure.cause.contains("dev_blocks"), "{failure}");
        assert!(parse("mine = 'two'").is_err());
    }
}
