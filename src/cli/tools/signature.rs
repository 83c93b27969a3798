//! `tools verify-signature`: one signature under the rules of the chain.

use serde_json::json;

use super::{hex_array, hex_bytes};
use crate::cli::args::VerifySignatureArgs;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::session::Session;
use crate::primitives::keys::{self, SignatureCheck};
use crate::primitives::{PublicKey, Signature};

pub(super) fn verify(session: &Session, args: &VerifySignatureArgs) -> Outcome {
    let key = PublicKey(hex_array("--public-key", &args.public_key)?);
    let signature = Signature(hex_array("--signature", &args.signature)?);
    let message = hex_bytes("--message", &args.message)?;
    let holds = keys::verify(&[SignatureCheck::new(key, &signature, &message)]).is_ok();
    let shown = json!({ "valid": holds });
    if holds {
        session.output.show(&shown, |_| "The signature is valid.".to_owned());
        return Ok(());
    }
    if session.output.json {
        session.output.show(&shown, |_| String::new());
    }
    Err(Failure::new(
        "the signature is not valid for this key and message",
        "the message is the signed bytes themselves: for a transaction, its 32-byte signing hash",
    )
    .because("bad-signature"))
}
