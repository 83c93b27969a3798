//! Damage at rest: a flipped bit anywhere, files that are empty, cut or gone. A node either does not mind, or says what
//! is wrong and is well after it was started again; what it cannot have again from its own folder it takes from peers.

use std::collections::BTreeMap;
use std::path::Path;

use cairn::primitives::BlockId;
use cairn::storage::StorageError;

use crate::campaign::fast_folder;
use crate::chance::Chance;
use crate::check::{Depth, Problem, STARTS_MAX, check};
use crate::image::Image;
use crate::node::SmallNode;
use crate::story::Story;

/// Bits flipped in each folder, unless `CAIRN_DAMAGE_FLIPS` says otherwise.
const FLIPS: usize = 30;
/// Blocks after which both nodes were stopped and started once: sled makes its snapshots at the start.
const BLOCKS_BEFORE_STOP: usize = 60;
/// Blocks after which the node is killed that is not stopped.
const BLOCKS_BEFORE_KILL: usize = 120;

/// Looks at a folder until nothing changes in between: what is under way ends soon.
const LOOKS_MAX: usize = 10_000;

/// What is done to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Flip(usize),
    Cut(usize),
    Gone,
}

/// A folder before it is damaged.
struct Base {
    name: &'static str,
    image: Image,
    depth: Depth,
    /// The tip that was acknowledged.
    tip: BlockId,
}

/// A folder of a node that was stopped, and of one that was killed. The second has no sums: undo records that are lost
/// show only when they are needed, so that one is not followed through another start.
fn folders(story: &Story) -> [Base; 2] {
    let folder = fast_folder();
    let mut node = SmallNode::open(folder.path(), &story.params).unwrap();
    let mut killed = None;
    for (number, block) in story.order.iter().enumerate() {
        if number == BLOCKS_BEFORE_STOP {
            node.close().unwrap();
            node = SmallNode::open(folder.path(), &story.params).unwrap();
        }
        if number == BLOCKS_BEFORE_KILL {
            killed = Some((image_at_rest(folder.path()), node.tip));
        }
        node.submit(block).unwrap();
    }
    node.records.put("peers", &[7; 9_000]).unwrap();
    let tip = node.tip;
    node.close().unwrap();
    let stopped = Base { name: "stopped", image: Image::read(folder.path()), depth: Depth::ToTheEnd, tip };
    let (image, tip) = killed.expect("the story is longer");
    [stopped, Base { name: "killed", image, depth: Depth::WithoutUndo, tip }]
}

/// What a kill leaves: the folder at one moment, though threads may be writing.
fn image_at_rest(folder: &Path) -> Image {
    for _ in 0..LOOKS_MAX {
        let images = [Image::try_read(folder), Image::try_read(folder)];
        if let [Ok(first), Ok(second)] = images
            && first == second
        {
            return first;
        }
    }
    panic!("nothing is handed to the node, and its folder is never at rest");
}

/// The files of a folder, by path.
fn files(image: &Image, path: &str, found: &mut BTreeMap<String, usize>) {
    match image {
        Image::File(bytes) => {
            found.insert(path.to_owned(), bytes.len());
        }
        Image::Folder(entries) => {
            for (name, entry) in entries {
                files(entry, &format!("{path}/{name}"), found);
            }
        }
    }
}

/// Whether this is the last segment of the journal, gone: nothing else knows that it was there.
fn is_end_of_journal(base: &Base, file: &str, damage: Damage) -> bool {
    let mut lengths = BTreeMap::new();
    files(&base.image, "", &mut lengths);
    let last = lengths.keys().rfind(|file| file.starts_with("/journal/"));
    matches!(damage, Damage::Gone) && last.is_some_and(|last| last == file)
}

fn apply(damage: Damage, folder: &Path, file: &str) {
    let path = folder.join(file.trim_start_matches('/'));
    let mut bytes = std::fs::read(&path).unwrap();
    match damage {
        Damage::Gone => return std::fs::remove_file(path).unwrap(),
        Damage::Flip(bit) => bytes[bit / 8] ^= 1 << (bit % 8),
        Damage::Cut(length) => bytes.truncate(length),
    }
    std::fs::write(path, bytes).unwrap();
}

/// Whether a damaged folder becomes well, and nothing in between was wrong; gives whether the damage was told.
fn becomes_well(story: &Story, base: &Base, file: &str, damage: Damage) -> Result<bool, String> {
    let folder = fast_folder();
    base.image.write(folder.path());
    apply(damage, folder.path(), file);
    let mut told = Vec::new();
    for _ in 0..STARTS_MAX {
        match check(folder.path(), story, None, base.depth) {
            Ok(found) => {
                told.extend(found.repaired);
                return if found.tip != base.tip && told.is_empty() && !is_end_of_journal(base, file, damage) {
                    Err(format!("it goes back to #{} and does not say why", found.tip.height))
                } else {
                    Ok(!told.is_empty())
                };
            }
            Err(Problem::Refused(StorageError::Damaged { path, cause, next_step })) => {
                if !path.starts_with(folder.path()) || next_step.is_empty() {
                    return Err(format!("it says nothing useful: {cause}"));
                }
                told.push(cause);
            }
            Err(problem) => return Err(format!("{problem} (after {told:?})")),
        }
    }
    Err(format!("it is not well after {STARTS_MAX} starts: {told:?}"))
}

/// What became of the folders in which a kind of file was damaged.
#[derive(Debug, Default)]
struct Tally {
    harmless: usize,
    told: usize,
    failures: Vec<String>,
}

/// `sled/snap.000000000E66877B` and its like are one kind of file.
fn kind_of(file: &str) -> String {
    let name = file.trim_start_matches('/');
    if let Some((folder, _)) = name.split_once("snap.") {
        return format!("{folder}snap.*");
    }
    match name.split_once('/') {
        Some((folder @ ("journal" | "bodies"), _)) => format!("{folder}/*"),
        _ => name.to_owned(),
    }
}

fn assert_all_well(story: &Story, base: &Base, damages: &[(String, Damage)]) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let parts = damages.chunks(damages.len().div_ceil(cores).max(1));
        let outcome = |(file, damage): &(String, Damage)| becomes_well(story, base, file, *damage);
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(outcome).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for ((file, damage), outcome) in damages.iter().zip(outcomes) {
        let tally = tallies.entry(kind_of(file)).or_default();
        match outcome {
            Ok(true) => tally.told += 1,
            Ok(false) => tally.harmless += 1,
            Err(problem) => tally.failures.push(format!("{}, {file}, {damage:?}: {problem}", base.name)),
        }
    }
    for (kind, Tally { harmless, told, failures }) in &tallies {
        println!("| {} | {kind} | {harmless} | {told} | {} |", base.name, failures.len());
    }
    let failures: Vec<String> = tallies.into_values().flat_map(|tally| tally.failures).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn a_flipped_bit_anywhere_is_harmless_or_told_and_repaired() {
    let flips = std::env::var("CAIRN_DAMAGE_FLIPS").map_or(FLIPS, |text| text.parse().unwrap());
    let story = Story::new();
    let mut chance = Chance::new(8);
    for base in folders(&story) {
        let mut lengths = BTreeMap::new();
        files(&base.image, "", &mut lengths);
        lengths.retain(|_, length| *length > 0);
        // Half of them in any file, so that small ones are hit too; half by length.
        let total: usize = lengths.values().sum();
        let damages: Vec<_> = (0..flips)
            .map(|number| {
                let mut at = chance.below(total);
                let mut by_length = lengths.iter().find(|(_, length)| {
                    let is_here = at < **length;
                    at = at.wrapping_sub(**length);
                    is_here
                });
                if number % 2 == 0 {
                    by_length = lengths.iter().nth(number / 2 % lengths.len());
                }
                let (file, length) = by_length.expect("it lies in one of them");
                (file.clone(), Damage::Flip(chance.below(length * 8)))
            })
            .collect();
        assert_all_well(&story, &base, &damages);
    }
}

#[test]
fn a_file_that_is_empty_or_cut_or_gone_is_harmless_or_told_and_repaired() {
    let story = Story::new();
    for base in folders(&story) {
        let mut lengths = BTreeMap::new();
        files(&base.image, "", &mut lengths);
        let damages: Vec<_> = lengths
            .iter()
            .flat_map(|(file, length)| {
                let cuts = [0, length / 2, length.saturating_sub(1)].map(Damage::Cut);
                cuts.into_iter().chain([Damage::Gone]).map(move |damage| (file.clone(), damage))
            })
            .collect();
        assert_all_well(&story, &base, &damages);
    }
}
