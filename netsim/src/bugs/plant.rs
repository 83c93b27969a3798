//! A copy of the source with every bug in it, of which an environment variable makes one active.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Bug, BugError, read};

/// Where the copy is made and built, below the root of the source.
const COPY: &str = "target/planted";
/// What a copy is made of.
const PARTS: &[&str] = &["Cargo.toml", "Cargo.lock", "src", "benches", "netsim"];
/// The file that gets the switch.
const CRATE_ROOT: &str = "src/lib.rs";
/// Names the active bug to the copy's program.
pub(super) const ACTIVE: &str = "NETSIM_BUG";

/// What every place asks. What is planted need not be tidy.
const SWITCH: &str = r#"
mod planted {
    static ACTIVE: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("NETSIM_BUG").ok());

    pub(crate) fn is(name: &str) -> bool {
        ACTIVE.as_deref() == Some(name)
    }
}
"#;

/// Makes the copy, builds it, and answers where its program is.
pub fn plant(root: &Path, bugs: &[Bug]) -> Result<PathBuf, BugError> {
    let copy = root.join(COPY);
    let mut mutated = mutate(root, bugs)?;
    let crate_root = format!("#![allow(warnings)]\n{}{SWITCH}", read(&root.join(CRATE_ROOT))?);
    mutated.insert(CRATE_ROOT.into(), crate_root);
    fs::create_dir_all(&copy).map_err(|cause| BugError::File { path: copy.clone(), cause })?;
    for part in PARTS {
        copy_over(root, &copy, Path::new(part), &mutated)?;
    }
    build(&copy)?;
    Ok(copy.join("target/release").join(format!("netsim{}", std::env::consts::EXE_SUFFIX)))
}

/// The text of every file that holds a bug, by its path below the root: each place asks whether its bug is active.
fn mutate(root: &Path, bugs: &[Bug]) -> Result<BTreeMap<PathBuf, String>, BugError> {
    let mut by_file: BTreeMap<&Path, Vec<&Bug>> = BTreeMap::new();
    for bug in bugs {
        by_file.entry(&bug.file).or_default().push(bug);
    }
    let mutated = by_file.into_iter().map(|(file, bugs)| {
        let text = read(&root.join(file))?;
        Ok((file.to_owned(), with_switches(&text, &bugs)?))
    });
    mutated.collect()
}

/// A text with a switch at the place of each bug.
fn with_switches(text: &str, bugs: &[&Bug]) -> Result<String, BugError> {
    let mut places = bugs.iter().map(|bug| Ok((bug.place(text)?, *bug))).collect::<Result<Vec<_>, _>>()?;
    places.sort_by_key(|(place, _)| place.start);
    for pair in places.windows(2) {
        if pair[0].0.end > pair[1].0.start {
            return Err(BugError::Overlap(pair[0].1.name.clone(), pair[1].1.name.clone()));
        }
    }
    let mut changed = String::with_capacity(text.len() * 2);
    let mut end = 0;
    for (place, bug) in places {
        changed.push_str(&text[end..place.start]);
        changed.push_str(&bug.switch());
        end = place.end;
    }
    changed.push_str(&text[end..]);
    Ok(changed)
}

impl Bug {
    /// The original and the mutant under a condition: around statements, or in brackets as an expression.
    fn switch(&self) -> String {
        let Self { name, original, mutant, .. } = self;
        let switch = format!("if crate::planted::is(\"{name}\") {{ {mutant} }} else {{ {original} }}");
        if original.trim_end().ends_with([';', '}']) { switch } else { format!("({switch})") }
    }
}

/// Copies a file or a folder; what has not changed is left alone, so that a second build is quick.
fn copy_over(
    root: &Path,
    copy: &Path,
    part: &Path,
    mutated: &BTreeMap<PathBuf, String>,
) -> Result<(), BugError> {
    let (from, to) = (root.join(part), copy.join(part));
    let failed = |cause| BugError::File { path: to.clone(), cause };
    if from.is_dir() {
        fs::create_dir_all(&to).map_err(failed)?;
        for entry in fs::read_dir(&from).map_err(failed)? {
            copy_over(root, copy, &part.join(entry.map_err(failed)?.file_name()), mutated)?;
        }
        return clear_away(&from, &to).map_err(failed);
    }
    let bytes = match mutated.get(part) {
        Some(text) => text.clone().into_bytes(),
        None => fs::read(&from).map_err(failed)?,
    };
    if fs::read(&to).is_ok_and(|before| before == bytes) {
        Ok(())
    } else {
        fs::write(&to, bytes).map_err(failed)
    }
}

/// Removes from a folder of the copy what the source does not have any more.
fn clear_away(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(to)? {
        let (name, path) = entry.map(|entry| (entry.file_name(), entry.path()))?;
        if from.join(name).exists() {
            continue;
        }
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    Ok(())
}

fn build(copy: &Path) -> Result<(), BugError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.args([
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--package",
        "netsim",
        "--target-dir",
        "target",
    ]);
    command.current_dir(copy);
    let output = command.output().map_err(|cause| BugError::File { path: cargo.into(), cause })?;
    if output.status.success() {
        return Ok(());
    }
    Err(BugError::Build(String::from_utf8_lossy(&output.stderr).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bug(name: &str, original: &str, mutant: &str) -> Bug {
        let text =
            format!("name = '{name}'\nwhat = ''\nfile = ''\noriginal = '{original}'\nmutant = '{mutant}'");
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn every_place_asks_whether_its_bug_is_active() {
        let (first, second) = (bug("one", "a < b", "a <= b"), bug("two", "go();", ""));
        let changed = with_switches("x(a < b); go();", &[&second, &first]).unwrap();
        let one = "(if crate::planted::is(\"one\") { a <= b } else { a < b })";
        let two = "if crate::planted::is(\"two\") {  } else { go(); }";
        assert_eq!(changed, format!("x({one}); {two}"));
    }

    #[test]
    fn what_the_source_lost_is_cleared_away() {
        let root = std::env::temp_dir().join(format!("netsim-plant-{}", std::process::id()));
        let copy = root.join("copy");
        fs::create_dir_all(root.join("src/kept")).unwrap();
        for file in ["src/kept/a.rs", "src/b.rs"] {
            fs::write(root.join(file), file).unwrap();
        }
        copy_over(&root, &copy, Path::new("src"), &BTreeMap::new()).unwrap();
        fs::write(copy.join("src/kept.rs"), "moved since").unwrap();
        fs::create_dir(copy.join("src/gone")).unwrap();
        copy_over(&root, &copy, Path::new("src"), &BTreeMap::new()).unwrap();
        let left = |path: &str| copy.join(path).exists();
        assert_eq!(
            ["src/kept/a.rs", "src/b.rs", "src/kept.rs", "src/gone"].map(left),
            [true, true, false, false]
        );
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_text_that_is_not_there_once_and_places_that_overlap_are_refused() {
        let (a, b) = (bug("a", "aa", "b"), bug("b", "a b", "c"));
        assert!(matches!(with_switches("aa aa", &[&a]), Err(BugError::Moved { count: 2, .. })));
        assert!(matches!(with_switches("", &[&a]), Err(BugError::Moved { count: 0, .. })));
        assert!(matches!(with_switches("aa b", &[&b, &a]), Err(BugError::Overlap(..))));
    }
}
