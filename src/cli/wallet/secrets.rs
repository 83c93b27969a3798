//! `wallet words` and `wallet password`: what only the owner may do.

use std::path::Path;

use serde_json::json;

use super::opening;
use crate::cli::args::WalletPlace;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::session::Session;
use crate::cli::terminal;

pub(super) fn words(session: &Session, name: &str, place: &WalletPlace) -> Outcome {
    let name = opening::name(name)?;
    let wallet = opening::unlock(&opening::directory(place)?, &name, place)?;
    let phrase = wallet.words().phrase();
    let shown = json!({ "name": name.as_str(), "words": phrase.as_str() });
    session.output.show(&shown, |_| phrase.to_string());
    Ok(())
}

pub(super) fn change_password(
    session: &Session,
    name: &str,
    new: Option<&Path>,
    place: &WalletPlace,
) -> Outcome {
    let name = opening::name(name)?;
    let directory = opening::directory(place)?;
    let old = opening::password_of(&name, &directory.open(&name)?, place)?;
    let new =
        terminal::new_password(&format!("The new password of the wallet {name}"), new)?.ok_or_else(|| {
            Failure::usage(
                "there is no terminal to ask for the new password",
                "give --new-password-file FILE",
            )
        })?;
    directory.change_password(&name, &old, &new, opening::seal_random())?;
    let shown = json!({ "name": name.as_str(), "protected": !new.is_empty() });
    session.output.show(&shown, |_| {
        if new.is_empty() {
            format!("The wallet {name} is unprotected now: whoever reads its file can spend.")
        } else {
            format!("The wallet {name} has a new password.")
        }
    });
    Ok(())
}
