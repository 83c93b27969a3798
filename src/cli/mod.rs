//! The command line: reads what a person wants, does it, and says what came of it.
//!
//! `args` holds the commands, `run` is where all parts of a node meet, `inspect` asks a running one, `wallet` keeps keys and
//! pays. Nothing here decides anything about the chain.

mod args;
mod chain;
mod config;
mod failure;
mod files;
mod inspect;
mod node_access;
mod output;
mod places;
mod progress;
mod run;
mod session;
mod terminal;
mod tools;
mod wallet;
mod words;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::{Failure, Outcome};
use output::Output;
use session::Session;

use crate::storage::sled_store::database::guarded;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    keep_quiet_about_caught_panics();
    let arguments = Arguments::parse();
    let output = Output::new(arguments.common.json, arguments.common.color);
    let asked_for_json = arguments.common.json;
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.fail(&failure, asked_for_json);
            failure.exit.into()
        }
    }
}

/// What damaged files make of the database's code is told as damage, by whoever opened them.
fn keep_quiet_about_caught_panics() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if guarded::is_panic_caught() {
            tracing::debug!("the database: {panic}");
        } else {
            loud(panic);
        }
    }));
}

fn run(arguments: Arguments) -> Outcome {
    let verbose = arguments.common.verbose;
    let session = Session::new(arguments.common)?;
    match arguments.command {
        Command::Up(up) => run::up(&session, up, verbose),
        Command::Node(node) => run::node(&session, node, verbose),
        Command::Wallet(command) => wait_for(wallet::run(&session, command)),
        Command::Status => wait_for(inspect::status(&session)),
        Command::Peers(peers) => wait_for(inspect::peers(&session, &peers)),
        Command::Block(block) => wait_for(inspect::block(&session, &block)),
        Command::Tx(tx) => wait_for(inspect::transaction(&session, &tx)),
        Command::Mempool => wait_for(inspect::mempool(&session)),
        Command::Rpc(rpc) => wait_for(inspect::rpc(&session, &rpc)),
        Command::Mine(mine) => wait_for(inspect::mine(&session, &mine)),
        Command::Chain(command) => chain::run(&session, &command),
        Command::Tools(command) => tools::run(&session, &command),
    }
}

/// Runs a command that talks to a node; Ctrl-C ends it.
fn wait_for(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(format!("cannot start: {error}"), "close other programs, then try again")
    })?;
    runtime.block_on(async {
        tokio::select! {
            outcome = command => outcome,
            _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
        }
    })
}
