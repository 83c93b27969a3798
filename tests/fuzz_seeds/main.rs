//! The seeds of the fuzz targets: made here from values that are valid, committed, and run through every target.

#[cfg(feature = "wallet")]
mod edge;
mod lives;
mod made;
/// What each target does with its bytes.
#[path = "../../fuzz/src/lib.rs"]
pub mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use targets::TARGETS;

/// Bytes of all seeds of one target at most: a corpus grows by running, and is not committed.
const SEED_BYTES_MAX: u64 = 24 << 10;

/// Set to write the seeds instead of comparing them.
const WRITE: &str = "CAIRN_WRITE_SEEDS";

#[test]
fn every_committed_seed_passes_its_target() {
    for (name, target) in TARGETS {
        let seeds: Vec<_> = fs::read_dir(folder("seeds").join(name)).expect(name).flatten().collect();
        assert!(!seeds.is_empty(), "{name} has no seed");
        let mut bytes = 0;
        for seed in seeds {
            let data = fs::read(seed.path()).expect("a seed is readable");
            bytes += data.len() as u64;
            let outcome = std::panic::catch_unwind(|| target(&data));
            assert!(outcome.is_ok(), "{name} breaks on {}", seed.path().display());
        }
        assert!(bytes <= SEED_BYTES_MAX, "{name} has {bytes} bytes of seeds");
    }
}

#[test]
fn the_committed_seeds_are_those_made_of_valid_values() {
    for (target, seeds) in made::seeds() {
        let folder = folder("seeds").join(target);
        for (name, bytes) in seeds {
            let path = folder.join(name);
            if std::env::var_os(WRITE).is_some() {
                fs::create_dir_all(&folder).expect("a folder can be made");
                fs::write(&path, &bytes).expect("a seed can be written");
            }
            let committed = fs::read(&path).unwrap_or_default();
            assert!(committed == bytes, "{} is out of date: run again with {WRITE}=1", path.display());
        }
    }
}

#[test]
fn every_target_is_built_and_has_its_file() {
    let manifest = fs::read_to_string(folder("Cargo.toml")).expect("the manifest is there");
    let names = |names: &mut dyn Iterator<Item = String>| names.collect::<BTreeSet<_>>();
    let listed = names(&mut TARGETS.iter().map(|(name, _)| (*name).to_owned()));
    let files = fs::read_dir(folder("fuzz_targets")).expect("the targets are there").flatten();
    let files = files.map(|file| file.file_name().to_string_lossy().trim_end_matches(".rs").to_owned());
    let built = manifest.split("[[bin]]\nname = \"").skip(1).filter_map(|bin| bin.split('"').next());
    let built = names(&mut built.map(str::to_owned));
    assert_eq!(names(&mut files.into_iter()), built);
    assert!(listed.is_subset(&built) && (cfg!(not(feature = "wallet")) || listed == built), "{listed:?}");
}

fn folder(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fuzz", name].iter().collect()
}
