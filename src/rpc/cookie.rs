//! The two files by which programs on this machine find the server and prove that they may rule it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::runtime::clock;

/// Holds the name and password of administrators, new at each start, in the data folder.
const COOKIE_FILE: &str = ".cookie";

/// Holds the address of the server, in the data folder.
const URL_FILE: &str = "rpc.url";

/// The name under which the cookie is sent, as in Bitcoin.
const COOKIE_USER: &str = "__cookie__";

/// What administrators send as Basic authentication: `__cookie__:` and 64 random hexadecimal digits.
#[derive(Clone)]
pub struct Cookie(String);

impl Cookie {
    pub(super) fn random() -> Self {
        Self(format!("{COOKIE_USER}:{}", hex::encode(clock::random_bytes::<32>())))
    }

    /// The cookie of the node that runs in a data folder.
    pub fn read(data_dir: &Path) -> io::Result<Self> {
        Ok(Self(fs::read_to_string(data_dir.join(COOKIE_FILE))?.trim().to_owned()))
    }

    /// The value of the header `Authorization`.
    pub fn authorization(&self) -> String {
        format!("Basic {}", STANDARD.encode(&self.0))
    }

    /// Whether a header `Authorization` carries this cookie; takes the same time for every wrong one.
    pub(super) fn is_sent_by(&self, authorization: &str) -> bool {
        blake3::hash(authorization.as_bytes()) == blake3::hash(self.authorization().as_bytes())
    }
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookie(hidden)")
    }
}

/// The address of the server of the node that runs in a data folder.
pub(super) fn read_url(data_dir: &Path) -> io::Result<String> {
    Ok(fs::read_to_string(data_dir.join(URL_FILE))?.trim().to_owned())
}

/// The two files while the server runs; removed when dropped.
#[derive(Debug)]
pub(super) struct ServerFiles {
    data_dir: PathBuf,
}

impl ServerFiles {
    /// Writes both; on Unix only the owner may read them.
    pub(super) fn write(data_dir: &Path, cookie: &Cookie, url: &str) -> io::Result<Self> {
        write_atomically(data_dir, COOKIE_FILE, &cookie.0)?;
        let files = Self { data_dir: data_dir.to_owned() };
        write_atomically(data_dir, URL_FILE, &format!("{url}\n"))?;
        Ok(files)
    }
}

impl Drop for ServerFiles {
    fn drop(&mut self) {
        for name in [COOKIE_FILE, URL_FILE] {
            // One that is gone already is as good as removed, and nobody is left to be told of another failure.
            let _ = fs::remove_file(self.data_dir.join(name));
        }
    }
}

/// Readers see the whole file or none; the temporary file is readable by its owner alone from the first byte.
fn write_atomically(folder: &Path, name: &str, content: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.persist(folder.join(name))?;
    Ok(())
}
