//! `cairn wallet`: keys stay here; the node learns of a payment once it is signed.

mod balance;
mod confirmation;
mod derive;
mod list;
mod make;
mod opening;
mod secrets;
mod send;
mod show;

use super::args::WalletCommand;
use super::failure::Outcome;
use super::session::Session;

pub(super) use make::make;
pub(super) use opening::directory;

/// The wallet that `up` makes, and that is meant when none is named.
pub(super) const MAIN_WALLET: &str = "main";

pub(super) async fn run(session: &Session, command: WalletCommand) -> Outcome {
    match command {
        WalletCommand::New { name, words, place } => make::new(session, &name, &words, &place),
        WalletCommand::List { place } => list::list(session, &place).await,
        WalletCommand::Address { name, new, place } => show::address(session, &name, new, &place),
        WalletCommand::Balance { of, place } => balance::balance(session, &of, &place).await,
        WalletCommand::Send(args) => send::send(session, &args).await,
        WalletCommand::Derive(args) => derive::derive(session, &args),
        WalletCommand::Words { name, place } => secrets::words(session, &name, &place),
        WalletCommand::Password { name, new_password_file, place } => {
            secrets::change_password(session, &name, new_password_file.as_deref(), &place)
        }
    }
}
