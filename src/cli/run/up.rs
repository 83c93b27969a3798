//! `up`, with all it decides for a person, and `node`, which decides nothing.

use std::path::PathBuf;

use super::settings::Settings;
use super::{fleet, lifetime, logging};
use crate::cli::args::{NodeArgs, UpArgs, WalletPlace};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::places;
use crate::cli::session::Session;
use crate::cli::wallet::{self, MAIN_WALLET};
use crate::consensus::params::NetworkKind;
use crate::wallet::WordCount;

/// `cairn node`.
pub(in crate::cli) fn node(session: &Session, args: NodeArgs, verbose: u8) -> Outcome {
    let args = session.config.complete_node(args)?;
    let settings = Settings::new(session, &args, vec![session.data_folder()?])?;
    logging::begin(settings.log_format, verbose);
    run(lifetime::run(settings, Vec::new()))
}

/// `cairn up`.
pub(in crate::cli) fn up(session: &Session, args: UpArgs, verbose: u8) -> Outcome {
    let mut node = session.config.complete_node(args.node.clone())?;
    let mut welcome = Vec::new();
    if node.miner_address.is_none() {
        let (address, line) = wallet_to_mine_to(session, &args.wallet)?;
        node.miner_address = Some(address);
        welcome.push(line);
    }
    if args.nodes > 1 {
        return run(fleet::run(session.clone(), UpArgs { node, ..args }, welcome));
    }
    // On a development network blocks come on demand, unless threads are asked for.
    let is_development = session.params.kind == NetworkKind::Development;
    let threads = *node.mine.get_or_insert_with(|| if is_development { 0 } else { spare_cores() });
    if threads > 0 {
        welcome.push(format!("Mining with {}.", crate::cli::words::count(threads as u64, "thread")));
    }
    let settings = Settings::new(session, &node, folders(session)?)?;
    logging::begin(settings.log_format, verbose);
    run(lifetime::run(settings, welcome))
}

/// The folder that was named, or the usual one and then those of further nodes.
fn folders(session: &Session) -> Outcome<Vec<PathBuf>> {
    let first = session.data_folder()?;
    let mut folders = vec![first.clone()];
    if session.common.data_dir.is_none() {
        folders.extend(places::sibling_folders(&first));
    }
    Ok(folders)
}

/// All cores but one, which is left to the person.
fn spare_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).saturating_sub(1).max(1)
}

/// The address of a wallet of this machine, made if there is none, and what to say of it.
fn wallet_to_mine_to(session: &Session, place: &WalletPlace) -> Outcome<(String, String)> {
    let directory = wallet::directory(place)?;
    let usable = directory.list()?.into_iter().filter_map(|entry| Some((entry.name, entry.keystore.ok()?)));
    let chosen = usable.min_by_key(|(name, _)| (name.as_str() != MAIN_WALLET, name.clone()));
    if let Some((name, keystore)) = chosen {
        let address = session.address_text(keystore.main_address());
        let line = format!("Mining pays the wallet {name}, {address}");
        return Ok((address, line));
    }
    let name = MAIN_WALLET.parse().expect("it is a name by the rule of names");
    let made = wallet::make(&directory, &name, WordCount::default(), place)?;
    let address = session.address_text(made.address);
    let protection = if made.protected {
        "It is under your password."
    } else {
        "It has NO password: whoever reads its file can spend. `cairn wallet password` gives it one."
    };
    let line = format!("Made the wallet {name}, {address}; mining pays it. {protection}");
    Ok((address, line))
}

fn run(life: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(format!("the system refused a thread: {error}"), "close other programs, then try again")
    })?;
    let outcome = runtime.block_on(life);
    // A forced stop must not wait for threads that are still busy.
    runtime.shutdown_background();
    outcome
}
