//! The published vectors `tests/vectors/cairn-*.json` are what this implementation computes, to the byte.
//!
//! Each is computed anew from the inputs that stand here, and compared with its file. Whoever means to change the
//! protocol writes the files again with `CAIRN_BLESS=1 cargo test --test golden_vectors` and reads the difference.
//! `tests/vectors/README.md` tells an outsider what stands in which.

mod addresses;
mod blocks;
mod difficulty;
mod encoding;
mod hashes;
mod json;
mod keys;
mod networks;
mod state;
mod support;
mod transactions;
mod wire;

use std::path::{Path, PathBuf};
use std::{env, fs};

use json::Json;

/// Set to write the files instead of comparing them.
const BLESS: &str = "CAIRN_BLESS";

/// Computes what one file holds.
type Vectors = fn() -> Json;

/// Each file's name behind `cairn-`, and what is in it.
const FILES: &[(&str, Vectors)] = &[
    ("hashes", hashes::vectors),
    ("keys", keys::vectors),
    ("addresses", addresses::vectors),
    ("networks", networks::vectors),
    ("transactions", transactions::vectors),
    ("blocks", blocks::vectors),
    ("state", state::vectors),
    ("difficulty", difficulty::vectors),
    ("wire", wire::vectors),
    ("refused", encoding::vectors),
];

#[test]
fn the_published_vectors_are_what_this_implementation_computes() {
    let differences: Vec<String> =
        FILES.iter().filter_map(|(name, vectors)| difference(&path_of(name), &vectors().file())).collect();
    assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
}

#[test]
fn no_published_file_goes_unchecked() {
    if is_blessing() {
        return;
    }
    let mut known: Vec<PathBuf> = FILES.iter().map(|(name, _)| path_of(name)).collect();
    let listed = fs::read_dir(folder()).expect("the folder of vectors is in the repository");
    let mut present: Vec<PathBuf> =
        listed.map(|entry| entry.expect("the folder is readable").path()).collect();
    present.retain(|path| {
        let name = path.file_name().expect("an entry of a folder has a name").to_string_lossy();
        name.starts_with("cairn-") && name.ends_with(".json")
    });
    known.sort();
    present.sort();
    assert_eq!(present, known);
}

/// Where the file first differs from what was computed. When blessing, writes the file instead.
fn difference(path: &Path, computed: &str) -> Option<String> {
    if is_blessing() {
        fs::write(path, computed).expect("the folder of vectors can be written");
        return None;
    }
    let published = fs::read_to_string(path).unwrap_or_default();
    if published == computed {
        return None;
    }
    let same = published.lines().zip(computed.lines()).take_while(|(one, other)| one == other).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(the end)").to_owned();
    Some(format!(
        "{}:{}:\n  published {}\n  computed  {}",
        path.display(),
        same + 1,
        line(&published),
        line(computed)
    ))
}

fn is_blessing() -> bool {
    env::var_os(BLESS).is_some()
}

fn path_of(name: &str) -> PathBuf {
    folder().join(format!("cairn-{name}.json"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}
