//! `tools hash`: the digest of a file, as an anchor carries it and `sha256sum` shows it.

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::cli::failure::Outcome;
use crate::cli::files;
use crate::cli::session::Session;

/// Read in one go.
const BUFFER_BYTES: usize = 1 << 16;

/// A file and its digest.
#[derive(Debug, Serialize)]
struct Hashed {
    file: String,
    sha256: String,
    bytes: u64,
}

pub(super) fn digest(session: &Session, file: &Path) -> Outcome {
    let mut input = files::open(file)?.bytes;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut bytes = 0;
    loop {
        match input.read(&mut buffer).map_err(|error| files::unreadable(file, &error))? {
            0 => break,
            read => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
    let sha256 = hex::encode(hasher.finalize());
    let shown = Hashed { file: file.display().to_string(), sha256, bytes };
    session.output.show(&shown, |_| format!("{}  {}", shown.sha256, shown.file));
    Ok(())
}
