//! What a disk may hold after a crash.
//!
//! - **Killed**: everything that was done, and nothing else: the system has it, whatever becomes of the process.
//! - **Power lost**: of a file, what it was at its last `fsync` or `fdatasync`, and any part of what was written since,
//!   down to sectors of 512 bytes; of a folder, the names it had at its last `fsync`, and any part of the changes since.
//!   Files and folders are independent: syncing a file does not make its name last. `sync_file_range` promises nothing.
//! - **Growth lost**: everything, but files that grew since their last sync have the length of an earlier moment.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::chance::Chance;
use crate::disk::{Change, Disk, File, Folder, Id, NameChange, Names, Node, write_at};

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// How a crash comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Model {
    Killed,
    PowerLost,
    GrowthLost,
}

impl Model {
    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Killed => "process killed",
            Self::PowerLost => "power lost",
            Self::GrowthLost => "file growth lost",
        }
    }
}

/// A tree of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Image {
    File(Vec<u8>),
    Folder(BTreeMap<String, Image>),
}

impl Image {
    /// What a crash leaves.
    pub(crate) fn of(disk: &Disk, model: Model, chance: &mut Chance) -> Self {
        image_of(disk, Disk::ROOT, model, chance)
    }

    /// What lies in a folder.
    pub(crate) fn read(path: &Path) -> Self {
        Self::try_read(path).unwrap()
    }

    /// The same, where files may go meanwhile.
    pub(crate) fn try_read(path: &Path) -> io::Result<Self> {
        if path.is_file() {
            return fs::read(path).map(Self::File);
        }
        let image_of = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name().into_string().unwrap(), Self::try_read(&entry.path())?))
        };
        fs::read_dir(path)?.map(image_of).collect::<io::Result<_>>().map(Self::Folder)
    }

    /// Makes files of it.
    pub(crate) fn write(&self, path: &Path) {
        match self {
            Self::File(bytes) => fs::write(path, bytes).unwrap(),
            Self::Folder(entries) => {
                fs::create_dir_all(path).unwrap();
                for (name, image) in entries {
                    image.write(&path.join(name));
                }
            }
        }
    }
}

fn image_of(disk: &Disk, id: Id, model: Model, chance: &mut Chance) -> Image {
    match &disk.nodes[id] {
        Node::File(file) => Image::File(match model {
            Model::Killed => file.now.clone(),
            Model::PowerLost => after_power_loss(file, chance),
            Model::GrowthLost => without_growth(file, chance),
        }),
        Node::Folder(folder) => {
            let names = match model {
                Model::Killed | Model::GrowthLost => folder.now.clone(),
                Model::PowerLost => names_after_power_loss(folder, chance),
            };
            Image::Folder(
                names.into_iter().map(|(name, id)| (name, image_of(disk, id, model, chance))).collect(),
            )
        }
    }
}

/// How much of what was not synced is on the disk.
#[derive(Debug, Clone, Copy)]
enum Survives {
    Nothing,
    Everything,
    /// The oldest changes, and the sectors that the next had come to.
    Prefix,
    /// Any of the changes; the last of them to any sector.
    Some,
    /// Any sectors of all of them.
    Sectors,
}

impl Survives {
    fn any(chance: &mut Chance) -> Self {
        [Self::Nothing, Self::Everything, Self::Prefix, Self::Some, Self::Sectors][chance.below(5)]
    }
}

fn after_power_loss(file: &File, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = file.durable.clone();
    if file.pending.is_empty() {
        return bytes;
    }
    let survives = Survives::any(chance);
    let reached = chance.below(file.pending.len());
    for (index, change) in file.pending.iter().enumerate() {
        let is_there = match survives {
            Survives::Nothing => false,
            Survives::Everything | Survives::Sectors => true,
            Survives::Prefix => index <= reached,
            Survives::Some => chance.coin(),
        };
        let is_last = match survives {
            Survives::Prefix => index == reached,
            Survives::Some => index + 1 == file.pending.len(),
            Survives::Nothing | Survives::Everything | Survives::Sectors => false,
        };
        match change {
            _ if !is_there => {}
            Change::Write { offset, data } if is_last => {
                write_at(&mut bytes, *offset, &data[..torn_length(*offset, data.len(), chance)]);
            }
            Change::Write { offset, data } if matches!(survives, Survives::Sectors) => {
                write_some_sectors(&mut bytes, *offset, data, chance);
            }
            Change::Write { .. } | Change::Resize(_) => change.apply(&mut bytes),
        }
    }
    bytes
}

/// Bytes of a write up to the end of one of its sectors.
fn torn_length(offset: usize, length: usize, chance: &mut Chance) -> usize {
    let sectors = (offset % SECTOR_BYTES + length).div_ceil(SECTOR_BYTES);
    (chance.below(sectors + 1) * SECTOR_BYTES).saturating_sub(offset % SECTOR_BYTES).min(length)
}

fn write_some_sectors(bytes: &mut Vec<u8>, offset: usize, data: &[u8], chance: &mut Chance) {
    let mut start = 0;
    while start < data.len() {
        let end = (start + SECTOR_BYTES - (offset + start) % SECTOR_BYTES).min(data.len());
        if chance.coin() {
            write_at(bytes, offset + start, &data[start..end]);
        }
        start = end;
    }
}

fn without_growth(file: &File, chance: &mut Chance) -> Vec<u8> {
    let mut lengths = vec![file.durable.len()];
    let mut bytes = file.durable.clone();
    for change in &file.pending {
        change.apply(&mut bytes);
        lengths.push(bytes.len());
    }
    let length = lengths[chance.below(lengths.len())].min(bytes.len());
    bytes.truncate(length);
    bytes
}

fn names_after_power_loss(folder: &Folder, chance: &mut Chance) -> Names {
    let mut names = folder.durable.clone();
    let survives = Survives::any(chance);
    let reached = chance.below(folder.pending.len() + 1);
    for (index, change) in folder.pending.iter().enumerate() {
        let is_there = match survives {
            Survives::Nothing => false,
            Survives::Everything => true,
            Survives::Prefix => index < reached,
            Survives::Some | Survives::Sectors => chance.coin(),
        };
        if is_there {
            NameChange::apply(change, &mut names);
        }
    }
    names
}
