//! Planted bugs: realistic mistakes in the node, each of which the random networks of [`crate::swarm`] must find.
//!
//! `netsim/bugs/*.toml` lists them, each a place in the source and what stands there instead. `plant` makes a copy of
//! the source in which every place asks which bug is active, and builds that copy once; `hunt` runs it bug by bug.
//! The product's own source knows nothing of it.

mod hunt;
mod plant;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use hunt::{Catch, Hunt};
pub use plant::plant;

/// Where the lists are, below the root of the source.
const LISTS: &str = "netsim/bugs";

/// A mistake, and where it is made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bug {
    /// A word or some, with hyphens.
    pub name: String,
    /// What is wrong, in a line.
    pub what: String,
    /// The file, below the root of the source.
    pub file: PathBuf,
    /// Text that stands in the file exactly once and holds the original exactly once; the original itself when absent.
    #[serde(rename = "in")]
    within: Option<String>,
    /// An expression, or whole statements.
    original: String,
    /// What takes its place.
    mutant: String,
}

/// Why bugs cannot be planted or hunted.
#[derive(Debug, thiserror::Error)]
pub enum BugError {
    /// Neither this folder nor one above it holds the lists.
    #[error("there is no {LISTS} here or above: run this within the source tree")]
    NoSource,
    /// There is no bug of this name.
    #[error("there is no bug named {0}")]
    Unknown(String),
    /// A list is not what it should be.
    #[error("{path}: {cause}")]
    List {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<toml::de::Error>,
    },
    /// The source has changed.
    #[error("bug {name}: its text stands {count} times in {file}, not once: change the list")]
    Moved {
        /// Which bug.
        name: String,
        /// In which file.
        file: PathBuf,
        /// How often.
        count: usize,
    },
    /// Two bugs cannot be in one place.
    #[error("bugs {0} and {1} overlap")]
    Overlap(String, String),
    /// A file cannot be read or written, or a program not be run.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The copy does not build.
    #[error("the copy with the bugs does not build: {0}")]
    Build(String),
    /// Something is found where no bug is.
    #[error("the copy fails although no bug is active: {0}")]
    NotClean(String),
}

/// The root of the source: the nearest folder from here upwards that holds the lists.
pub fn source_root() -> Result<PathBuf, BugError> {
    let here = std::env::current_dir().map_err(|_| BugError::NoSource)?;
    let root = here.ancestors().find(|folder| folder.join(LISTS).is_dir());
    root.map(Path::to_owned).ok_or(BugError::NoSource)
}

/// All bugs of the lists, in the order of the lists' names.
pub fn all_bugs(root: &Path) -> Result<Vec<Bug>, BugError> {
    #[derive(Deserialize)]
    struct List {
        bug: Vec<Bug>,
    }
    let folder = root.join(LISTS);
    let unreadable = |cause| BugError::File { path: folder.clone(), cause };
    let entries = fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<_> = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut bugs = Vec::new();
    for path in paths {
        let text = read(&path)?;
        let list: List =
            toml::from_str(&text).map_err(|cause| BugError::List { path, cause: Box::new(cause) })?;
        bugs.extend(list.bug);
    }
    Ok(bugs)
}

impl Bug {
    /// Where in the text of its file it is planted: the bytes of the original.
    pub fn place(&self, text: &str) -> Result<std::ops::Range<usize>, BugError> {
        let within = self.within.as_ref().unwrap_or(&self.original);
        let start = self.only(text, within)? + self.only(within, &self.original)?;
        Ok(start..start + self.original.len())
    }

    fn only(&self, text: &str, part: &str) -> Result<usize, BugError> {
        let places: Vec<_> = text.match_indices(part).map(|(place, _)| place).collect();
        let moved =
            || BugError::Moved { name: self.name.clone(), file: self.file.clone(), count: places.len() };
        if let [place] = places[..] { Ok(place) } else { Err(moved()) }
    }
}

fn read(path: &Path) -> Result<String, BugError> {
    fs::read_to_string(path).map_err(|cause| BugError::File { path: path.to_owned(), cause })
}
