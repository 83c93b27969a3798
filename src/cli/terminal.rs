//! Asking a person. Without a terminal nobody answers, and that is said instead of waiting for ever.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;

use zeroize::Zeroizing;

use super::failure::{Failure, Outcome};
use super::output;

/// Times a new password may be mistyped.
const ATTEMPTS_MAX: usize = 3;

/// Whether there is a person to ask.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question that is answered with yes or no; no unless the person says yes.
pub(super) fn confirm(question: &str, without_terminal: &str) -> Outcome {
    if !is_interactive() {
        return Err(Failure::usage("this needs a yes, and there is no terminal to ask on", without_terminal));
    }
    let answer = dialoguer::Confirm::new().with_prompt(question).default(false).interact();
    match answer {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::refused()),
        Err(error) => Err(Failure::new(format!("cannot ask: {error}"), without_terminal)),
    }
}

/// The password of something that exists: from a file, else from a person.
pub(super) fn password(prompt: &str, file: Option<&Path>) -> Outcome<Zeroizing<String>> {
    match file {
        Some(file) => password_from(file),
        None if is_interactive() => ask_password(prompt),
        None => Err(Failure::usage(
            "the wallet has a password, and there is no terminal to ask on",
            "give --password-file FILE, whose first line is the password",
        )),
    }
}

/// A password for something new: from a file, else from a person, typed twice; empty for none.
pub(super) fn new_password(prompt: &str, file: Option<&Path>) -> Outcome<Option<Zeroizing<String>>> {
    if let Some(file) = file {
        return password_from(file).map(Some);
    }
    if !is_interactive() {
        return Ok(None);
    }
    for _ in 0..ATTEMPTS_MAX {
        let first = ask_password(&format!("{prompt} (empty for none)"))?;
        if first.is_empty() || *first == *ask_password("The same again")? {
            return Ok(Some(first));
        }
        output::aside("The two differ.");
    }
    Err(Failure::new("the passwords differed each time", "try again"))
}

fn ask_password(prompt: &str) -> Outcome<Zeroizing<String>> {
    let typed = rpassword::prompt_password(format!("{prompt}: "));
    typed.map(Zeroizing::new).map_err(|error| {
        Failure::new(format!("cannot read the password: {error}"), "give --password-file FILE instead")
    })
}

fn password_from(file: &Path) -> Outcome<Zeroizing<String>> {
    let text = fs::read_to_string(file).map(Zeroizing::new).map_err(|error| {
        Failure::usage(
            format!("cannot read the password file {}: {error}", file.display()),
            "name a file whose first line is the password",
        )
    })?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}
