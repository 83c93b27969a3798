//! `wallet derive`: a key of words or a seed, to compare with another wallet's. Nothing is kept.

use std::path::{Path, PathBuf};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::cli::args::DeriveArgs;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::files::{self, STDIO};
use crate::cli::output;
use crate::cli::session::Session;
use crate::primitives::Address;
use crate::wallet::{ExtendedKey, KeyPath, Seed, seed_of_phrase};

/// Bytes of a file with words, a seed or a passphrase at most.
const SECRET_BYTES_MAX: u64 = 4_096;

/// A key, and everything that follows from it.
#[derive(Debug, Serialize)]
struct Derived<'a> {
    path: String,
    seed: &'a str,
    private_key: &'a str,
    chain_code: &'a str,
    /// 32 bytes, as transactions carry it.
    public_key: String,
    /// The same with the leading zero byte of SLIP-0010.
    slip10_public_key: String,
    address: String,
}

pub(super) fn derive(session: &Session, args: &DeriveArgs) -> Outcome {
    let path: KeyPath = args
        .path
        .parse()
        .map_err(|error| Failure::usage(format!("--path: {error}"), "such as m/44'/7331'/0'/0'/0'"))?;
    let seed = seed(args)?;
    let key = ExtendedKey::root(&seed).descend(&path);
    let public_key = key.secret_key().public_key();
    let (seed, private_key, chain_code) = (seed.to_hex(), key.private_hex(), key.chain_code_hex());
    let derived = Derived {
        path: path.to_string(),
        seed: &seed,
        private_key: &private_key,
        chain_code: &chain_code,
        public_key: public_key.to_string(),
        slip10_public_key: format!("00{public_key}"),
        address: session.address_text(Address::of(&public_key)),
    };
    session.output.show(&derived, |output| {
        let rows = [
            ("path", derived.path.clone()),
            ("seed", derived.seed.to_owned()),
            ("private key", derived.private_key.to_owned()),
            ("chain code", derived.chain_code.to_owned()),
            ("public key", derived.public_key.clone()),
            ("address", derived.address.clone()),
        ];
        output::pairs(output, &rows)
    });
    Ok(())
}

fn seed(args: &DeriveArgs) -> Outcome<Seed> {
    let from_stdin = [args.mnemonic.as_deref(), args.seed.as_deref()].contains(&Some(STDIO))
        || args.mnemonic_file.as_deref() == Some(Path::new(STDIO));
    if from_stdin && args.passphrase_file.as_deref() == Some(Path::new(STDIO)) {
        return Err(Failure::usage(
            "words and passphrase cannot both come through the standard input",
            "put one of them into a file",
        ));
    }
    if let Some(seed) = &args.seed {
        if !args.passphrase.is_empty() || args.passphrase_file.is_some() {
            return Err(Failure::usage("a passphrase goes with words, not with a seed", "leave it out"));
        }
        return Seed::from_hex(given_or_stdin(seed)?.trim())
            .map_err(|error| Failure::usage(format!("--seed: {error}"), "give 32 to 128 digits"));
    }
    let words = match (&args.mnemonic, &args.mnemonic_file) {
        (Some(words), _) => given_or_stdin(words)?,
        (None, Some(file)) => secret(file)?,
        (None, None) => return Err(Failure::usage("there are no words", "give --mnemonic or --seed")),
    };
    let passphrase = passphrase(args)?;
    seed_of_phrase(&words, &passphrase).map_err(|error| {
        Failure::usage(format!("the words: {error}"), "compare them with what was written down")
    })
}

fn passphrase(args: &DeriveArgs) -> Outcome<Zeroizing<String>> {
    match &args.passphrase_file {
        Some(file) => Ok(secret(file)?.lines().next().unwrap_or_default().to_owned().into()),
        None => Ok(args.passphrase.clone().into()),
    }
}

fn given_or_stdin(text: &str) -> Outcome<Zeroizing<String>> {
    if text == STDIO { secret(&PathBuf::from(STDIO)) } else { Ok(text.to_owned().into()) }
}

fn secret(file: &Path) -> Outcome<Zeroizing<String>> {
    let bytes = Zeroizing::new(files::read(file, SECRET_BYTES_MAX)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::usage(format!("{} is no UTF-8 text", files::name(file)), "save it as plain text")
    })?;
    Ok(text.to_owned().into())
}
